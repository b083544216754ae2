"""What filters name, kept in memory between searches: a bitmap over slots for each value asked
for, a column of numbers for each field compared.

They are filled from the catalogue when first asked for (a tenth of a second for half a million
products) and from then on kept in step with every change, by the sequence numbers of products.
Promise: a set is of exactly the moment that the replica has reached.
"""

import sqlite3
from collections import OrderedDict
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass

import numpy as np

from index import bits
from index.bits import Bits
from index.catalogue import marks
from index.conditions import Set, products_where, terms_in
from index.facets import ALWAYS
from index.filters import Operator, Part, number_of
from index.ranked import Numbers, Ranked
from index.slots import Slots
from index.terms import NOT_COUNTED
from index.vectors import Ids

Key = tuple[str, str | None]
"""A field and a folded value in it; None: any value."""

ROOM_BYTES = 96_000_000  # for bitmaps: some 750 of a million products
COLUMNS_MOST = 12  # fields of numbers; 10 MB each for a million products
RELOAD_SHARE = 0.05  # of the products changed at once: then reading anew is quicker
AT_ONCE = 500


@dataclass(frozen=True, slots=True, eq=False)
class Fetched:
    """What one filter needs: what was in memory, and what the catalogue told of the rest.

    It holds while the replica stays at the moment at which it was fetched.
    """

    bitmaps: dict[Key, Bits]
    columns: dict[str, list[Ranked]]
    products: dict[Key, Ids]
    numbers: dict[str, tuple[Ids, Numbers]]


class Masks:
    """Sets over `slots`. Whoever changes them keeps others out; those who only look may meet."""

    def __init__(self, slots: Slots) -> None:
        self._slots = slots
        self._bitmaps: OrderedDict[Key, Bits] = OrderedDict()
        self._columns: OrderedDict[str, list[Ranked]] = OrderedDict()
        self.values: dict[str, dict[str, str]] | None = None
        """What `counts` counts: values by field and how they are written; None until asked for."""

    @property
    def held_bytes(self) -> int:
        """What they take in memory."""
        columns = sum(c.size_bytes for several in list(self._columns.values()) for c in several)
        return len(self._bitmaps) * self._slots.size_bytes + columns

    def find(self, key: Key) -> Bits | None:
        """The bitmap, if it is in memory; what is asked for stays longest."""
        with suppress(KeyError):  # nobody asked, or another thread just let go of it
            self._bitmaps.move_to_end(key)
        return self._bitmaps.get(key)

    def recent(self, most: int) -> Fetched:
        """The sets asked for last, by name only: to fetch them again for other slots."""
        keys, fields = list(self._bitmaps)[-most:], list(self._columns)
        nothing = np.empty(0, np.int64)
        return Fetched(
            {}, {}, dict.fromkeys(keys, nothing), dict.fromkeys(fields, (nothing, np.empty(0)))
        )

    def find_columns(self, field: str) -> list[Ranked] | None:
        """The field's numbers by slot, a second column where a product has two; None if they are
        not in memory."""
        return self._columns.get(field)

    # Filling

    def keep(self, key: Key, products: Ids) -> Bits:
        """Take over which products have what `key` says."""
        chosen = np.zeros(self._slots.room_for_products, bool)
        chosen[products[products < len(chosen)]] = True
        found = bits.packed(chosen[self._slots.products], self._slots.size_bytes)
        self._bitmaps[key] = found
        while len(self._bitmaps) * self._slots.size_bytes > ROOM_BYTES:
            self._bitmaps.popitem(last=False)
        return found

    def keep_numbers(self, field: str, products: Ids, numbers: Numbers) -> list[Ranked]:
        """Take over the numbers of `field`: pairs in the order of products."""
        owners = self._slots.products
        size = self._slots.room_for_products
        columns: list[Ranked] = []
        while len(products) or not columns:
            inside = products < size
            by_product = np.full(size, np.nan)
            by_product[products[inside][::-1]] = numbers[inside][::-1]  # the first of each stays
            column = np.full(8 * self._slots.size_bytes, np.nan)
            column[: len(owners)] = by_product[owners]
            columns.append(Ranked(column))
            again = np.zeros(len(products), bool)
            again[1:] = products[1:] == products[:-1]
            products, numbers = products[again], numbers[again]
        self._columns[field] = columns
        while len(self._columns) > COLUMNS_MOST:
            self._columns.popitem(last=False)
        return columns

    # Keeping in step

    def take_over(self, connection: sqlite3.Connection, since: int) -> None:
        """Follow all changes of products after `since` that `connection`'s transaction sees; the
        slots have followed already."""
        if not self._bitmaps and not self._columns and self.values is None:
            return
        changed = [
            product
            for (product,) in connection.execute(
                "SELECT id FROM products WHERE sequence > ? LIMIT ?",
                (since, int(RELOAD_SHARE * self._slots.count) + AT_ONCE + 1),
            )
        ]
        if len(changed) > RELOAD_SHARE * self._slots.count + AT_ONCE:
            self._bitmaps.clear()
            self._columns.clear()
            self.values = None
            return
        self._grow()
        for start in range(0, len(changed), AT_ONCE):
            self._renew(connection, changed[start : start + AT_ONCE])

    def _grow(self) -> None:
        size = self._slots.size_bytes
        for key, bitmap in list(self._bitmaps.items()):
            if len(bitmap) < size:
                self._bitmaps[key] = bits.grown(bitmap, size)
        for columns in list(self._columns.values()):
            for column in columns:
                column.grow(8 * size)

    def _renew(self, connection: sqlite3.Connection, products: list[int]) -> None:
        slots = self._slots.of_products(np.array(products, np.int64))
        at, keep = np.unique(slots >> 3), np.uint8(0xFF)
        mask = np.full(len(at), keep)
        np.bitwise_and.at(
            mask, np.searchsorted(at, slots >> 3), ~np.left_shift(1, slots & 7).astype(np.uint8)
        )
        for bitmap in list(self._bitmaps.values()):  # others may ask which there are
            bitmap[at] &= mask
        for columns in list(self._columns.values()):
            for column in columns:
                column.put(slots, np.nan)
        of: dict[int, list[int]] = {product: [] for product in products}
        for slot, product in zip(slots.tolist(), self._slots.products[slots].tolist(), strict=True):
            of[product].append(slot)
        self._note(connection, products, of)

    def _note(
        self, connection: sqlite3.Connection, products: list[int], of: dict[int, list[int]]
    ) -> None:
        """Put what the catalogue says of `products` into every set that is in memory."""
        into: dict[Key, list[int]] = {}
        rows = connection.execute(
            "SELECT product_id, field, value, number, shown FROM terms "
            f"WHERE product_id IN ({marks(products)})",
            products,
        )
        for product, field, value, number, shown in rows:
            if shown is not None:
                self._note_value(field, value, shown)
            for key in ((field, value), (field, None)):
                if key in self._bitmaps:
                    into.setdefault(key, []).extend(of[product])
            if number is not None and field in self._columns:
                self._note_number(field, of[product], number)
        for key, slots in into.items():
            bits.add_to(self._bitmaps[key], np.array(slots, np.int64))

    def _note_value(self, field: str, value: str, shown: str) -> None:
        if self.values is None or field in NOT_COUNTED:
            return
        known = self.values.get(field)
        if known is None:
            self.values[field] = {value: shown}
        elif known or field in ALWAYS:  # else it is no choice, and is not counted
            known.setdefault(value, shown)

    def _note_number(self, field: str, slots: list[int], number: float) -> None:
        if not slots:
            return
        columns = self._columns[field]
        for column in columns:
            if not column.has(slots[0]):
                column.put(np.array(slots, np.int64), number)
                return
        one_more = np.full(len(columns[0]), np.nan)
        one_more[slots] = number
        columns.append(Ranked(one_more))


