"""Mends what can be mended of what a check found; the rest is told, never guessed at.

Promise: nothing that a merchant gave is removed. What goes is what can be made again (terms,
vectors, cache, thumbnails) and what no product needs; it is done in transactions like any other
change, so a shop may be served meanwhile.
"""

import sqlite3
from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path

from index import catalogue, changes
from index.database import Database
from index.disposal import Disposal
from index.fault import KINDS, Found
from index.second_look import see_again
from index.terms import terms_of
from vision.encoder import Encoder

AT_ONCE = 256  # rows mended in one transaction


def repair_shop(
    folder: Path, found: Sequence[Found], now_s: float, open_encoder: Callable[[], Encoder]
) -> None:
    """Mend every kind of `found` that has a repair; check again to see what is left.

    `now_s` is the time of day in seconds since 1970; the encoder of the shop's space is opened only
    if a picture has to be looked at again. Raises ShopBroken, ShopBusy, OSError and what opening
    the encoder raises.
    """
    wanted = [one for one in found if KINDS[one.code].repair]
    if not wanted:
        return
    database = Database(folder)
    try:
        if any(one.code == "lookup-damaged" for one in wanted):
            with database.writing(alone=True) as connection:
                connection.execute("REINDEX")
        for one in wanted:
            if one.code in ROWS:
                _mend_rows(database, ROWS[one.code], [int(key) for key in one.keys])
            elif one.code == "thumbnail-damaged":
                for key in one.keys:
                    Path(str(key)).unlink(missing_ok=True)
            elif one.code in AGAIN:
                ids = [int(key) for key in one.keys]
                see_again(database, folder, open_encoder(), ids, round(now_s * 1e9))
            elif one.code.startswith("cache-"):
                _drop_cache(folder)
        disposal = Disposal(database, folder)
        disposal.sweep(now_s)
        disposal.run()
    finally:
        database.close()


def _mend_rows(
    database: Database, mend: Callable[[sqlite3.Connection, int, int], None], ids: Sequence[int]
) -> None:
    for start in range(0, len(ids), AT_ONCE):
        with database.writing() as connection:
            sequence = changes.next_sequence(connection)
            for row in ids[start : start + AT_ONCE]:
                mend(connection, sequence, row)


def _make_terms(connection: sqlite3.Connection, sequence: int, product_id: int) -> None:
    product = catalogue.products_by_id(connection, [product_id]).get(product_id)
    if product is None:
        return  # deleted since
    connection.execute("DELETE FROM terms WHERE product_id = ?", (product_id,))
    connection.executemany(
        "INSERT INTO terms (field, value, product_id, number, shown) VALUES (?, ?, ?, ?, ?)",
        [(t.field, t.value, product_id, t.number, t.shown) for t in terms_of(product)],
    )
    connection.execute("UPDATE products SET sequence = ? WHERE id = ?", (sequence, product_id))


def _drop_vector(connection: sqlite3.Connection, sequence: int, picture_id: int) -> None:
    connection.execute("DELETE FROM vectors WHERE picture_id = ?", (picture_id,))


def _drop_terms(connection: sqlite3.Connection, sequence: int, product_id: int) -> None:
    if not catalogue.products_by_id(connection, [product_id]):
        connection.execute("DELETE FROM terms WHERE product_id = ?", (product_id,))


def _give_new_number(connection: sqlite3.Connection, sequence: int, picture_id: int) -> None:
    """The same picture under an id that nobody was told is gone."""
    row = connection.execute(
        "SELECT product_id, ordinal, path, sha256, pixel_digest, stamp, vector, own FROM pictures "
        "JOIN vectors ON picture_id = pictures.id WHERE pictures.id = ?",
        (picture_id,),
    ).fetchone()
    if row is None:
        return
    *facts, vector, own = row
    connection.execute("DELETE FROM vectors WHERE picture_id = ?", (picture_id,))
    connection.execute("DELETE FROM pictures WHERE id = ?", (picture_id,))
    (new,) = connection.execute(
        "INSERT INTO pictures (product_id, ordinal, path, sha256, pixel_digest, stamp, sequence) "
        "VALUES (?, ?, ?, ?, ?, ?, ?) RETURNING id",
        (*facts, sequence),
    ).fetchone()
    connection.execute(
        "INSERT INTO vectors (picture_id, vector, own, crc) VALUES (?, ?, ?, ?)",
        (new, vector, own, changes.checksum(new, vector, own)),
    )


def _raise_number(connection: sqlite3.Connection, sequence: int, newest: int) -> None:
    connection.execute("UPDATE shop SET sequence = max(sequence, ?)", (newest + 1,))


def _drop_cache(folder: Path) -> None:
    for path in (folder / "vectors.json", *folder.glob("vectors-*.arrays")):
        with suppress(FileNotFoundError):
            path.unlink()


ROWS: dict[str, Callable[[sqlite3.Connection, int, int], None]] = {
    "picture-of-nobody": changes.drop_picture,
    "vector-of-nobody": _drop_vector,
    "term-of-nobody": _drop_terms,
    "terms-differ": _make_terms,
    "back-from-the-dead": _give_new_number,
    "number-behind": _raise_number,
}
AGAIN = frozenset(("no-vector", "vector-damaged"))
