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

EXACT_ROWS = 3_000  # so few allowed are all compared: 0.6 ms, and nothing can be missed
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

    def search(self, vector: Vector, k: int, allowed: Bits | None) -> tuple[Ids, Scores]:
        """The `k` nearest rows among `allowed` (all, if None), best first.

        min(k, allowed) always come back; all of `allowed` is compared if it is small.
        """
        size = len(self) if allowed is None else count(allowed)
        if size == 0:
            return np.empty(0, np.int64), np.empty(0, np.float32)
        if size <= EXACT_ROWS or DEPTH_PER_K * k >= size:
            rows = np.arange(len(self)) if allowed is None else slots_in(allowed)
            return self._compared(vector, k, rows)
        return self._by_lists(vector, k, allowed, size)

    def exact(self, vector: Vector, k: int, allowed: Bits | None) -> tuple[Ids, Scores]:
        """As `search`, with every allowed row compared, however many."""
        rows = np.arange(len(self)) if allowed is None else slots_in(allowed)
        return self._compared(vector, k, rows)

    def _compared(self, vector: Vector, k: int, rows: Ids) -> tuple[Ids, Scores]:
        scores = products_with_rows(vector, self.raw, rows)
        top = best(scores, k)
        return rows[top], scores[top]

    def _by_lists(
        self, vector: Vector, k: int, allowed: Bits | None, size: int
    ) -> tuple[Ids, Scores]:
        nearness = self.inverted.nearness(vector)
        rows_in = self._rows_in_lists(allowed)
        depth = max(self.reach.depth, DEPTH_PER_K * k)
        # the fewer may answer, the wider they are strewn around the query
        strewn = (len(self) / size * max(1.0, k / 100)) ** 0.5
        probes = int(self.reach.probes * strewn)
        while True:
            lists = _nearest_used(nearness, rows_in, probes)
            is_all = len(lists) < probes
            if is_all or int(rows_in[lists].sum()) >= 2 * depth:
                rows, _ = self.inverted.propose(vector, depth, lists, nearness[lists], allowed)
                if is_all or len(rows) >= k:
                    break
            probes *= 2
        if len(rows) < min(k, size):  # estimates of the codes can overflow what was asked for
            return self.exact(vector, k, allowed)
        return self._compared(vector, k, rows)

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


def _nearest_used(nearness: Scores, rows_in: Ids, most: int) -> Ids:
    """The `most` nearest lists among those that have rows; fewer if there are not more."""
    used = np.flatnonzero(rows_in)
    if len(used) <= most:
        return used
    theirs = nearness[used]
    found: Ids = used[np.argpartition(theirs, len(theirs) - most)[len(theirs) - most :]]
    return found
