"""What is wrong with a shop's pictures: the same twice, blank, tiny, broken or gone, links dead.

Two pictures are the same when their hashes differ in at most 6 of 64 bits and their thumbnails by
at most 1.5 of 255 on the mean and 10 in any cell of any colour. Measured on 100 pictures each of
two real catalogues: every copy encoded anew (JPEG quality 30) or scaled to a third is found; a
copy trimmed by 1 % of each side in one case of ten, by 2 % in none. All pairs found among 3,195 and
452 products (4) are the same shot; the nearest that is not differs by 12 in a cell.
"""

import sqlite3
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, get_args

import faiss
import numpy as np

from index.database import Database
from index.examine import read_picture
from index.links import Links
from index.traits import BROKEN, HASH_BYTES, LIKENESS_BYTES, Traits, traits_of, write_traits
from vision.decode import Limits, decode
from vision.errors import NotAPicture, PictureTooLarge

FlawKind = Literal["duplicate", "broken", "missing", "tiny", "blank", "dead_link"]
KINDS: tuple[FlawKind, ...] = get_args(FlawKind)
SAME_BITS = 6
SAME_MEAN = 1.5
SAME_CELL = 10
TINY_PX = 100  # of the shorter side: the models look at 224 and more
BLANK_CONTRAST = 3.0  # a white product on white has 6 and more
SCAN_SIDE_PX = 64
SCAN_AT_ONCE = 200
NEIGHBOURS_MAX = 2_000  # of one picture: a placeholder that a thousand products share


@dataclass(frozen=True, slots=True)
class Shown:
    """A picture as a product shows it."""

    sku: str
    ordinal: int
    path: str
    sha256: str
    group: str


@dataclass(frozen=True, slots=True)
class Like:
    """Another product's picture that is the same: `bits` of their hashes differ, and `mean` of 255
    their thumbnails."""

    sku: str
    ordinal: int
    bits: int
    mean: float


@dataclass(frozen=True, slots=True)
class Flaw:
    """One thing that is wrong, with the product's picture `ordinal`; `others` show the same."""

    kind: FlawKind
    sku: str
    ordinal: int
    detail: str
    others: tuple[Like, ...] = ()

    @property
    def key(self) -> tuple[int, str, int, str]:
        """Its place in every list."""
        return KINDS.index(self.kind), self.sku, self.ordinal, self.detail


@dataclass(frozen=True, slots=True)
class Flaws:
    """Every flaw in order, how many there are of each kind, and how many pictures nobody has looked
    at yet: `scan` does."""

    all: tuple[Flaw, ...]
    counts: dict[str, int]
    unseen: int


def find_flaws(database: Database, shop: Path) -> Flaws:
    """Everything that is known to be wrong; reads no picture (10,000 products take 0.3 s).

    Raises ShopBroken.
    """
    with database.reading() as connection:
        shown = _shown(connection)
        traits = _traits(connection)
    seen = [(one, traits[one.sha256]) for one in shown if one.sha256 in traits]
    gone = [one for one in shown if not (shop / one.path).is_file()]
    if gone:  # some perhaps only since the list was made, with the products that showed them
        with database.reading() as connection:
            still = set(_shown(connection))
        gone = [one for one in gone if one in still]
    found = [*_missing(gone), *_by_traits(seen), *_duplicates(seen), *_dead_links(shop)]
    found.sort(key=lambda flaw: flaw.key)
    counts = {str(kind): sum(flaw.kind == kind for flaw in found) for kind in KINDS}
    return Flaws(tuple(found), counts, len(shown) - len(seen))


def scan(
    database: Database,
    shop: Path,
    limits: Limits,
    on_progress: Callable[[int, int], None] = lambda done, total: None,
) -> int:
    """Look at pictures that nobody has looked at, and forget those that no product shows; how many
    were looked at. What is committed stays when this is interrupted.

    Raises ShopBusy, ShopBroken.
    """
    with database.reading() as connection:
        known = {sha for (sha,) in connection.execute("SELECT sha256 FROM traits")}
        todo = {one.sha256: one for one in _shown(connection) if one.sha256 not in known}
    wanted = list(todo.values())
    for start in range(0, len(wanted), SCAN_AT_ONCE):
        part = wanted[start : start + SCAN_AT_ONCE]
        found = {one.sha256: seen for one in part if (seen := _look(shop, one, limits)) is not None}
        with database.writing() as connection:
            write_traits(connection, found)
        on_progress(start + len(part), len(wanted))
    with database.writing() as connection:
        connection.execute("DELETE FROM traits WHERE sha256 NOT IN (SELECT sha256 FROM pictures)")
    return len(wanted)


