"""The large, unchanging part of a shop's vectors: one file, mapped, searched through its lists.

Rows are ordered by list, so that neighbours lie beside each other on the disk too. The lists and
tables are read into memory (some 100 MB for a million); the vectors themselves, as int16, stay
mapped: the system keeps the pages that are asked for, and can let them go.
"""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from index import bits
from index.bits import Bits, count, slots_in
from index.inverted import Inverted
from index.mapped import Arrays, open_arrays
from index.vectors import Coded, Ids, Scores, best, products_with_rows
from vision.embedding import Vector

EXACT_SHOP = 3_000  # a shop of so few, or
EXACT_ROWS = 6_000  # so few that a filter allows, are all compared: 2 ms, and nothing can be missed
SETTLED = 20  # so many best must stay the best
SETTLED_SHARE = 0.75  # of many wanted; with a quarter recall@400 of toy sets was .82, now .999
FIRST_LISTS = 4
CLEAR = 3.0
DEEPEST = 6_000
DEPTH_PER_K = 2  # rows proposed for each wanted, at least `depth` of them


@dataclass(frozen=True, slots=True)
class Reach:
    """How far a search looks: in how many `probes` (lists) and at how many rows of their proposals
    (`depth`); found by measuring when the base is made."""

    probes: int
    depth: int

    def __post_init__(self) -> None:
        if self.probes < 1 or self.depth < 1:
            raise ValueError(f"a search looks at one list and one row at least, not {self}")


