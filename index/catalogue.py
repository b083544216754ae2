"""Products, pictures and vectors in SQLite, the truth of a shop: reading it.

These functions work inside a transaction that the caller holds; `changes` writes.
"""

import json
import sqlite3
from collections.abc import Container, Iterable, Iterator, Sequence

import numpy as np

from index.entry import SeenPicture
from index.errors import ChangedMeanwhile, UnknownProduct
from index.owners import NOBODY, Owners
from index.product import Picture, Product
from index.vectors import Ids, Vectors
from vision.embedding import Embedding, sound

FIELDS = (
    "sku, title, description, price, currency, brand, categories, colour, size, article, stock, "
    "store, url, attributes"
)

VECTORS_AT_ONCE = 5_000  # 9 MB of 448 dimensions


def sequence_of(connection: sqlite3.Connection) -> int:
    """The number of the last change."""
    (sequence,) = connection.execute("SELECT sequence FROM shop").fetchone()
    return int(sequence)


def version_of(connection: sqlite3.Connection, product_id: int) -> str:
    """A name for the product as it is now; what it was or will be has others."""
    (sequence,) = connection.execute(
        "SELECT sequence FROM products WHERE id = ?", (product_id,)
    ).fetchone()
    return version_named(product_id, sequence)


def version_named(product_id: int, sequence: int) -> str:
    """The version of the product of this row that the change `sequence` made."""
    return f"{product_id}-{sequence}"


def require_version(
    connection: sqlite3.Connection, sku: str, only_if: Container[str] | None
) -> None:
    """Raise ChangedMeanwhile unless the product is there as one of `only_if`; None is any."""
    if only_if is None:
        return
    known = find_id(connection, sku)
    if known is None or version_of(connection, known) not in only_if:
        raise ChangedMeanwhile(sku)


def products_since(connection: sqlite3.Connection, sequence: int) -> Ids:
    """Ids of the products whose fields or pictures changed after `sequence`, those new included.

    Those that went are not among them: `removed_since` names their pictures.
    """
    rows = connection.execute("SELECT id FROM products WHERE sequence > ?", (sequence,))
    return np.array([row[0] for row in rows], dtype=np.int64)


def forgotten_until(connection: sqlite3.Connection) -> int:
    """Whoever has reached only an earlier change than this must start from nothing: which pictures
    were removed until then is no longer known (`forgetting.forget_removed`)."""
    (sequence,) = connection.execute("SELECT forgotten FROM shop").fetchone()
    return int(sequence)


def identity_of(connection: sqlite3.Connection) -> tuple[str, str, int]:
    """The shop's identity, the space of its vectors ("" while unclaimed) and their dimension."""
    identity, space, dimension = connection.execute(
        "SELECT identity, space, dimension FROM shop"
    ).fetchone()
    return identity, space, dimension


def title_weight(connection: sqlite3.Connection) -> float:
    """How much a title weighs in the vectors of this shop."""
    (weight,) = connection.execute("SELECT title_weight FROM shop").fetchone()
    return float(weight)


def find_id(connection: sqlite3.Connection, sku: str) -> int | None:
    """The product's row, or None."""
    try:
        sku.encode()
    except UnicodeEncodeError:  # half a character: SQLite cannot even look for it
        return None
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
    return {row[0]: product_of(row[1:]) for row in rows}


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


def find_own_vector(
    connection: sqlite3.Connection, sha256: str, space: str
) -> tuple[Embedding, str] | None:
    """What the encoder saw in a picture of these bytes, and its pixel digest, if it ever did."""
    row = connection.execute(
        "SELECT coalesce(own, vector), pixel_digest FROM pictures "
        "JOIN vectors ON picture_id = pictures.id WHERE sha256 = ? AND pixel_digest <> '' LIMIT 1",
        (sha256,),
    ).fetchone()
    return None if row is None else (Embedding(np.frombuffer(row[0], np.float32), space), row[1])


def vectors_since(
    connection: sqlite3.Connection, sequence: int, dimension: int
) -> Iterator[tuple[Ids, Ids, Vectors]]:
    """Pictures added after `sequence` that are still there, by ascending id, some thousands at a
    time: their ids (N,), their products' ids (N,) and their vectors (N, dimension), zeros where one
    is damaged."""
    found = connection.execute(
        "SELECT pictures.id, product_id, vector "
        "FROM pictures JOIN vectors ON picture_id = pictures.id "
        "WHERE pictures.sequence > ? ORDER BY pictures.id",
        (sequence,),
    )
    while rows := found.fetchmany(VECTORS_AT_ONCE):
        pictures, products, vectors = zip(*rows, strict=True)
        if any(len(vector) != 4 * dimension for vector in vectors):
            raise sqlite3.DatabaseError(f"it holds vectors that have not {dimension} dimensions")
        yield (
            np.array(pictures, dtype=np.int64),
            np.array(products, dtype=np.int64),
            sound(np.frombuffer(b"".join(vectors), np.float32).reshape(len(rows), dimension)),
        )


def owners_of(connection: sqlite3.Connection) -> Owners:
    """Which product each picture belongs to, at this transaction's moment."""
    pictures, products = connection.execute(
        "SELECT group_concat(id), group_concat(product_id) "
        "FROM (SELECT id, product_id FROM pictures ORDER BY id)"
    ).fetchone()
    if pictures is None:
        return NOBODY
    return Owners(
        np.fromstring(pictures, dtype=np.int64, sep=","),
        np.fromstring(products, dtype=np.int64, sep=","),
    )


def removed_since(connection: sqlite3.Connection, sequence: int) -> Ids:
    """Ids of pictures that went after `sequence`."""
    rows = connection.execute("SELECT picture_id FROM removed WHERE sequence > ?", (sequence,))
    return np.array([row[0] for row in rows], dtype=np.int64)


def marks(values: Iterable[object]) -> str:
    """A question mark for each value."""
    return ", ".join("?" for _ in values)


def row_of(p: Product) -> tuple[object, ...]:
    """The product as a row of FIELDS."""
    return (
        p.sku, p.title, p.description, p.price, p.currency, p.brand,
        json.dumps(p.categories, ensure_ascii=False), p.colour, p.size, p.group, p.stock,
        p.store, p.url, json.dumps(p.attributes, ensure_ascii=False),
    )  # fmt: skip


def product_of(row: Sequence[object]) -> Product:
    """The product that a row of FIELDS holds."""
    sku, title, description, price, currency, brand, categories, *rest = row
    colour, size, group, stock, store, url, attributes = rest
    return Product(
        sku, title, description, price, currency, brand, tuple(json.loads(categories)),  # type: ignore[arg-type] # typed by the table
        colour, size, group, stock, store, url,  # type: ignore[arg-type] # typed by the table
        {name: tuple(values) for name, values in json.loads(attributes).items()},  # type: ignore[arg-type] # typed by the table
    )  # fmt: skip
