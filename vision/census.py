"""What kinds of thing a shop has, and whether what is asked is none of them.

The best score says little about it: a kettle is most like some hat. But it is *named* a kettle,
and a shop of clothes has no such thing. So the shop is asked how much of each kind those of its
pictures show that show most of it; a query is strange where that is less than of nearly all the
shop's own.

Counting the kind's share of the whole shop instead made what is rare strange: of garments cut
from street photos a shop of 9,583 refused 21 % though it had their kind. By its best thirtieth it
refuses a tenth, and of snaps and of other departments as many as before (docs/model.md).
"""

from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

from vision.embedding import Vector
from vision.kinds import Kinds

FEWEST: Final = 30
"""Pictures under which a shop is too small to be counted: nothing is strange there."""
ORDINARY: Final = 0.01
"""The share of the shop's own pictures that are stranger than its ordinary ones."""
BEST_SHARE: Final = 0.03
"""The part of the shop by which a kind is judged: that which shows most of it. At .01 a few
pictures taken for what they are not speak for a kind, at .1 what is rare is strange again."""
BEST_LEAST: Final = 30
"""At .03 of it alone, a shop of 60 refused two and a half times as often what it has."""
SMOOTHING: Final = 1e-3  # how much of a kind is shown that none shows


@dataclass(frozen=True, slots=True, eq=False)
class Census:
    """`logs` (K): the logarithm of how much of each kind the shop's best for it show. `ordinary`:
    how familiar its least familiar ordinary picture is."""

    kinds: Kinds
    logs: npt.NDArray[np.float32]
    ordinary: float

    @classmethod
    def of(cls, kinds: Kinds, vectors: Vector) -> "Census | None":
        """Of the shop's `vectors` (N, dimension); None under FEWEST."""
        if len(vectors) < FEWEST:
            return None
        shares = kinds.shares(vectors)
        best = min(max(BEST_LEAST, int(BEST_SHARE * len(shares))), len(shares))
        shown = np.partition(shares, len(shares) - best, axis=0)[-best:].mean(axis=0)
        logs = np.log(shown + SMOOTHING).astype(np.float32)
        return cls(kinds, logs, float(np.quantile(shares @ logs, ORDINARY)))

    def familiarity(self, vector: Vector) -> float:
        """How familiar the shop is with a query's kind; under 0, stranger than its ordinary own."""
        return float((self.kinds.shares(vector[None]) @ self.logs)[0]) - self.ordinary
