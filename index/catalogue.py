"""Products, pictures and vectors in SQLite: the truth of a shop.

Promises: what a finished transaction wrote survives `kill -9`; every change raises the shop's
sequence number in the same transaction; no picture id is ever used twice.
These functions work inside a transaction that the caller holds.
"""

import json
import sqlite3
from collections.abc import Iterable, Sequence

import numpy as np

from index.blend import blend
from index.entry import Entry, SeenPicture
from index.errors import UnknownProduct
from index.product import Picture, Product
from index.terms import terms_of
from index.vectors import Ids, Vectors
from vision.embedding import Embedding

FIELDS = (
    "sku, title, description, price, currency, brand, categories, colour, size, article, stock, "
    "store, url, attributes"
)


def sequence_of(connection: sqlite3.Connection) -> int:
    """The number of the last change."""
    (sequence,) = connection.execute("SELECT sequence FROM shop").fetchone()
    return int(sequence)


def next_sequence(connection: sqlite3.Connection) -> int:
    """The number of the change that this transaction makes."""
    (sequence,) = connection.execute(
        "UPDATE shop SET sequence = sequence + 1 RETURNING sequence"
    ).fetchone()
    return int(sequence)


def identity_of(connection: sqlite3.Connection) -> tuple[str, str, int]:
    """The shop's identity, the space of its vectors ("" while unclaimed) and their dimension."""
    identity, space, dimension = connection.execute(
        "SELECT identity, space, dimension FROM shop"
    ).fetchone()
    return identity, space, dimension


def claim(connection: sqlite3.Connection, space: str, dimension: int) -> None:
    """Settle which space the shop's vectors live in."""
    connection.execute("UPDATE shop SET space = ?, dimension = ?", (space, dimension))


def with_titles(connection: sqlite3.Connection) -> bool:
    """Whether titles go into the product vectors of this shop."""
    (answer,) = connection.execute("SELECT with_titles FROM shop").fetchone()
    return bool(answer)


def find_id(connection: sqlite3.Connection, sku: str) -> int | None:
    """The product's row, or None."""
    row = connection.execute("SELECT id FROM products WHERE sku = ?", (sku,)).fetchone()
    return None if row is None else int(row[0])


def get_id(connection: sqlite3.Connection, sku: str) -> int:
    """The product's row; raises UnknownProduct."""
    found = find_id(connection, sku)
    if found is None:
        raise UnknownProduct(sku)
    return found


def products_by_id(connection: sqlite3.Connection, ids: Sequence[int]) -> dict[int, Product]:
    """The products of these rows; those that are gone are left out."""
    rows = connection.execute(
        f"SELECT id, {FIELDS} FROM products WHERE id IN ({marks(ids)})", tuple(ids)
    )
    return {row[0]: _product(row[1:]) for row in rows}


def pictures_of(connection: sqlite3.Connection, product_id: int) -> list[Picture]:
    """The product's pictures in order; paths as stored."""
    rows = connection.execute(
        "SELECT sku, ordinal, path, sha256, pixel_digest FROM pictures JOIN products "
        "ON products.id = product_id WHERE product_id = ? ORDER BY ordinal",
        (product_id,),
    )
    return [Picture(*row) for row in rows]


def words_in(connection: sqlite3.Connection, product_id: int) -> str:
    """The words that went into the product's vectors."""
    (words,) = connection.execute(
        "SELECT words FROM products WHERE id = ?", (product_id,)
    ).fetchone()
    return str(words)


def seen_pictures(
    connection: sqlite3.Connection, product_id: int, space: str
) -> tuple[SeenPicture, ...]:
    """The product's pictures with what the encoder saw in them, in order."""
    rows = connection.execute(
        "SELECT sku, ordinal, path, sha256, pixel_digest, stamp, coalesce(own, vector) "
        "FROM pictures JOIN products ON products.id = product_id "
        "JOIN vectors ON picture_id = pictures.id WHERE product_id = ? ORDER BY ordinal",
        (product_id,),
    )
    return tuple(
        SeenPicture(Picture(*row[:5]), Embedding(np.frombuffer(row[6], np.float32), space), row[5])
        for row in rows
    )


def vectors_of(connection: sqlite3.Connection, product_id: int) -> Vectors:
    """The product's vectors (pictures, dimension), in the order of its pictures."""
    rows = connection.execute(
        "SELECT vector FROM pictures JOIN vectors ON picture_id = pictures.id "
        "WHERE product_id = ? ORDER BY ordinal",
        (product_id,),
    ).fetchall()
    return np.stack([np.frombuffer(row[0], np.float32) for row in rows])