def _look(shop: Path, one: Shown, limits: Limits) -> Traits | None:
    """The picture's traits; None where its file is gone or another by now."""
    path = shop / one.path
    if not path.is_file():
        return None
    try:
        file = read_picture(path, limits, 0)
        if file.sha256 != one.sha256:
            return None
        photo = decode(file.data, box=None, side_px=SCAN_SIDE_PX, limits=limits)
    except (NotAPicture, PictureTooLarge):
        return BROKEN if path.is_file() else None  # or its product went while it was read
    return traits_of(photo.pixels, photo.width_px, photo.height_px)


def _shown(connection: sqlite3.Connection) -> list[Shown]:
    rows = connection.execute(
        "SELECT sku, ordinal, path, sha256, article FROM pictures "
        "JOIN products ON products.id = product_id ORDER BY sku, ordinal"
    )
    return [Shown(*row) for row in rows]


def _traits(connection: sqlite3.Connection) -> dict[str, Traits]:
    rows = connection.execute("SELECT sha256, width_px, height_px, contrast, likeness FROM traits")
    return {sha: Traits(*rest) for sha, *rest in rows}


def _missing(gone: Sequence[Shown]) -> Iterator[Flaw]:
    for one in gone:
        name = Path(one.path).name
        yield Flaw("missing", one.sku, one.ordinal, f"its file {name} is gone")


def _by_traits(seen: Sequence[tuple[Shown, Traits]]) -> Iterator[Flaw]:
    for one, traits in seen:
        if traits.is_broken:
            yield Flaw("broken", one.sku, one.ordinal, "it cannot be decoded any more")
            continue
        if min(traits.width_px, traits.height_px) < TINY_PX:
            size = f"it is {traits.width_px} × {traits.height_px} pixels"
            yield Flaw("tiny", one.sku, one.ordinal, size)
        if traits.contrast < BLANK_CONTRAST:
            detail = f"it shows one even colour (contrast {traits.contrast:.1f} of 127)"
            yield Flaw("blank", one.sku, one.ordinal, detail)


def _dead_links(shop: Path) -> Iterator[Flaw]:
    links, after = Links(shop), ""
    try:
        while page := links.dead(after):
            for note in page:
                stays = "; a copy is shown" if note.copied else ""
                link = note.url.partition("?")[0][:200]
                yield Flaw("dead_link", note.sku, 0, f"{link}: {note.reason}{stays}")
            after = page[-1].url
    finally:
        links.close()


def _duplicates(seen: Sequence[tuple[Shown, Traits]]) -> Iterator[Flaw]:
    """A flaw for each picture that another product shows as well, with all that do.

    Pictures of one product, and of one group (its sizes share them rightly), are none; neither are
    blank ones, which are alike without being the same.
    """
    fit = [
        (one, t)
        for one, t in seen
        if len(t.likeness) == LIKENESS_BYTES and t.contrast >= BLANK_CONTRAST
    ]
    if len(fit) < 2:
        return
    whole = np.frombuffer(b"".join(t.likeness for _, t in fit), np.uint8).reshape(len(fit), -1)
    hashes = np.ascontiguousarray(whole[:, :HASH_BYTES])
    small = whole[:, HASH_BYTES:].astype(np.int16)
    index = faiss.IndexBinaryFlat(8 * HASH_BYTES)
    index.add(hashes)
    for start in range(0, len(fit), 1_000):
        bounds, bits, near = index.range_search(hashes[start : start + 1_000], SAME_BITS + 1)
        for row in range(len(bounds) - 1):
            at = slice(
                int(bounds[row]), min(int(bounds[row + 1]), int(bounds[row]) + NEIGHBOURS_MAX)
            )
            flaw = _same(fit, small, start + row, near[at], bits[at])
            if flaw is not None:
                yield flaw


def _same(
    fit: Sequence[tuple[Shown, Traits]],
    small: np.ndarray[tuple[int, ...], np.dtype[np.int16]],
    at: int,
    near: np.ndarray[tuple[int, ...], np.dtype[np.int64]],
    bits: np.ndarray[tuple[int, ...], np.dtype[np.int32]],
) -> Flaw | None:
    me = fit[at][0]
    others = []
    apart = np.abs(small[near] - small[at])
    for other, differ, cells in zip(near.tolist(), bits.tolist(), apart, strict=True):
        one = fit[other][0]
        if one.sku == me.sku or (me.group and one.group == me.group):
            continue
        if cells.max() <= SAME_CELL and cells.mean() <= SAME_MEAN:
            others.append(Like(one.sku, one.ordinal, int(differ), round(float(cells.mean()), 2)))
    if not others:
        return None
    others.sort(key=lambda like: (like.bits, like.mean, like.sku))
    more = f" and {len(others) - 1} more" if len(others) > 1 else ""
    detail = f"{others[0].sku}{more} shows the same picture"
    return Flaw("duplicate", me.sku, me.ordinal, detail, tuple(others[:50]))
