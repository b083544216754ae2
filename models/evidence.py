"""What the folds gave, and the calibrations that are fitted on it."""

from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from models.calibrate import calibrate, calibration_error, probability
from models.judge import Bools, Tally
from models.strange import Strangeness
from vision.spec import Calibration

REFUSED_WRONGLY = 0.001  # by the score alone; what is strange is told by models/strange.py
WORDS_SLACK = 0.5
"""How much stranger words may be than a picture: a shop of 450 was as unfamiliar as -.07 with the
name of a kind that it has, a shop of 9,583 as -.25."""


@dataclass(slots=True)
class Scores:
    """Top scores and whether they were right, by kind of query."""

    scores: dict[str, list[npt.NDArray[np.float64]]]
    right: dict[str, list[Bools]]

    def add(self, query: str, scores: npt.NDArray[np.float64], right: Bools) -> None:
        """More judged first hits."""
        self.scores.setdefault(query, []).append(scores)
        self.right.setdefault(query, []).append(np.asarray(right, bool))

    def of(self, query: str) -> tuple[npt.NDArray[np.float64], Bools]:
        """All of one kind of query."""
        return np.concatenate(self.scores[query]), np.concatenate(self.right[query])


@dataclass(frozen=True, slots=True)
class Evidence:
    """What the folds gave: figures, what to calibrate on, what to measure calibration on."""

    tally: Tally
    fitted: Scores
    measured: Scores
    strange: Strangeness


def calibrations(evidence: Evidence) -> dict[str, Calibration]:
    """By kind of query, fitted on the shippable sets."""
    margin = evidence.strange.margin()
    margins = {"picture": margin, "words": margin - WORDS_SLACK, "both": margin}
    return {
        query: replace(
            calibrate(*evidence.fitted.of(query), REFUSED_WRONGLY), unfamiliar_below=least
        )
        for query, least in margins.items()
    }


def calibration_figures(
    evidence: Evidence, fitted: dict[str, Calibration]
) -> dict[str, dict[str, float]]:
    """How well the calibrations hold on the measuring catalogue, which they never saw.

    `refused_wrongly` is by the score alone; models/strange.py measures the rest.
    """
    found: dict[str, dict[str, float]] = {}
    for query, c in fitted.items():
        scores, right = evidence.measured.of(query)
        chance = probability(scores, c.slope, c.offset)
        found[query] = {
            "queries": len(scores), "right": float(right.mean()),
            "promised": float(chance.mean()), "ece": calibration_error(chance, right),
            "refused_wrongly": float((chance < c.refuse_below).mean()),
        }  # fmt: skip
    return {q: {n: round(v, 3) for n, v in held.items()} for q, held in found.items()}
