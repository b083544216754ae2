"""Fits what turns a score into a probability, and when to say "nothing like this" (no torch).

Fitted on the shippable sets' held-out folds, never on the catalogue that measures it.
"""

import numpy as np
import numpy.typing as npt

from vision.spec import Calibration

Floats = npt.NDArray[np.float64]
SLOPES = (0.0, 60.0)  # a probability that falls as the score rises would be nonsense
STEPS = 50
RIDGE = 1e-3  # keeps the slope finite where the fit could separate perfectly


def fit_platt(scores: Floats, right: npt.NDArray[np.bool_]) -> tuple[float, float]:
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


def probability(scores: Floats, slope: float, offset: float) -> Floats:
    """What the serving path makes of scores."""
    return np.asarray(1 / (1 + np.exp(-(slope * scores + offset))), np.float64)


def calibrate(scores: Floats, right: npt.NDArray[np.bool_], refused_wrongly: float) -> Calibration:
    """A calibration that would refuse the share `refused_wrongly` of these answerable queries."""
    slope, offset = fit_platt(scores, right)
    floor = float(np.quantile(probability(scores, slope, offset), refused_wrongly))
    return Calibration(slope, offset, floor)


def calibration_error(probabilities: Floats, right: npt.NDArray[np.bool_], bins: int = 15) -> float:
    """Expected calibration error over bins of equal mass (Nguyen and O'Connor 2015)."""
    order = np.argsort(probabilities, kind="stable")
    error = sum(
        len(rows) * abs(probabilities[rows].mean() - right[rows].mean())
        for rows in np.array_split(order, bins) if len(rows)
    )  # fmt: skip
    return float(error / len(right))
