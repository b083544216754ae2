"""The same products in another model's space: a shelf filled beside the one that serves.

Promise: the old shelf is only read, so whoever serves it is not disturbed; run again, only what
changed since is looked at, so that going back to an earlier space takes seconds.
"""

import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np

from index import changes
from index.blend import words_of
from index.entry import Entry, SeenPicture
from index.examine import digest_of, read_picture, see
from index.product import Picture, Product
from index.rules import copy_rules
from index.shelf import Shelf
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


def restock(
    old: Shelf,
    new: Shelf,
    encoder: Encoder,
    limits: Limits,
    on_progress: Callable[[int, int], None] = lambda done, total: None,
) -> Restocked:
    """Make `new` (of the encoder's space) hold what `old` holds; both stay open.

    Raises EncoderBusy, EncoderBroken, ShopBusy; what was written by then stays and counts.
    """
    done = Restocked()
    weight = new.spec.title_weight if old.title_weight else 0.0
    if new.title_weight != weight:
        with new.database.writing() as connection:
            changes.set_title_weight(connection, weight)
    with old.database.reading() as theirs, new.database.writing() as connection:
        copy_rules(theirs, connection)
    skus = _skus(old)
    for start in range(0, len(skus), AT_ONCE):
        part = skus[start : start + AT_ONCE]
        new.write(list(_entries(old, new, encoder, limits, part, done)))
        on_progress(min(start + AT_ONCE, len(skus)), len(skus))
    gone = sorted({sku for sku, _ in _skus(new)} - {sku for sku, _ in skus} | set(done.lost))
    there = [sku for sku in gone if new.find(sku) is not None]
    new.write([], remove=there)
    done.removed = len(there)
    new.save_cache()
    return done


def _entries(
    old: Shelf,
    new: Shelf,
    encoder: Encoder,
    limits: Limits,
    part: Sequence[tuple[str, bool]],
    done: Restocked,
) -> Iterator[Entry]:
    for sku, from_source in part:
        product, pictures = old.get(sku), old.pictures(sku)
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


def _skus(shelf: Shelf) -> list[tuple[str, bool]]:
    with shelf.database.reading() as connection:
        rows = connection.execute("SELECT sku, from_source FROM products ORDER BY id")
        return [(str(sku), bool(from_source)) for sku, from_source in rows]
