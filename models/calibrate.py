"""Fits what turns a score into a probability, and when to say "nothing like this" (no torch).

Fitted on the shippable sets' held-out folds, never on the catalogue that measures it.
"""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from vision.spec import Calibration

Floats = npt.NDArray[np.float64]
Bools = npt.NDArray[np.bool_]
SLOPES = (0.0, 60.0)  # a probability that falls as the score rises would be nonsense
STEPS = 50
STANDARD_RIDGE = 0.1  # the same for features of unit deviation: a tenth of one row's say
RIDGE = 1e-3  # keeps the slope finite where the fit could separate perfectly


def fit_platt(scores: Floats, right: Bools) -> tuple[float, float]:
    """(slope, offset) of the logistic regression of `right` on `scores`, by Newton's method, with
    Platt's smoothed targets (1999), so that few queries promise no certainty."""
    good, bad = float(right.sum()), float((~right).sum())
    target = np.where(right, (good + 1) / (good + 2), 1 / (bad + 2))
    centre = float(scores.mean())
    design = np.stack([scores - centre, np.ones_like(scores)], 1)
    weights = np.zeros(2)
    for _ in range(STEPS):
        guess = 1 / (1 + np.exp(-design @ weights))
        slope = design.T @ (target - guess) - RIDGE * weights
        bend = (design * (guess * (1 - guess))[:, None]).T @ design + RIDGE * np.eye(2)
        weights = weights + np.linalg.solve(bend, slope)
    steep = float(np.clip(weights[0], *SLOPES))
    return steep, float(weights[1] - steep * centre)


def fit_logistic(features: Floats, right: Bools, counts: Floats) -> tuple[Floats, float]:
    """(weights (F), offset) of the logistic regression of `right` on `features` (N, F), of which
    each row counts as `counts` (N) says; by Newton's method, with Platt's smoothed targets. No
    weight is below 0: what would speak the other way round is left out."""
    counts = counts * (len(counts) / counts.sum())
    good, bad = float(counts[right].sum()), float(counts[~right].sum())
    target = np.where(right, (good + 1) / (good + 2), 1 / (bad + 2))
    kept = np.ones(features.shape[1], bool)
    while True:
        slopes, offset = _newton(features[:, kept], target, counts)
        weights = np.zeros(len(kept))
        weights[kept] = slopes
        if (slopes >= 0).all():
            return weights, offset
        kept = weights > 0


def _newton(features: Floats, target: Floats, counts: Floats) -> tuple[Floats, float]:
    centre, spread = features.mean(0), features.std(0) + 1e-6
    design = np.concatenate([(features - centre) / spread, np.ones((len(target), 1))], 1)
    weights = np.zeros(design.shape[1])
    for _ in range(STEPS):
        guess = 1 / (1 + np.exp(-np.clip(design @ weights, -50.0, 50.0)))
        slope = design.T @ (counts * (target - guess)) - STANDARD_RIDGE * weights
        bend = (design * (counts * guess * (1 - guess))[:, None]).T @ design
        weights = weights + np.linalg.solve(bend + STANDARD_RIDGE * np.eye(len(weights)), slope)
    slopes = weights[:-1] / spread
    return np.asarray(slopes, np.float64), float(weights[-1] - slopes @ centre)


def calibrate_agreement(
    cosines: Floats, right: Bools, counts: Floats, names: Sequence[str], refused_wrongly: float
) -> Calibration:
    """A calibration by the cosines (N, B) of the blocks `names`, which would refuse the share
    `refused_wrongly` of these answerable queries."""
    weights, offset = fit_logistic(cosines, right, counts)
    floor = float(np.quantile(probability(cosines @ weights, 1.0, offset), refused_wrongly))
    told = dict(zip(names, weights.tolist(), strict=True))
    return Calibration(0.0, offset, floor, agreement=told)


def probability(scores: Floats, slope: float, offset: float) -> Floats:
    """What the serving path makes of scores."""
    return np.asarray(1 / (1 + np.exp(-(slope * scores + offset))), np.float64)


def calibrate(scores: Floats, right: Bools, refused_wrongly: float) -> Calibration:
    """A calibration that would refuse the share `refused_wrongly` of these answerable queries."""
    slope, offset = fit_platt(scores, right)
    floor = float(np.quantile(probability(scores, slope, offset), refused_wrongly))
    return Calibration(slope, offset, floor)


def calibration_error(probabilities: Floats, right: Bools, bins: int = 15) -> float:
    """Expected calibration error over bins of equal mass (Nguyen and O'Connor 2015)."""
    order = np.argsort(probabilities, kind="stable")
    error = sum(
        len(rows) * abs(probabilities[rows].mean() - right[rows].mean())
        for rows in np.array_split(order, bins) if len(rows)
    )  # fmt: skip
    return float(error / len(right))
