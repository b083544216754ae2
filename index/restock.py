"""The same products in another model's space: a shelf filled beside the one that serves.

Promises: the old shelf is only read, so whoever serves it is not disturbed; run again, only what
changed since is looked at, so that going back to an earlier space takes seconds. After `hand_over`
no acknowledged change is in the old shelf alone.
"""

import sqlite3
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np

from index import changes
from index.blend import words_of
from index.catalogue import sequence_of
from index.entry import Entry, SeenPicture
from index.errors import UnknownProduct
from index.examine import digest_of, read_picture, see
from index.product import Picture, Product
from index.rules import copy_rules
from index.shelf import Shelf
from index.traits import copy_traits
from vision.decode import Limits
from vision.encoder import Encoder
from vision.errors import NotAPicture, PictureTooLarge

AT_ONCE = 16  # products that are embedded and written together


@dataclass(slots=True)
class Restocked:
    """How many products were embedded anew, stood already, and were removed; `lost`: SKUs whose
    pictures can no longer be read, with the reason: they are not in the new space."""

    embedded: int = 0
    unchanged: int = 0
    removed: int = 0
    lost: dict[str, str] = field(default_factory=dict)
    sequence: int = 0
    """The last change of the old shelf that was seen."""
    looked_at: set[str] = field(default_factory=set)
    """SKUs that were looked at, which were all that had changed; `here` are all there were."""
    here: set[str] = field(default_factory=set)

    def add(self, later: "Restocked") -> None:
        """Count what a later run did, too; `unchanged` is of the first.

        What was lost because it was being changed is found by the later run, or is gone.
        """
        self.embedded += later.embedded
        self.removed += later.removed
        still = (self.lost.keys() & later.here) - later.looked_at
        self.lost = {sku: self.lost[sku] for sku in still} | later.lost
        self.sequence = later.sequence
        self.looked_at |= later.looked_at
        self.here = later.here


def restock(
    old: Shelf,
    new: Shelf,
    encoder: Encoder,
    limits: Limits,
    on_progress: Callable[[int, int], None] = lambda done, total: None,
    since: int = 0,
) -> Restocked:
    """Make `new` (of the encoder's space) hold what `old` holds; both stay open.

    `since`: the `sequence` of an earlier run, to look at nothing else than what changed after it.
    Raises EncoderBusy, EncoderBroken, ShopBusy; what was written by then stays and counts.
    """
    done = Restocked()
    new.database.come_back()  # it may have been left once
    weight = new.spec.title_weight if old.title_weight else 0.0
    if new.title_weight != weight:
        with new.database.writing() as connection:
            changes.set_title_weight(connection, weight)
    with old.database.reading() as theirs, new.database.writing() as connection:
        copy_rules(theirs, connection)
        copy_traits(theirs, connection)
    with old.database.reading() as connection:
        done.sequence = sequence_of(connection)
        skus, done.here = _skus(connection, since), {sku for sku, _ in _skus(connection, 0)}
    done.looked_at = {sku for sku, _ in skus}
    for start in range(0, len(skus), AT_ONCE):
        part = skus[start : start + AT_ONCE]
        new.write(list(_entries(old, new, encoder, limits, part, done)))
        on_progress(min(start + AT_ONCE, len(skus)), len(skus))
    with new.database.reading() as connection:
        there = {sku for sku, _ in _skus(connection, 0)}
    gone = sorted(there - done.here | set(done.lost))
    known = [sku for sku in gone if sku in there]
    new.write([], remove=known)
    done.removed = len(known)
    new.save_cache()
    return done


def hand_over(old: Shelf, new: Shelf, encoder: Encoder, limits: Limits, *, since: int) -> Restocked:
    """The last `restock`, while nobody writes to `old`; from then on nobody does (ShopMoved).

    So every change that was ever acknowledged is in `new`. The caller points to `new` at once:
    until then changes are refused, and nothing is lost if it fails to.
    """
    with old.database.leaving():
        return restock(old, new, encoder, limits, since=since)


def _entries(
    old: Shelf,
    new: Shelf,
    encoder: Encoder,
    limits: Limits,
    part: Sequence[tuple[str, bool]],
    done: Restocked,
) -> Iterator[Entry]:
    for sku, from_source in part:
        try:
            product, stored, _ = old.product_with_pictures(sku)  # of one moment
        except UnknownProduct:  # deleted since the list was made
            continue
        pictures = [replace(p, path=str(old.folder / p.path)) for p in stored]
        if _stands(new, product, pictures):
            done.unchanged += 1
            continue
        try:
            seen = _see(new, encoder, limits, pictures)
        except (NotAPicture, PictureTooLarge) as gone:
            done.lost[sku] = str(gone)
            continue
        text = words_of(product, new.title_weight)
        words = encoder.words([text])[0] if text else None
        done.embedded += 1
        yield Entry(product, seen, text, words, from_source)


def _see(
    new: Shelf, encoder: Encoder, limits: Limits, pictures: Sequence[Picture]
) -> tuple[SeenPicture, ...]:
    files = [read_picture(Path(p.path), limits, time.time_ns()) for p in pictures]
    pixels = [see(file.data, encoder.spec, limits) for file in files]
    vectors = encoder.pictures(np.stack(pixels))
    return tuple(
        SeenPicture(replace(p, pixel_digest=digest_of(square)), vector, file.stamp)
        for p, square, vector, file in zip(pictures, pixels, vectors, files, strict=True)
    )


def _stands(new: Shelf, product: Product, pictures: Sequence[Picture]) -> bool:
    if new.find(product.sku) != product:
        return False
    return [p.sha256 for p in new.pictures(product.sku)] == [p.sha256 for p in pictures]


def _skus(connection: sqlite3.Connection, since: int) -> list[tuple[str, bool]]:
    rows = connection.execute(
        "SELECT sku, from_source FROM products WHERE sequence > ? OR ? = 0 ORDER BY id",
        (since, since),
    )
    return [(str(sku), bool(from_source)) for sku, from_source in rows]
