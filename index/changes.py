"""Writing to the catalogue: products put, changed and deleted.

Promises: what a finished transaction wrote survives `kill -9`; every change raises the shop's
sequence number in the same transaction; no picture id is ever used twice.
These functions work inside a transaction that the caller holds.
"""

import sqlite3
import zlib
from collections.abc import Iterable, Sequence
from dataclasses import replace

from index.blend import blend
from index.catalogue import FIELDS, find_id, marks, row_of, seen_pictures, words_in
from index.entry import Entry, SeenPicture
from index.terms import terms_of
from vision.embedding import Embedding
from vision.spec import EncoderSpec

WRITTEN = f"{FIELDS}, words, sequence, row_digest"
OUTDATED = "\x01"  # no title is this: what bears it has its vectors made again


def next_sequence(connection: sqlite3.Connection) -> int:
    """The number of the change that this transaction makes."""
    (sequence,) = connection.execute(
        "UPDATE shop SET sequence = sequence + 1 RETURNING sequence"
    ).fetchone()
    return int(sequence)


def claim(connection: sqlite3.Connection, spec: EncoderSpec) -> None:
    """Settle which space the shop's vectors live in, and how much titles weigh in them."""
    connection.execute(
        "UPDATE shop SET space = ?, dimension = ?, title_weight = ?",
        (spec.space, spec.dimension, spec.title_weight),
    )


def set_title_weight(connection: sqlite3.Connection, weight: float) -> None:
    """Let titles weigh so much from now on; every product's vectors are marked as outdated."""
    connection.execute("UPDATE shop SET title_weight = ?", (weight,))
    connection.execute("UPDATE products SET words = ?, row_digest = NULL", (OUTDATED,))


def restamp(connection: sqlite3.Connection, product_id: int, stamps: Sequence[str]) -> None:
    """Note that the files of the product's pictures were read again and are the same."""
    connection.executemany(
        "UPDATE pictures SET stamp = ? WHERE product_id = ? AND ordinal = ?",
        [(stamp, product_id, n) for n, stamp in enumerate(stamps)],
    )


def remember_rows(
    connection: sqlite3.Connection, rows: Iterable[tuple[bytes, int]], sequence: int
) -> None:
    """Note which products say what rows with these digests say: (digest, the product's row).

    That was found at the moment `sequence`; products that were changed since are left alone.
    """
    connection.executemany(
        "UPDATE products SET row_digest = ? WHERE id = ? AND sequence <= ?",
        ((digest, product_id, sequence) for digest, product_id in rows),
    )


def change_product(
    connection: sqlite3.Connection,
    sequence: int,
    product_id: int,
    entry: Entry,
    title_weight: float,
    space: str,
) -> None:
    """Replace the product's fields; `entry.pictures` is not read, the pictures stay.

    The vectors are made again, from the pictures' own, only if the words are not what they were.
    """
    if entry.words == words_in(connection, product_id):
        write_fields(connection, sequence, product_id, entry)
        return
    seen = seen_pictures(connection, product_id, space)
    write_entry(connection, sequence, replace(entry, pictures=seen), title_weight)


def write_entry(
    connection: sqlite3.Connection, sequence: int, entry: Entry, title_weight: float
) -> bool:
    """Add the product, or put it in the place of the one with its SKU; True if it is new."""
    known = find_id(connection, entry.product.sku)
    product_id = write_fields(connection, sequence, known, entry)
    if known is not None:
        _drop_pictures(connection, sequence, product_id)
    for seen in entry.pictures:
        add_picture(connection, sequence, product_id, seen, entry.words_embedding, title_weight)
    return known is None


