"""A shop's vectors in two tiers: a large base that never changes, and what came since, compared one
by one. A small shop is all second tier.

Promises: what was added is found by the next search and what was removed is not; scores of the
second tier are exact, those of the base right to 1e-5.
"""

import numpy as np

from index import bits
from index.base import Base
from index.bits import Bits
from index.flat import Flat
from index.slots import Slots
from index.vectors import Ids, Scores, Vectors, best, require_shape
from vision.embedding import Vector

WASTE = 1_000  # dead slots that are not worth a thought


class Tiered:
    """A VectorIndex in this process's memory; sets of pictures may be given as slots too."""

    def __init__(self, dimension: int, base: Base | None = None) -> None:
        self._dimension = dimension
        self.base = base
        self.slots = Slots(base)
        self._new = Flat(dimension)

    @property
    def dimension(self) -> int:
        return self._dimension

    def __len__(self) -> int:
        return self.slots.count

    @property
    def added(self) -> int:
        """How many vectors are compared one by one, dead ones too."""
        return len(self._new)

    @property
    def held_bytes(self) -> int:
        """What it takes in memory for good."""
        slots = 20 * self.slots.end + 2 * self.slots.size_bytes
        base = 0 if self.base is None else self.base.held_bytes
        return base + slots + 4 * self._dimension * len(self._new)

    def add(self, ids: Ids, products: Ids, vectors: Vectors) -> None:
        require_shape(vectors, len(ids), self._dimension)
        if len(ids):
            self._new.append(vectors)
            self.slots.append(ids, products)

    def remove(self, ids: Ids) -> None:
        if len(ids):
            self.slots.forget(ids)

    def search(self, vector: Vector, k: int, allowed: Ids | None) -> tuple[Ids, Scores]:
        if allowed is None:
            return self.search_among(vector, k, None)
        chosen = bits.none_of(self.slots.size_bytes)
        bits.add_to(chosen, self.slots.of_pictures(np.asarray(allowed, np.int64)))
        return self.search_among(vector, k, chosen)

    def search_among(
        self, vector: Vector, k: int, chosen: Bits | None, *, exact: bool = False
    ) -> tuple[Ids, Scores]:
        """As `search`, among the slots of `chosen`; `exact` compares every one, as a yardstick."""
        vector = np.ascontiguousarray(vector, np.float32)
        found, scores = self._search_new(vector, k, chosen)
        if self.base is not None and len(self.base):
            among = self._of_base(chosen)
            if exact:
                rows, nearness = self.base.exact(vector, k, among)
            else:
                is_filter = chosen is not None
                rows, nearness = self.base.search(vector, k, among, is_filter=is_filter)
            found, scores = np.concatenate((rows, found)), np.concatenate((nearness, scores))
            top = best(scores, k)
            found, scores = found[top], scores[top]
        return self.slots.pictures[found], scores

    def _of_base(self, chosen: Bits | None) -> Bits | None:
        size = self.slots.first_new // 8
        if chosen is not None:
            return chosen[:size] & self.slots.alive[:size]
        return self.slots.alive[:size].copy() if self.slots.dead_in_base else None

    def _search_new(self, vector: Vector, k: int, chosen: Bits | None) -> tuple[Ids, Scores]:
        start, count = self.slots.first_new, len(self._new)
        alive = self.slots.alive[start // 8 :]
        if chosen is not None:
            alive = alive & chosen[start // 8 : start // 8 + len(alive)]
        allowed = np.unpackbits(alive, count=count, bitorder="little").view(bool)
        rows, scores = self._new.search(vector, k, None if allowed.all() else allowed)
        return rows + start, scores

    @property
    def is_wasteful(self) -> bool:
        """Whether more slots are dead than alive where nobody else will clear them away."""
        return self.base is None and len(self._new) > 2 * len(self) + WASTE

    def compacted(self) -> "Tiered":
        """The same without dead slots; only without a base."""
        fresh = Tiered(self._dimension)
        living = self.slots.living()
        fresh.add(self.slots.pictures[living], self.slots.products[living], self._new.rows[living])
        return fresh

    def contents(self) -> tuple[Ids, Ids, Vectors]:
        """Living pictures, their products and vectors, by ascending id; only without a base."""
        living = self.slots.living()
        return self.slots.pictures[living], self.slots.products[living], self._new.rows[living]