def write_entry(
    connection: sqlite3.Connection, sequence: int, entry: Entry, title_weight: float
) -> bool:
    """Add the product, or put it in the place of the one with its SKU; True if it is new."""
    known = find_id(connection, entry.product.sku)
    product_id = write_fields(connection, known, entry.product, entry.words)
    if entry.from_source:
        connection.execute("UPDATE products SET from_source = 1 WHERE id = ?", (product_id,))
    if known is not None:
        _drop_pictures(connection, sequence, product_id)
    for seen in entry.pictures:
        picture = seen.picture
        (picture_id,) = connection.execute(
            "INSERT INTO pictures "
            "(product_id, ordinal, path, sha256, pixel_digest, stamp, sequence) "
            "VALUES (?, ?, ?, ?, ?, ?, ?) RETURNING id",
            (product_id, picture.ordinal, picture.path, picture.sha256, picture.pixel_digest,
             seen.stamp, sequence),
        ).fetchone()  # fmt: skip
        vector = blend(seen.own, entry.words_embedding, title_weight)
        own = None if vector is seen.own else seen.own.vector.tobytes()
        connection.execute(
            "INSERT INTO vectors (picture_id, vector, own) VALUES (?, ?, ?)",
            (picture_id, vector.vector.tobytes(), own),
        )
    return known is None


def write_fields(
    connection: sqlite3.Connection, product_id: int | None, product: Product, words: str
) -> int:
    """Write what the merchandiser says, and the terms of it; the row's id."""
    values = (*_row(product), words)
    if product_id is None:
        (product_id,) = connection.execute(
            f"INSERT INTO products ({FIELDS}, words, from_source) "
            f"VALUES ({marks(values)}, 0) RETURNING id",
            values,
        ).fetchone()
    else:
        columns = ", ".join(f"{name} = ?" for name in f"{FIELDS}, words".split(", "))
        connection.execute(f"UPDATE products SET {columns} WHERE id = ?", (*values, product_id))
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


def vectors_since(
    connection: sqlite3.Connection, sequence: int, dimension: int
) -> tuple[Ids, Vectors]:
    """Pictures added after `sequence` that are still there: ids (N,) and vectors (N, dimension)."""
    rows = connection.execute(
        "SELECT pictures.id, vector FROM pictures JOIN vectors ON picture_id = pictures.id "
        "WHERE pictures.sequence > ? ORDER BY pictures.id",
        (sequence,),
    ).fetchall()
    ids = np.array([row[0] for row in rows], dtype=np.int64)
    joined = b"".join(row[1] for row in rows)
    return ids, np.frombuffer(joined, dtype=np.float32).reshape(len(rows), dimension)


def removed_since(connection: sqlite3.Connection, sequence: int) -> Ids:
    """Ids of pictures that went after `sequence`."""
    rows = connection.execute("SELECT picture_id FROM removed WHERE sequence > ?", (sequence,))
    return np.array([row[0] for row in rows], dtype=np.int64)


def marks(values: Iterable[object]) -> str:
    """A question mark for each value."""
    return ", ".join("?" for _ in values)


def _drop_pictures(connection: sqlite3.Connection, sequence: int, product_id: int) -> None:
    gone = "SELECT id FROM pictures WHERE product_id = ?"
    connection.execute(
        "INSERT INTO removed (picture_id, sequence) "
        "SELECT id, ? FROM pictures WHERE product_id = ?",
        (sequence, product_id),
    )
    connection.execute(f"DELETE FROM vectors WHERE picture_id IN ({gone})", (product_id,))
    connection.execute("DELETE FROM pictures WHERE product_id = ?", (product_id,))


def _row(p: Product) -> tuple[object, ...]:
    return (
        p.sku, p.title, p.description, p.price, p.currency, p.brand,
        json.dumps(p.categories, ensure_ascii=False), p.colour, p.size, p.group, p.stock,
        p.store, p.url, json.dumps(p.attributes, ensure_ascii=False),
    )  # fmt: skip


def _product(row: Sequence[object]) -> Product:
    sku, title, description, price, currency, brand, categories, *rest = row
    colour, size, group, stock, store, url, attributes = rest
    return Product(
        sku, title, description, price, currency, brand, tuple(json.loads(categories)),  # type: ignore[arg-type] # typed by the table
        colour, size, group, stock, store, url,  # type: ignore[arg-type] # typed by the table
        {name: tuple(values) for name, values in json.loads(attributes).items()},  # type: ignore[arg-type] # typed by the table
    )  # fmt: skip
