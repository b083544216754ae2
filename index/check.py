"""Proves a shop's promises on the shop itself, while others search and change it.

What is read of the catalogue is of one moment. Files are looked at after it, so a fault of a file
counts only if its row is still there afterwards. Nothing is changed.
"""

import sqlite3
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from index import catalogue
from index.check_files import CACHE_NOTE, check_cache, check_leftovers, check_pictures
from index.check_rows import check_file, check_products, check_rows, check_vectors
from index.database import DATABASE_NAME, Database
from index.errors import NoShop, ShopBroken
from index.fault import Fault, Found, tally
from index.manifest import Manifest, read_manifest
from index.replica import Replica

AT_ONCE = 1_000  # vectors asked for in one search
SCORE_TOLERANCE = 1e-4
TRIES = 20  # to see vectors and catalogue at one moment while others write
SHOWN_PICTURE = ("picture-missing", "upload-missing", "upload-damaged")

Tell = Callable[[str, int, int], None]
"""Hears what is looked at, how much of it is done, and of how much."""


@dataclass(frozen=True, slots=True)
class Checked:
    """What a check looked at and found, by kind."""

    products: int
    pictures: int
    found: list[Found]


def silent(stage: str, done: int, total: int) -> None:
    """Tell nobody."""


def check_shop(
    folder: Path, *, now_s: float, read_pictures: bool = True, on_stage: Tell = silent
) -> Checked:
    """Look at everything in `folder`; `now_s` is the time of day in seconds since 1970.

    `read_pictures` compares uploaded pictures with their checksums, which reads all their bytes.
    Raises NoShop if there is neither manifest nor catalogue, ShopBusy.
    """
    counts = [0, 0]
    found = tally(_faults(folder.resolve(), now_s, read_pictures, on_stage, counts))
    return Checked(counts[0], counts[1], found)


def _faults(
    folder: Path, now_s: float, read_pictures: bool, tell: Tell, counts: list[int]
) -> Iterator[Fault]:
    manifest, wrong = _manifest(folder)
    yield from wrong
    if not (folder / DATABASE_NAME).is_file():
        yield Fault("catalogue-missing", DATABASE_NAME)
        return
    try:
        database = Database(folder)
    except ShopBroken as broken:
        yield Fault("catalogue-damaged", broken.reason)
        return
    try:
        yield from _catalogue(database, manifest, tell, counts)
        yield from _files(database, folder, now_s, read_pictures, tell, counts[1])
        if manifest is not None:
            yield from _vectors_in_memory(database, folder, manifest, tell)
    except ShopBroken as broken:  # so damaged that it cannot be read to its end
        yield Fault("catalogue-damaged", broken.reason)
    finally:
        database.close()


def _manifest(folder: Path) -> tuple[Manifest | None, list[Fault]]:
    try:
        return read_manifest(folder), []
    except NoShop:
        if not (folder / DATABASE_NAME).is_file():
            raise
        return None, [Fault("manifest-missing", "manifest.json")]
    except ShopBroken as broken:
        return None, [Fault("manifest-broken", broken.reason)]


def _catalogue(
    database: Database, manifest: Manifest | None, tell: Tell, counts: list[int]
) -> Iterator[Fault]:
    with database.reading() as connection:
        counts[0] = _count(connection, "products")
        counts[1] = _count(connection, "pictures")
        identity, space, dimension = catalogue.identity_of(connection)
        if manifest is not None and (identity, space, dimension) != (
            manifest.identity, manifest.space, manifest.dimension,
        ):  # fmt: skip
            yield Fault("wrong-catalogue", f"{manifest.identity} and {identity}")
        tell("file", 0, 0)
        yield from check_file(connection)
        tell("rows", 0, 0)
        yield from check_rows(connection)
        tell("vectors", 0, counts[1])
        yield from check_vectors(connection, dimension)
        tell("terms", 0, counts[0])
        yield from check_products(connection)


def _files(
    database: Database, folder: Path, now_s: float, read: bool, tell: Tell, pictures: int
) -> Iterator[Fault]:
    with database.reading() as connection:
        faults = list(
            check_pictures(
                connection, folder, read=read,
                on_picture=lambda done: tell("pictures", done, pictures),
            )
        )  # fmt: skip
    with database.reading() as connection:  # what was deleted meanwhile is no fault
        yield from (f for f in faults if _is_there(connection, f))
        yield from check_leftovers(connection, folder, now_s)
    yield from check_cache(folder)


def _is_there(connection: sqlite3.Connection, fault: Fault) -> bool:
    query = "SELECT 1 FROM pictures WHERE id = ?"
    return connection.execute(query, (fault.key,)).fetchone() is not None


def _vectors_in_memory(
    database: Database, folder: Path, manifest: Manifest, tell: Tell
) -> Iterator[Fault]:
    """Open the vectors as a server would, cache and all, and compare them with the catalogue."""
    for _ in range(TRIES):
        with database.reading() as connection:
            identity, _, dimension = catalogue.identity_of(connection)
            if (identity, dimension) != (manifest.identity, manifest.dimension):
                return
            try:
                replica = Replica(folder, identity, dimension, connection)
            except sqlite3.DatabaseError as damaged:  # told already: a vector's size
                yield Fault("cache-differs", str(damaged), str(folder / CACHE_NOTE))
                return
            wrong = compare(connection, replica, dimension, tell)
        if wrong is not None:
            for picture_id in wrong:
                yield Fault("cache-differs", f"picture {picture_id}", str(folder / CACHE_NOTE))
            return


def compare(
    connection: sqlite3.Connection, replica: Replica, dimension: int, tell: Tell = silent
) -> list[int] | None:
    """Pictures that `replica` has lost, keeps though they are gone, or holds another vector of.

    None if it went ahead of the connection's moment. Every vector is compared by its cosine with
    a drawn direction: two vectors that agree there to four digits are one in all but one of some
    thousand draws, and a swap concerns two of them.
    """
    sequence = replica.catch_up(connection)
    direction = np.random.default_rng(sequence).standard_normal(dimension).astype(np.float32)
    direction /= np.linalg.norm(direction)
    wrong: list[int] = []
    there = 0
    for ids, _, vectors in catalogue.vectors_since(connection, 0, dimension):
        for start in range(0, len(ids), AT_ONCE):
            part = ids[start : start + AT_ONCE]
            found = replica.search(direction, len(part), part, sequence)
            if found is None:
                return None
            expected = dict(zip(part.tolist(), vectors[start:] @ direction, strict=False))
            there += len(found[0])
            wrong += _differing(expected, found[0].tolist(), found[1].tolist())
        tell("memory", there, len(replica))
    if len(replica) != there:
        wrong.append(0)  # it holds some that the catalogue does not name
    return wrong


def _differing(
    expected: dict[int, float], ids: Sequence[int], scores: Sequence[float]
) -> Iterator[int]:
    found = dict(zip(ids, scores, strict=True))
    for picture_id, score in expected.items():
        if not abs(found.get(picture_id, np.inf) - score) <= SCORE_TOLERANCE:
            yield picture_id


def _count(connection: sqlite3.Connection, table: str) -> int:
    return int(connection.execute(f"SELECT count(*) FROM {table}").fetchone()[0])
