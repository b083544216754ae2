"""The large, unchanging part of a shop's vectors: one file, mapped, searched through its lists.

Rows are ordered by list, so that neighbours lie beside each other on the disk too. The lists and
tables are read into memory (some 100 MB for a million); the vectors themselves, as int16, stay
mapped: the system keeps the pages that are asked for, and can let them go.
"""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from index.bits import Bits, count, slots_in
from index.inverted import Inverted
from index.mapped import Arrays, open_arrays
from index.vectors import Coded, Ids, Scores, best, products_with_rows
from vision.embedding import Vector

EXACT_SHOP = 3_000  # a shop of so few, or
EXACT_ROWS = (
    12_000  # so few that a filter allows, are all compared: 2 ms, and nothing can be missed
)
SETTLED = 10  # or a quarter of what is wanted: so many best must stay the best
SETTLED_SHARE = 4
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
        """Look into the nearest lists; with a filter, into as many again until none is better.

        A filter may leave only what is far from the query, where all lists are about equally near:
        where the farther half was allowed, recall@10 was .54 for the lists that suffice without a
        filter, and is 1.00 so.
        """
        nearness = self.inverted.nearness(vector)
        rows_in = self._rows_in_lists(allowed)
        # the fewer may answer, the wider they are strewn around the query
        strewn = (len(self) / size * max(1.0, k / 100)) ** 0.5
        probes = int(self.reach.probes * strewn)
        if is_filter and self._is_far(nearness, rows_in, size):
            probes = 2 * probes
        elif is_filter:  # in two halves: the second must find nothing better
            probes = probes // 2 + 1
        lists = _by_nearness(nearness, rows_in, None if is_filter else probes)
        rows, scores = np.empty(0, np.int64), np.empty(0, np.float32)
        must_stand = min(k, max(SETTLED, k // SETTLED_SHARE))
        done = 0
        while done < len(lists):
            some = lists[done:probes]
            fresh, theirs = self._proposed(
                vector, k, (some, nearness[some]), allowed, must_stand if is_filter else 0
            )
            known = len(rows)
            rows, scores = np.concatenate((rows, fresh)), np.concatenate((scores, theirs))
            top = best(scores, k)
            rows, scores = rows[top], scores[top]
            settled = not is_filter or bool((top[:must_stand] < known).all())
            if settled and len(rows) >= min(k, size):
                return rows, scores
            done, probes = probes, 2 * probes
        if len(rows) < min(k, size):  # the codes let go of some that were asked for
            return self.exact(vector, k, allowed)
        return rows, scores

    def _proposed(
        self,
        vector: Vector,
        k: int,
        lists: tuple[Ids, Scores],
        allowed: Bits | None,
        must_stand: int,
    ) -> tuple[Ids, Scores]:
        """The best that the codes in `lists` (with their nearness) propose, compared.

        So many are looked at that the best `must_stand` lie clear of what was not: by three times
        the spread of what the codes are wrong by. Mostly the first look suffices.
        """
        depth = max(self.reach.depth, DEPTH_PER_K * k)
        while True:
            rows, estimates = self.inverted.propose(vector, depth, *lists, allowed)
            scores = products_with_rows(vector, self.raw, rows)
            top = best(scores, k)
            if len(rows) < depth or len(top) < must_stand or depth >= DEEPEST:
                break
            wrong_by = scores - estimates
            last = float(estimates[-1]) + float(wrong_by.mean())
            if must_stand == 0 or scores[top[must_stand - 1]] - last > CLEAR * wrong_by.std():
                break
            depth *= 4
        return rows[top], scores[top]

    def _is_far(self, nearness: Scores, rows_in: Ids, size: int) -> bool:
        """Whether the lists nearest to the query hold less than half their share of what is
        allowed."""
        near = _by_nearness(nearness, np.diff(self.inverted.bounds), self.reach.probes)
        there = int(np.diff(self.inverted.bounds)[near].sum())
        return 2 * int(rows_in[near].sum()) * len(self) < size * there

    def _rows_in_lists(self, allowed: Bits | None) -> Ids:
        """How many allowed rows each list has; up to 14 too many, never too few."""
        bounds = self.inverted.bounds
        if allowed is None:
            return np.diff(bounds)
        before = np.zeros(len(allowed) + 1, np.int64)
        np.cumsum(np.bitwise_count(allowed), out=before[1:])
        found: Ids = before[(bounds[1:] + 7) >> 3] - before[bounds[:-1] >> 3]
        found[bounds[1:] == bounds[:-1]] = 0
        return found


def _by_nearness(nearness: Scores, rows_in: Ids, most: int | None) -> Ids:
    """The lists that have rows, the nearest first; the nearest `most` in any order if given."""
    used = np.flatnonzero(rows_in)
    theirs = nearness[used]
    if most is None:
        found: Ids = used[np.argsort(-theirs)]
    elif len(used) > most:
        found = used[np.argpartition(theirs, len(theirs) - most)[len(theirs) - most :]]
    else:
        found = used
    return found