@dataclass(slots=True, eq=False)
class Base:
    """Rows 0 … n-1. `pictures` and `products` are ids by row; `by_picture` and `by_product` the
    rows in the order of those."""

    inverted: Inverted
    raw: Coded
    pictures: Ids
    products: Ids
    by_picture: Ids
    by_product: Ids
    reach: Reach
    facts: dict[str, Any]
    file: Arrays | None = None

    @classmethod
    def open(cls, path: Path) -> "Base":
        """The base in `path`; raises OSError, ValueError if it is damaged or none."""
        return cls.of(open_arrays(path))

    @classmethod
    def of(cls, file: Arrays) -> "Base":
        """The base that `file` holds; raises ValueError if it holds none."""
        try:
            a = file.arrays
            inverted = Inverted.load(a["centres"], a["rotation"], a["lists"])
            reach = Reach(int(file.facts["probes"]), int(file.facts["depth"]))
            base = cls(
                inverted, a["raw"], np.array(a["pictures"]), np.array(a["products"]),
                a["by_picture"], a["by_product"], reach, file.facts, file,
            )  # fmt: skip
        except (KeyError, TypeError) as missing:
            raise ValueError(f"{file.path} holds no base") from missing
        if not len(base) == len(inverted) == len(base.pictures) == len(base.products):
            raise ValueError(f"{file.path} holds no base")
        return base

    def __len__(self) -> int:
        return len(self.raw)

    @property
    def dimension(self) -> int:
        return int(self.raw.shape[1])

    @property
    def held_bytes(self) -> int:
        """What it takes in memory for good."""
        tables = self.pictures.nbytes + self.products.nbytes
        return self.inverted.size_bytes + tables

    @property
    def mapped_bytes(self) -> int:
        """What the system may keep in memory besides, and let go of when it is short."""
        return int(self.raw.nbytes + self.by_picture.nbytes + self.by_product.nbytes)

    def search(
        self, vector: Vector, k: int, allowed: Bits | None, *, is_filter: bool = True
    ) -> tuple[Ids, Scores]:
        """The `k` nearest rows among `allowed` (all, if None), best first.

        min(k, allowed) always come back; all of `allowed` is compared if it is small. Say
        `is_filter` False if only rows here and there are missing in it, as those that went are.
        """
        size = len(self) if allowed is None else count(allowed)
        if size == 0:
            return np.empty(0, np.int64), np.empty(0, np.float32)
        few = EXACT_SHOP if allowed is None else EXACT_ROWS
        if size <= few or DEPTH_PER_K * k >= size:
            rows = np.arange(len(self)) if allowed is None else slots_in(allowed)
            return self._compared(vector, k, rows)
        return self._by_lists(vector, k, allowed, size, is_filter and allowed is not None)

    def exact(self, vector: Vector, k: int, allowed: Bits | None) -> tuple[Ids, Scores]:
        """As `search`, with every allowed row compared, however many."""
        rows = np.arange(len(self)) if allowed is None else slots_in(allowed)
        return self._compared(vector, k, rows)

    def _compared(self, vector: Vector, k: int, rows: Ids) -> tuple[Ids, Scores]:
        scores = products_with_rows(vector, self.raw, rows)
        top = best(scores, k)
        return rows[top], scores[top]

    def _by_lists(
        self, vector: Vector, k: int, allowed: Bits | None, size: int, is_filter: bool
    ) -> tuple[Ids, Scores]:
        """Look into the nearest lists, then into as many again, until the best all lie in the
        nearer half of what was looked into.

        A filter may leave only what is far from the query, where all lists are about equally near:
        where the farther half was allowed, recall@10 was .54 for the lists that suffice without a
        filter, and is 1.00 so. Without one, `reach` says where it ends.
        """
        lists = self.inverted.nearest(vector, np.flatnonzero(self._rows_in_lists(allowed)))
        # the fewer may answer, the wider they are strewn around the query
        strewn = (len(self) / size) ** 0.25 * max(1.0, k / 100) ** 0.5
        keep, wanted = max(k, SETTLED), min(k, size)
        stand = max(SETTLED, min(k - SETTLED, int(SETTLED_SHARE * k)))
        probes = max(FIRST_LISTS, int(self.reach.probes * strewn / 2))
        most = len(lists) if is_filter else min(len(lists), 2 * probes)
        look = _Look(vector, keep, stand, allowed, is_filter)
        rows, scores, done = np.empty(0, np.int64), np.empty(0, np.float32), 0
        while done < most:
            floor = float(scores[look.stand - 1]) if len(scores) >= look.stand else -np.inf
            fresh, theirs = self._proposed(look, lists[done:probes], floor)
            rows, scores = np.concatenate((rows, fresh)), np.concatenate((scores, theirs))
            top = best(scores, keep)
            rows, scores, done = rows[top], scores[top], min(probes, most)
            far = lists[done // 2 : done]
            if len(rows) >= wanted and not self._lie_in(rows[: look.stand], far):
                break
            probes = min(2 * done, most)
        if len(rows) < wanted:  # the codes let go of some that were asked for
            return self.exact(vector, k, allowed)
        return rows[:k], scores[:k]

    def _lie_in(self, rows: Ids, lists: Ids) -> bool:
        """Whether any of `rows` lies in any of `lists`."""
        among = np.zeros(self.inverted.count_of_lists, bool)
        among[lists] = True
        return bool(among[self.inverted.list_of(rows)].any())

    def _proposed(self, look: "_Look", lists: Ids, floor: float) -> tuple[Ids, Scores]:
        """The best that the codes in `lists` propose, compared.

        With a filter, so many are proposed that the best, or `floor`, lie clear of what was not: by
        three times the spread of what the codes are wrong by. Mostly the first proposals suffice.
        """
        depth = max(self.reach.depth, DEPTH_PER_K * look.k)
        while True:
            rows, estimates = self.inverted.propose(look.vector, depth, lists, look.allowed)
            scores = products_with_rows(look.vector, self.raw, rows)
            top = best(scores, look.k)
            if not look.is_filter or not look.stand <= len(rows) == depth < DEEPEST:
                break
            wrong_by = scores - estimates
            last = float(estimates[-1]) + float(wrong_by.mean())
            worst = max(floor, float(scores[top[look.stand - 1]]))
            if worst - last > CLEAR * float(wrong_by.std()):
                break
            depth *= 4
        return rows[top], scores[top]

    def _rows_in_lists(self, allowed: Bits | None) -> Ids:
        """How many allowed rows each list has."""
        bounds = self.inverted.bounds
        if allowed is None:
            return np.diff(bounds)
        return np.diff(bits.count_before(allowed, bounds))


@dataclass(frozen=True, slots=True, eq=False)
class _Look:
    """What one search looks for: the `k` nearest to `vector`, of which the best `stand` must."""

    vector: Vector
    k: int
    stand: int
    allowed: Bits | None
    is_filter: bool
