"""A flip: a new price or stock, with neither the other fields nor a vector touched.

It writes one row and its terms, a tenth of what a whole change costs. A flip that says what is
already so writes nothing at all, so a stock feed may say everything every minute.
"""

import sqlite3
from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum, auto

from index import catalogue, changes
from index.errors import UnknownProduct
from index.product import require_price, require_stock
from index.terms import number_term


class Keep(Enum):
    """What is not said stays as it is; None means that there is no price, or no count."""

    KEEP = auto()


KEEP = Keep.KEEP


@dataclass(frozen=True, slots=True)
class Flip:
    """What becomes of one product's `price` and `stock`; raises BadProduct for what is none."""

    sku: str
    price: float | Keep | None = KEEP
    stock: int | Keep | None = KEEP

    def __post_init__(self) -> None:
        if not isinstance(self.price, Keep):
            require_price(self.price)
        if not isinstance(self.stock, Keep):
            require_stock(self.stock)

    def said(self) -> dict[str, float | None]:
        """The fields that were said, by name."""
        found: dict[str, float | None] = {}
        if not isinstance(self.price, Keep):
            found["price"] = self.price
        if not isinstance(self.stock, Keep):
            found["stock"] = self.stock
        return found


@dataclass(frozen=True, slots=True)
class Flipped:
    """What a flip did: whether anything was another before, and the product's version now."""

    sku: str
    changed: bool
    version: str


def flip_in(
    connection: sqlite3.Connection, flips: Sequence[Flip]
) -> list[Flipped | UnknownProduct]:
    """Do `flips` in their order; each one's outcome in its place. The shop's sequence number is
    raised once, and not at all if nothing changes."""
    sequence: int | None = None
    done: list[Flipped | UnknownProduct] = []
    for flip in flips:
        row = _find(connection, flip.sku)
        if row is None:
            done.append(UnknownProduct(flip.sku))
            continue
        product_id, written, held = row
        new = {name: value for name, value in flip.said().items() if held[name] != value}
        if new:
            sequence = written = sequence or changes.next_sequence(connection)
            _write(connection, sequence, product_id, new)
        version = catalogue.version_named(product_id, written)
        done.append(Flipped(flip.sku, bool(new), version))
    return done


def _find(
    connection: sqlite3.Connection, sku: str
) -> tuple[int, int, dict[str, float | None]] | None:
    product_id = catalogue.find_id(connection, sku)
    if product_id is None:
        return None
    written, price, stock = connection.execute(
        "SELECT sequence, price, stock FROM products WHERE id = ?", (product_id,)
    ).fetchone()
    return product_id, written, {"price": price, "stock": stock}


def _write(
    connection: sqlite3.Connection, sequence: int, product_id: int, new: dict[str, float | None]
) -> None:
    columns = "".join(f"{name} = ?, " for name in new)
    connection.execute(
        f"UPDATE products SET {columns}sequence = ?, row_digest = NULL WHERE id = ?",
        (*new.values(), sequence, product_id),
    )
    for field, value in new.items():
        connection.execute(
            "DELETE FROM terms WHERE product_id = ? AND field = ?", (product_id, field)
        )
        if value is not None:
            term = number_term(field, value)
            connection.execute(
                "INSERT INTO terms (field, value, product_id, number, shown) "
                "VALUES (?, ?, ?, ?, ?)",
                (field, term.value, product_id, term.number, term.shown),
            )
