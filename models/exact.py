"""Fits what tells "exactly this product" from "something like it" (no torch).

Of each query the nearest products are at hand, with the cosines of their blocks and which of them
is the very one. A conditional logit (McFadden 1974) weighs the blocks; a logistic regression of
the likeness and its lead makes a probability of it. It must also hold for shoppers whose product
is not sold here: every query is asked a second time with its product gone.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from models.calibrate import Bools, Floats, fit_logistic
from vision.agreement import exact_chances, leads
from vision.spec import Exactness

ABSENT = 0.5
"""How much the same queries without their product weigh beside those with it. With 1 other views
promised .35 where .54 were right; with .25 something was taken for every fifth absent product."""
CONSIDERED = 3  # hits of a query that the probability is fitted on: the rest are far behind
STEPS, RIDGE = 60, 1e-2


@dataclass(frozen=True, slots=True)
class Asked:
    """Queries and their nearest products, as the index finds them: the `scores` that they are
    ranked by (Q, N), the `cosines` of their blocks (Q, N, B), and where the very product is,
    `right` (Q, N), nowhere for a query whose product is not sold. `weight`: of all of them
    together, in a fit; `groups` are what a bootstrap draws whole."""

    scores: Floats
    cosines: Floats
    right: Bools
    weight: float
    groups: Sequence[str]

    @property
    def found(self) -> Bools:
        """The queries whose product is among the nearest."""
        return np.asarray(self.right.any(1), bool)

    def without(self) -> "Asked":
        """The same queries in a shop that lacks their products."""
        gone = np.where(self.right[..., None], -1.0, self.cosines)
        scores = np.where(self.right, -1.0, self.scores)
        return Asked(scores, gone, np.zeros_like(self.right), ABSENT * self.weight, self.groups)


def fit_exact(asked: Sequence[Asked], blocks: Sequence[str]) -> Exactness | None:
    """What tells the very product, by the named `blocks`; None where none was ever there."""
    if not any(a.found.any() for a in asked):
        return None
    weights = fit_weights(asked)
    rows = [a for a in asked if a.weight > 0]
    rows += [a.without() for a in rows if a.found.any()]
    features, right, counts = [], [], []
    for a in rows:
        likeness = a.cosines @ weights
        ahead = np.array([leads(row) for row in likeness])
        first = np.argsort(-likeness, 1, kind="stable")[:, :CONSIDERED]
        pair = [np.take_along_axis(x, first, 1).ravel() for x in (likeness, ahead)]
        features.append(np.stack(pair, 1))
        right.append(np.take_along_axis(a.right, first, 1).ravel())
        counts.append(np.full(first.size, a.weight / first.size))
    slopes, offset = fit_logistic(
        np.concatenate(features), np.concatenate(right), np.concatenate(counts)
    )
    named = dict(zip(blocks, weights.tolist(), strict=True))
    return Exactness(named, float(slopes[0]), float(slopes[1]), offset)


def fit_weights(asked: Sequence[Asked]) -> Floats:
    """(B,): of the blocks' cosines, so that the very product stands out among the nearest; never
    below 0, for likeness in no block speaks against its being the same."""
    kept = np.ones(asked[0].cosines.shape[2], bool)
    while True:
        found = _logit([(a.cosines[a.found][..., kept], a.right[a.found], a.weight)
                        for a in asked if a.found.any() and a.weight > 0])  # fmt: skip
        weights = np.zeros(len(kept))
        weights[kept] = found
        if (found >= 0).all() or kept.sum() == 1:
            return weights.clip(0.0)
        kept = weights > 0


def _logit(parts: Sequence[tuple[Floats, Bools, float]]) -> Floats:
    """Newton's method; each part counts by its weight, however many queries it has."""
    width = parts[0][0].shape[2]
    weights = np.zeros(width)
    for _ in range(STEPS):
        slope, bend = -RIDGE * weights, RIDGE * np.eye(width)
        for cosines, right, say in parts:
            raised = np.exp((u := cosines @ weights) - u.max(1, keepdims=True))
            chance = raised / raised.sum(1, keepdims=True)
            middle = np.einsum("qn,qnk->qk", chance, cosines)
            target = right / right.sum(1, keepdims=True)
            apart = cosines - middle[:, None]
            slope = slope + say * np.einsum("qn,qnk->k", target, apart) / len(cosines)
            bend = bend + say * np.einsum("qn,qnk,qnl->kl", chance, apart, apart) / len(cosines)
        weights = weights + np.linalg.solve(bend, slope)
    return np.asarray(weights, np.float64)


def chances(exactness: Exactness, asked: Asked, blocks: Sequence[str]) -> Floats:
    """(Q, N): what the serving path promises of each of the nearest."""
    weights = np.array([exactness.weights.get(name, 0.0) for name in blocks])
    likeness = asked.cosines @ weights
    return np.array([exact_chances(exactness, row, leads(row)) for row in likeness])


def by_fold(
    folds: Sequence[Mapping[str, Asked]], blocks: Sequence[str]
) -> list[tuple[Mapping[str, Asked], Exactness]]:
    """Each fold's queries with what was fitted on the others alone, to measure with."""
    found = []
    for place, held in enumerate(folds):
        others = [a for i, fold in enumerate(folds) if i != place for a in fold.values()]
        fitted = fit_exact(others, blocks)
        if fitted is not None:
            found.append((held, fitted))
    return found
