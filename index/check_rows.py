"""Whether the catalogue's rows agree with one another, found in one transaction."""

import itertools
import sqlite3
import zlib
from collections.abc import Iterator

import numpy as np

from index.catalogue import FIELDS, product_of
from index.changes import checksum
from index.errors import BadProduct
from index.fault import Fault
from index.terms import terms_of

NORM_TOLERANCE = 1e-3  # float32 of some hundred dimensions stays within 1e-6
LOOKUPS = ("missing from index", "wrong # of entries in index", "non-unique entry in index")
ORPHANS = (
    # pictures and vectors that lost their other half, terms of no product
    (
        "picture-of-nobody",
        "SELECT id, path FROM pictures WHERE product_id NOT IN (SELECT id FROM products)",
    ),
    (
        "vector-of-nobody",
        "SELECT picture_id, 'vector ' || picture_id FROM vectors "
        "WHERE picture_id NOT IN (SELECT id FROM pictures)",
    ),
    (
        "term-of-nobody",
        "SELECT DISTINCT product_id, field || '=' || value FROM terms "
        "WHERE product_id NOT IN (SELECT id FROM products)",
    ),
    (
        "no-vector",
        "SELECT pictures.id, sku || ', ' || path FROM pictures JOIN products "
        "ON products.id = product_id WHERE pictures.id NOT IN (SELECT picture_id FROM vectors)",
    ),
    (
        "no-picture",
        "SELECT id, sku FROM products WHERE id NOT IN (SELECT product_id FROM pictures)",
    ),
    (
        "back-from-the-dead",
        "SELECT id, path FROM pictures WHERE id IN (SELECT picture_id FROM removed)",
    ),
    (
        "number-behind",
        "SELECT newest, 'change ' || newest || ' of ' || sequence FROM shop, (SELECT max("
        "(SELECT coalesce(max(sequence), 0) FROM pictures), "
        "(SELECT coalesce(max(sequence), 0) FROM products), "
        "(SELECT coalesce(max(sequence), 0) FROM removed)) AS newest) WHERE newest > sequence",
    ),
)


def check_file(connection: sqlite3.Connection) -> Iterator[Fault]:
    """What SQLite itself says of its file; indexes that only need to be built anew told apart."""
    for (line,) in connection.execute("PRAGMA integrity_check(100)"):
        if line != "ok":
            repairable = any(mark in line for mark in LOOKUPS)
            yield Fault("lookup-damaged" if repairable else "catalogue-damaged", str(line))


def check_rows(connection: sqlite3.Connection) -> Iterator[Fault]:
    """Rows without their other half, and numbers that cannot be."""
    for code, query in ORPHANS:
        for key, subject in connection.execute(query):
            yield Fault(code, str(subject), int(key))


def check_vectors(connection: sqlite3.Connection, dimension: int) -> Iterator[Fault]:
    """Every vector has the dimension and the length 1, and is, bit for bit, what was written."""
    rows = connection.execute("SELECT picture_id, vector, own, crc FROM vectors")
    for picture_id, vector, own, crc in rows:
        wrong = _wrong(vector, dimension) or (_wrong(own, dimension) if own else "")
        if not wrong and crc is not None and crc != checksum(picture_id, vector, own):
            wrong = "its checksum differs"
        if wrong:
            yield Fault("vector-damaged", f"picture {picture_id}: {wrong}", int(picture_id))


def _wrong(blob: bytes, dimension: int) -> str:
    if len(blob) != 4 * dimension:
        return f"it has {len(blob)} bytes, not {4 * dimension}"
    length = float(np.linalg.norm(np.frombuffer(blob, np.float32).astype(np.float64)))
    if not abs(length - 1) <= NORM_TOLERANCE:  # not a number included
        return f"its length is {length:.3f}, not 1"
    return ""


def check_products(connection: sqlite3.Connection) -> Iterator[Fault]:
    """Every product can be read, and its terms are what its fields say."""
    terms = itertools.groupby(
        connection.execute(
            "SELECT product_id, field, value, number, shown FROM terms ORDER BY product_id"
        ),
        key=lambda row: int(row[0]),
    )
    group = next(terms, None)
    for product_id, *row in connection.execute(f"SELECT id, {FIELDS} FROM products ORDER BY id"):
        while group is not None and group[0] < product_id:
            group = next(terms, None)
        held = set()
        if group is not None and group[0] == product_id:
            held = {tuple(term[1:]) for term in group[1]}
            group = next(terms, None)
        try:
            product = product_of(row)
        except (BadProduct, ValueError, TypeError, AttributeError) as nonsense:
            yield Fault("product-damaged", f"{row[0]}: {nonsense}", int(product_id))
            continue
        if held != {(t.field, t.value, t.number, t.shown) for t in terms_of(product)}:
            yield Fault("terms-differ", product.sku, int(product_id))


def digest_of_rows(connection: sqlite3.Connection) -> int:
    """A CRC over all products, pictures and vectors, to compare two copies of a shop."""
    crc = 0
    for query in (
        f"SELECT id, {FIELDS}, words, sequence FROM products ORDER BY id",
        "SELECT id, product_id, ordinal, sha256, pixel_digest, sequence FROM pictures ORDER BY id",
        "SELECT picture_id, vector, own FROM vectors ORDER BY picture_id",
    ):
        for row in connection.execute(query):
            crc = zlib.crc32(repr(row).encode("utf-8", "backslashreplace"), crc)
    return crc
