"""A closer look at the pictures nearest to a query: where they agree with it, block by block.

What is looked at closely may move up, never down under what was not: an honest order of the first
NEAREST, the vectors' own order behind it. The pictures' own vectors, without their titles, are
what a snap is recognised in: a title says nothing of which one it is.
"""

import json
import math
import sqlite3
from collections.abc import Sequence
from typing import Final, Literal

import numpy as np

from index.fold import Candidate
from index.hits import probability
from index.query import Query
from index.ruling import PIN
from vision.agreement import (
    AGREEMENT_LIFT,
    EXACT_LIFT,
    agreement,
    exact_chances,
    leads,
)
from vision.embedding import Vector, sound
from vision.spec import Calibration, EncoderSpec

NEAREST: Final = 50
"""Pictures looked at; another view of the same product is among as many in 91 % of cases."""
SURE: Final = 0.5
"""From here on it is rather the very product than not, and the shop does have such a thing."""
Column = Literal["vector", "own"]


class Closer:
    """Looks at candidates of one query, inside the transaction of `connection`."""

    def __init__(
        self,
        connection: sqlite3.Connection,
        spec: EncoderSpec,
        query: Query,
        calibration: Calibration | None,
    ) -> None:
        self._connection = connection
        self._spec = spec
        self._query = query
        self._calibration = calibration
        self._agreed: dict[int, float] = {}
        self._exact: dict[int, float] = {}
        self._lifts: dict[int, float] = {}
        self.edges = (math.inf, math.inf)
        """The score and the rank under which nothing more would have been looked at."""

    @property
    def least(self) -> int:
        """How many pictures there must be for it, if there are as many."""
        return NEAREST if self._ranks or self._recognises else 0

    @property
    def knows_it(self) -> bool:
        """Whether the very product seems to be there."""
        return max(self._exact.values(), default=0.0) >= SURE

    def lifted(self, candidates: Sequence[Candidate]) -> list[Candidate]:
        """The same, the nearest of them moved by what a closer look tells.

        Rules act before: who is let in by a boost is moved by what words and it agree on, as if its
        cosine were so much higher, and who is buried leaves its place to another. Of the very
        product nothing is told but among the nearest by score, which no rule touches.
        """
        if not self.least or not candidates:
            return list(candidates)
        near = _nearest(candidates)
        ahead = _foremost(candidates) if any(c.shift for c in candidates) else near
        self.edges = (
            near[-1].score if len(near) == NEAREST else -math.inf,
            ahead[-1].rank if len(ahead) == NEAREST else -math.inf,
        )
        if any(c.picture_id not in self._lifts for c in (*near, *ahead)):
            self._look(near, ahead)
        lifts = self._lifts
        return [
            c._replace(shift=c.shift + lifts[c.picture_id]) if c.picture_id in lifts else c
            for c in candidates
        ]

    def exact(self, candidate: Candidate) -> float | None:
        """How likely its product is the very one, None where that was not looked at."""
        return self._exact.get(candidate.picture_id)

    def probabilities(self, candidates: Sequence[Candidate]) -> list[float]:
        """How likely a shopper calls each the same kind and colour: at least as likely as that it
        is the very product, which is of the same kind and colour. Of two candidates of which one is
        likelier in both, it stays the likelier."""
        if self._weights:
            unknown = [c for c in candidates if c.picture_id not in self._agreed]
            self._agree(unknown)
        return [
            max(
                probability(c.score, self._calibration, self._agreed.get(c.picture_id, 0.0)),
                self._exact.get(c.picture_id, 0.0),
            )
            for c in candidates
        ]

    @property
    def _weights(self) -> dict[str, float]:
        return {} if self._calibration is None else self._calibration.agreement

    @property
    def _ranks(self) -> bool:
        """Whether what words and product agree on moves it: of pictures it is no better order."""
        return bool(self._weights) and self._query.kind != "picture"

    @property
    def _recognises(self) -> bool:
        return self._spec.exact is not None and self._query.seen is not None

    def _look(self, near: Sequence[Candidate], ahead: Sequence[Candidate]) -> None:
        self._lifts = dict.fromkeys((c.picture_id for c in (*near, *ahead)), 0.0)
        if self._ranks and ahead:
            self._agree([c for c in ahead if c.picture_id not in self._agreed])
            least = min(self._agreed[c.picture_id] for c in ahead)
            for c in ahead:
                self._lifts[c.picture_id] += AGREEMENT_LIFT * (self._agreed[c.picture_id] - least)
        if self._recognises:
            self._recognise(near)
            for picture, chance in self._exact.items():
                self._lifts[picture] += EXACT_LIFT * chance**2

    def _agree(self, candidates: Sequence[Candidate]) -> None:
        if not candidates:
            return
        vectors = self._vectors(candidates, "vector")
        asked = self._query.embedding.vector
        found = agreement(self._weights, self._spec.blocks, asked, vectors)
        for candidate, agreed in zip(candidates, found.tolist(), strict=True):
            self._agreed[candidate.picture_id] = agreed

    def _recognise(self, near: Sequence[Candidate]) -> None:
        """Products by their likest picture; those of one picture are told apart by nothing."""
        exactness, seen = self._spec.exact, self._query.seen
        if exactness is None or seen is None:
            return
        vectors = self._vectors(near, "own")
        likeness = agreement(exactness.weights, self._spec.blocks, seen.vector, vectors)
        best: dict[str, float] = {}
        names = [c.pixel_digest or f"product {c.product_id}" for c in near]
        of_product: dict[int, str] = {}
        for place in np.argsort(-likeness, kind="stable").tolist():
            # the likest picture names the product; its other pictures stand for nothing else
            name = of_product.setdefault(near[place].product_id, names[place])
            best.setdefault(name, float(likeness[place]))
        likest = np.array(list(best.values()))
        chances = exact_chances(exactness, likest, leads(likest))
        told = dict(zip(best, chances.tolist(), strict=True))
        self._exact = {c.picture_id: told[of_product[c.product_id]] for c in near}

    def _vectors(self, candidates: Sequence[Candidate], column: Column) -> Vector:
        """(N, dimension); zeros for what is gone or damaged, which agrees with nothing.

        They come as one row, as in `candidates_of`: SQLite lets go of the lock for every row.
        """
        wanted = [c.picture_id for c in candidates]
        read = "vector" if column == "vector" else "coalesce(own, vector)"
        dimension = self._spec.dimension
        ids, told = self._connection.execute(
            f"SELECT json_group_array(picture_id), group_concat(hex({read}), '') FROM vectors "
            f"WHERE picture_id IN (SELECT value FROM json_each(?)) AND length({read}) = ?",
            (json.dumps(wanted), 4 * dimension),
        ).fetchone()
        found = sound(np.frombuffer(bytes.fromhex(told or ""), np.float32).reshape(-1, dimension))
        rows = {picture: row for row, picture in enumerate(json.loads(ids))}
        out = np.zeros((len(wanted), dimension), np.float32)
        for place, picture in enumerate(wanted):
            if picture in rows:
                out[place] = found[rows[picture]]
        return out


def _nearest(candidates: Sequence[Candidate]) -> list[Candidate]:
    return sorted(candidates, key=lambda c: (-c.score, c.picture_id))[:NEAREST]


def _foremost(candidates: Sequence[Candidate]) -> list[Candidate]:
    """Those that are first by their scores and rules; what is pinned takes no place from them."""
    free = (c for c in candidates if c.shift < PIN)
    return sorted(free, key=lambda c: (-c.rank, c.picture_id))[:NEAREST]