def add_picture(
    connection: sqlite3.Connection,
    sequence: int,
    product_id: int,
    seen: SeenPicture,
    words: Embedding | None,
    title_weight: float,
) -> None:
    """Add a picture under an id that no picture ever had, with its vectors."""
    picture = seen.picture
    (picture_id,) = connection.execute(
        "INSERT INTO pictures "
        "(product_id, ordinal, path, sha256, pixel_digest, stamp, sequence) "
        "VALUES (?, ?, ?, ?, ?, ?, ?) RETURNING id",
        (product_id, picture.ordinal, picture.path, picture.sha256, picture.pixel_digest,
         seen.stamp, sequence),
    ).fetchone()  # fmt: skip
    vector = blend(seen.own, words, title_weight)
    own = None if vector is seen.own else seen.own.vector.tobytes()
    blob = vector.vector.tobytes()
    connection.execute(
        "INSERT INTO vectors (picture_id, vector, own, crc) VALUES (?, ?, ?, ?)",
        (picture_id, blob, own, checksum(picture_id, blob, own)),
    )
    connection.execute("DELETE FROM doomed WHERE sha256 = ?", (picture.sha256,))


def drop_picture(connection: sqlite3.Connection, sequence: int, picture_id: int) -> None:
    """Remove one picture with its vector, as nobody will find it again."""
    connection.execute("DELETE FROM vectors WHERE picture_id = ?", (picture_id,))
    connection.execute("INSERT OR IGNORE INTO removed VALUES (?, ?)", (picture_id, sequence))
    connection.execute(
        "INSERT OR IGNORE INTO doomed SELECT sha256 FROM pictures WHERE id = ?", (picture_id,)
    )
    connection.execute("DELETE FROM pictures WHERE id = ?", (picture_id,))


def checksum(picture_id: int, vector: bytes, own: bytes | None) -> int:
    """What proves that these are the vectors that were written under this id (CRC-32)."""
    return zlib.crc32(own or b"", zlib.crc32(vector, zlib.crc32(b"%d" % picture_id)))


def write_fields(
    connection: sqlite3.Connection, sequence: int, product_id: int | None, entry: Entry
) -> int:
    """Write what the merchandiser says, and the terms of it; the row's id.

    Once a source has named a product, a source may remove it again, so that mark is never lost.
    """
    product, named = entry.product, int(entry.from_source)
    values = (*row_of(product), entry.words, sequence, entry.row_digest)
    if product_id is None:
        (product_id,) = connection.execute(
            f"INSERT INTO products ({WRITTEN}, from_source) "
            f"VALUES ({marks(values)}, {named}) RETURNING id",
            values,
        ).fetchone()
    else:
        columns = ", ".join(f"{name} = ?" for name in WRITTEN.split(", "))
        connection.execute(
            f"UPDATE products SET {columns}, from_source = max(from_source, {named}) WHERE id = ?",
            (*values, product_id),
        )
        connection.execute("DELETE FROM terms WHERE product_id = ?", (product_id,))
    connection.executemany(
        "INSERT INTO terms (field, value, product_id, number, shown) VALUES (?, ?, ?, ?, ?)",
        [(t.field, t.value, product_id, t.number, t.shown) for t in terms_of(product)],
    )
    assert product_id is not None  # RETURNING gave one
    return product_id


def delete_product(connection: sqlite3.Connection, sequence: int, product_id: int) -> None:
    """Remove the product with all that hangs on it."""
    _drop_pictures(connection, sequence, product_id)
    connection.execute("DELETE FROM terms WHERE product_id = ?", (product_id,))
    connection.execute("DELETE FROM products WHERE id = ?", (product_id,))


def _drop_pictures(connection: sqlite3.Connection, sequence: int, product_id: int) -> None:
    gone = "SELECT id FROM pictures WHERE product_id = ?"
    connection.execute(
        "INSERT INTO removed (picture_id, sequence) "
        "SELECT id, ? FROM pictures WHERE product_id = ?",
        (sequence, product_id),
    )
    connection.execute(
        "INSERT OR IGNORE INTO doomed (sha256) SELECT sha256 FROM pictures WHERE product_id = ?",
        (product_id,),
    )
    connection.execute(f"DELETE FROM vectors WHERE picture_id IN ({gone})", (product_id,))
    connection.execute("DELETE FROM pictures WHERE product_id = ?", (product_id,))
