"""What the folds gave, and the calibrations that are fitted on it."""

from dataclasses import dataclass, field, replace

import numpy as np
import numpy.typing as npt

from models.calibrate import calibrate_agreement, calibration_error, probability
from models.exact import Asked, fit_exact
from models.judge import Bools, Tally
from models.strange import Strangeness
from vision.spec import Calibration, Exactness

AGREEING = ("kind", "colour")
"""Blocks that tell whether a hit is of the same kind and colour. The score itself adds nothing to
them; the instance block, where words moved the colour, speaks for what was not asked."""
EXACTING = ("kind", "instance", "colour")
REFUSED_WRONGLY = 0.001  # by the score alone; what is strange is told by models/strange.py
WORDS_SLACK = 0.5
"""How much stranger words may be than a picture: a shop of 450 was as unfamiliar as -.07 with the
name of a kind that it has, a shop of 9,583 as -.25."""


@dataclass(slots=True)
class Scores:
    """How first hits agree with their queries (N, AGREEING) and whether they were right, by kind of
    query."""

    agreed: dict[str, list[npt.NDArray[np.float64]]]
    right: dict[str, list[Bools]]

    def add(self, query: str, agreed: npt.NDArray[np.float64], right: Bools) -> None:
        """More judged first hits."""
        self.agreed.setdefault(query, []).append(agreed)
        self.right.setdefault(query, []).append(np.asarray(right, bool))

    def of(self, query: str) -> tuple[npt.NDArray[np.float64], Bools]:
        """All of one kind of query."""
        return np.concatenate(self.agreed[query]), np.concatenate(self.right[query])


@dataclass(frozen=True, slots=True)
class Evidence:
    """What the folds gave: figures, what to calibrate on, what to measure calibration on; and, fold
    by fold, the queries that ask for exactly a product."""

    tally: Tally
    fitted: Scores
    measured: Scores
    strange: Strangeness
    asked: list[dict[str, Asked]] = field(default_factory=list)


def exactness(evidence: Evidence) -> Exactness | None:
    """What tells the very product, fitted on all folds."""
    return fit_exact([a for fold in evidence.asked for a in fold.values()], EXACTING)


def calibrations(evidence: Evidence) -> dict[str, Calibration]:
    """By kind of query, fitted on the shippable sets."""
    margin = evidence.strange.margin()
    margins = {"picture": margin, "words": margin - WORDS_SLACK, "both": margin}
    found = {}
    for query, least in margins.items():
        agreed, right = evidence.fitted.of(query)
        counts = np.ones(len(right))
        fitted = calibrate_agreement(agreed, right, counts, AGREEING, REFUSED_WRONGLY)
        found[query] = replace(fitted, unfamiliar_below=least)
    return found


def calibration_figures(
    evidence: Evidence, fitted: dict[str, Calibration]
) -> dict[str, dict[str, float]]:
    """How well the calibrations hold on the measuring catalogue, which they never saw.

    `refused_wrongly` is by the score alone; models/strange.py measures the rest.
    """
    found: dict[str, dict[str, float]] = {}
    for query, c in fitted.items():
        agreed, right = evidence.measured.of(query)
        weights = np.array([c.agreement[name] for name in AGREEING])
        chance = probability(agreed @ weights, 1.0, c.offset)
        found[query] = {
            "queries": len(right), "right": float(right.mean()),
            "promised": float(chance.mean()), "ece": calibration_error(chance, right),
            "refused_wrongly": float((chance < c.refuse_below).mean()),
        }  # fmt: skip
    return {q: {n: round(v, 3) for n, v in held.items()} for q, held in found.items()}
