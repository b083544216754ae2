"""Looking through the catalogue page by page, as its keepers do: by words, by filter, by SKU."""

import json
import sqlite3
from dataclasses import dataclass

import numpy as np

from index.catalogue import FIELDS, owners_of, product_of
from index.conditions import allowed_pictures
from index.filters import Filter
from index.product import Product


@dataclass(frozen=True, slots=True)
class Page:
    """Some products in the order of their SKUs, with how many pictures each has, how many there
    are in all, and the SKU to go on after ("" at the end)."""

    products: tuple[tuple[Product, int], ...]
    total: int
    following: str


def browse(
    connection: sqlite3.Connection, words: str, wanted: Filter | None, after: str, most: int
) -> Page:
    """Up to `most` products after the SKU `after` whose SKU, title or brand holds each of `words`
    and that pass the filter. Raises BadFilter."""
    conditions: list[str] = ["1"]
    values: list[object] = []
    for word in words.split()[:20]:
        pattern = "%" + word.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_") + "%"
        fields = ("sku", "title", "brand")
        conditions.append("(" + " OR ".join(f"{f} LIKE ? ESCAPE '\\'" for f in fields) + ")")
        values += [pattern] * len(fields)
    if wanted is not None:
        owners = owners_of(connection)
        pictures = allowed_pictures(connection, wanted, owners)
        products = np.unique(owners.products[np.isin(owners.pictures, pictures)])
        conditions.append("id IN (SELECT value FROM json_each(?))")
        values.append(json.dumps(products.tolist()))
    where = " AND ".join(conditions)
    (total,) = connection.execute(f"SELECT count(*) FROM products WHERE {where}", values).fetchone()
    rows = connection.execute(
        f"SELECT {FIELDS}, (SELECT count(*) FROM pictures WHERE product_id = products.id) "
        f"FROM products WHERE {where} AND sku > ? ORDER BY sku LIMIT ?",
        (*values, after, most + 1),
    ).fetchall()
    shown = tuple((product_of(row[:-1]), int(row[-1])) for row in rows[:most])
    return Page(shown, int(total), shown[-1][0].sku if len(rows) > most else "")
