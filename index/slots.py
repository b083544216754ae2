"""Slots: a number for each picture in this process's memory, dense, so that sets are bitmaps.

Slots 0 … n-1 are the base's rows; after them (from a multiple of eight) come pictures added since,
in the order of coming, which is that of their ids. A picture that goes leaves its slot dead until
the base is made anew. The pictures of a product come and go together, but for one whose vector was
damaged: it comes again, alone.
"""

import numpy as np

from index import bits
from index.base import Base
from index.bits import Bits, SlotIds
from index.owners import Owners
from index.vectors import Ids

ROOM_BYTES = 1_024  # grown by at least so many: 8,192 slots
NONE = -1


class Slots:
    """Which picture and product each slot holds, and which slots are alive."""

    def __init__(self, base: Base | None) -> None:
        self._base = base
        rows = 0 if base is None else len(base)
        self.first_new = -(-rows // 8) * 8
        self.end = self.first_new
        self._pictures: Ids = np.zeros(self.first_new, np.int64)
        self._products: Ids = np.zeros(self.first_new, np.int64)
        self.alive: Bits = bits.none_of(self.first_new // 8 + ROOM_BYTES)
        self.leading: Bits = self.alive.copy()
        """One slot of each product, whose bit counts the product once; may be dead."""
        self._lead_of = np.full(0, NONE, np.int32)
        if base is not None and rows:
            self._pictures[:rows], self._products[:rows] = base.pictures, base.products
            self.alive = bits.packed(np.ones(rows, bool), len(self.alive))
            in_order = base.products[base.by_product]
            first = np.concatenate(([True], in_order[1:] != in_order[:-1]))
            leads = np.zeros(rows, bool)
            leads[base.by_product[first]] = True
            self.leading = bits.packed(leads, len(self.alive))
            self._lead(np.flatnonzero(leads))
        self.dead_in_base = 0
        self.count = rows

    @property
    def size_bytes(self) -> int:
        """How long a bitmap over all slots is."""
        return len(self.alive)

    @property
    def pictures(self) -> Ids:
        """The picture in each slot; 0 in none."""
        return self._pictures[: self.end]

    @property
    def products(self) -> Ids:
        """The product of each slot; 0 in none."""
        return self._products[: self.end]

    @property
    def room_for_products(self) -> int:
        """More than the highest product id in any slot."""
        return len(self._lead_of)

    def append(self, pictures: Ids, products: Ids) -> None:
        """Give slots to pictures with ids higher than all before."""
        start, self.end = self.end, self.end + len(pictures)
        if self.end > len(self._pictures):
            room = len(pictures) + max(8 * ROOM_BYTES, self.end // 4)
            self._pictures = np.concatenate((self._pictures[:start], np.zeros(room, np.int64)))
            self._products = np.concatenate((self._products[:start], np.zeros(room, np.int64)))
            self._grow()
        self._pictures[start : self.end] = pictures
        self._products[start : self.end] = products
        bits.add_to(self.alive, np.arange(start, self.end))
        leads = start + np.unique(products, return_index=True)[1]
        # Of a product that stays, one picture may be seen again and come alone, or in two batches;
        # one put anew has left dead slots behind.
        before = self._leads_of(self._products[leads])
        stays = (before != NONE) & bits.holds(self.alive, before.clip(min=0))
        bits.add_to(self.leading, leads[~stays])
        self._lead(leads[~stays])
        self.count += len(pictures)

    def _lead(self, slots: SlotIds) -> None:
        """Note that these slots lead their products."""
        products = self._products[slots]
        most = int(products.max(initial=0)) + 1
        if most > len(self._lead_of):
            room = np.full(most + most // 4 - len(self._lead_of), NONE, np.int32)
            self._lead_of = np.concatenate((self._lead_of, room))
        self._lead_of[products] = slots

    def _leads_of(self, products: Ids) -> SlotIds:
        """The slot that led each product last; NONE for none."""
        found = np.full(len(products), NONE, np.int64)
        known = products < len(self._lead_of)
        found[known] = self._lead_of[products[known]]
        return found

    def _grow(self) -> None:
        needed = -(-len(self._pictures) // 8)
        if needed > len(self.alive):
            self.alive = bits.grown(self.alive, needed)
            self.leading = bits.grown(self.leading, needed)

    def forget(self, pictures: Ids) -> int:
        """Let the slots of `pictures` die; how many did. Those not present are no error."""
        found = self.of_pictures(np.unique(pictures))
        found = found[bits.holds(self.alive, found)]
        bits.take_from(self.alive, found)
        self.count -= len(found)
        self.dead_in_base += int((found < self.first_new).sum())
        return len(found)

    def of_pictures(self, pictures: Ids) -> SlotIds:
        """The slots, dead ones too, of those `pictures` that have one, in their order."""
        found = np.full(len(pictures), -1, np.int64)
        new = self._pictures[self.first_new : self.end]
        if len(new):
            at = np.searchsorted(new, pictures).clip(max=len(new) - 1)
            here = new[at] == pictures
            found[here] = at[here] + self.first_new
        if self._base is not None and len(self._base):
            by = self._base.by_picture
            at = np.searchsorted(self._base.pictures, pictures, sorter=by).clip(max=len(by) - 1)
            rows = by[at].astype(np.int64)
            here = self._base.pictures[rows] == pictures
            found[here] = rows[here]
        return found[found >= 0]

    def of_products(self, products: Ids) -> SlotIds:
        """The slots, dead ones too, of all pictures of `products`."""
        new = self._products[self.first_new : self.end]
        found = [np.flatnonzero(np.isin(new, products)) + self.first_new]
        if self._base is not None and len(self._base):
            by, owners = self._base.by_product, self._base.products
            low = np.searchsorted(owners, products, "left", sorter=by)
            high = np.searchsorted(owners, products, "right", sorter=by)
            found += [by[a:b].astype(np.int64) for a, b in zip(low, high, strict=True) if b > a]
        return np.concatenate(found)

    def living(self, chosen: Bits | None = None) -> SlotIds:
        """The slots that are alive (and in `chosen`), ascending."""
        return bits.slots_in(self.alive if chosen is None else self.alive & chosen)

    def owners(self) -> Owners:
        """Living pictures by ascending id, and their products."""
        slots = self.living()
        pictures = self._pictures[slots]
        order = np.argsort(pictures, kind="stable")
        return Owners(pictures[order], self._products[slots][order])