class MaskSets:
    """The sets of one filter at one moment."""

    def __init__(self, masks: Masks, slots: Slots, fetched: Fetched) -> None:
        self._masks = masks
        self._slots = slots
        self._fetched = fetched

    def everything(self) -> Set:
        return np.full(self._slots.size_bytes, 0xFF, np.uint8)

    def having(self, field: str) -> Set:
        return self._bitmap((field, None))

    def equal(self, field: str, value: str) -> Set:
        return self._bitmap((field, value))

    def number(self, field: str, order: Operator, number: float) -> Set:
        columns = self._fetched.columns.get(field)
        if columns is None:
            columns = self._masks.keep_numbers(field, *self._fetched.numbers[field])
            self._fetched.columns[field] = columns
        found = columns[0].compare(order, number)
        for column in columns[1:]:
            found |= column.compare(order, number)
        return found

    def _bitmap(self, key: Key) -> Bits:
        found = self._fetched.bitmaps.get(key)
        if found is None:
            found = self._fetched.bitmaps[key] = self._masks.keep(key, self._fetched.products[key])
        return found


def fetch(
    connection: sqlite3.Connection, masks: Masks, keys: Iterable[Key], fields: Iterable[str]
) -> Fetched:
    """Everything known of `keys` and of number `fields`; read from the catalogue what is not in
    memory."""
    fetched = Fetched({}, {}, {}, {})
    for key in keys:
        if (bitmap := masks.find(key)) is not None:
            fetched.bitmaps[key] = bitmap
        else:
            fetched.products[key] = _products(connection, key)
    for field in fields:
        if (columns := masks.find_columns(field)) is not None:
            fetched.columns[field] = columns
        else:
            fetched.numbers[field] = _numbers(connection, field)
    return fetched


def needs_of(root: Part) -> tuple[set[Key], set[str]]:
    """The keys and the number fields that a filter names."""
    keys: set[Key] = set()
    fields: set[str] = set()
    for term in terms_in(root):
        if term.operator not in ("=", "!="):
            fields.add(term.field)
            continue
        keys |= {(term.field, value or None) for value in term.values}
        if any(number_of(value) is not None for value in term.values):
            fields.add(term.field)
    return keys, fields


def _products(connection: sqlite3.Connection, key: Key) -> Ids:
    field, value = key
    if value is None:
        return products_where(connection, "field = ?", (field,))
    return products_where(connection, "field = ? AND value = ?", (field, value))


def _numbers(connection: sqlite3.Connection, field: str) -> tuple[Ids, Numbers]:
    rows = connection.execute(
        "SELECT product_id, number FROM terms WHERE field = ? AND number IS NOT NULL "
        "ORDER BY product_id",
        (field,),
    ).fetchall()
    if not rows:
        return np.empty(0, np.int64), np.empty(0)
    pairs = np.array(rows, np.float64)
    return pairs[:, 0].astype(np.int64), np.ascontiguousarray(pairs[:, 1])
