"""What kinds of thing a shop has, and whether what is asked is none of them.

The best score says little about it: a kettle is most like some hat. But it is *named* a kettle, and
a shop of clothes has no such thing. So the shop's own vectors are counted by kind; a query is
strange where its kinds are rarer here than those of nearly all the shop's own products.

Of pictures from other departments the best score refused 18 %, the census 89 %, with fewer of
the present refused (docs/model.md).
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
SMOOTHING: Final = 1e-4  # the share of a kind that no picture shows


@dataclass(frozen=True, slots=True, eq=False)
class Census:
    """`logs` (K): the logarithm of each kind's share in the shop. `ordinary`: how familiar its
    least familiar ordinary picture is."""

    kinds: Kinds
    logs: npt.NDArray[np.float32]
    ordinary: float

    @classmethod
    def of(cls, kinds: Kinds, vectors: Vector) -> "Census | None":
        """Of the shop's `vectors` (N, dimension); None under FEWEST."""
        if len(vectors) < FEWEST:
            return None
        shares = kinds.shares(vectors)
        logs = np.log(shares.mean(axis=0) + SMOOTHING).astype(np.float32)
        return cls(kinds, logs, float(np.quantile(shares @ logs, ORDINARY)))

    def familiarity(self, vector: Vector) -> float:
        """How familiar the shop is with a query's kind; under 0, stranger than its ordinary own."""
        return float((self.kinds.shares(vector[None]) @ self.logs)[0]) - self.ordinary
