"""How well things are found, against the masks' boxes: average precision a kind, recall of any.

One detection a truth: within a photo the surest detection takes the truth it covers best (IoU at
least a half); a second one on it is wrong. Truths under LEAST_PIXELS count neither way.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from models.regions_stock import Truth
from vision.regions import KINDS
from vision.votes import Counted, overlap

Floats = npt.NDArray[np.float64]
LEAST_PIXELS = 1_500
HALF = 0.5
PRECISION = 0.7
RESAMPLES = 1_000
_ANY = -1


@dataclass(frozen=True, slots=True, eq=False)
class Judged:
    """A photo's detections: `sure` (M), `kind` (M), whether `right` with its kind and with any
    (M, 2), whether they `count` (M, 2); `truths` (K + 1): how many of a kind, of all at the end."""

    sure: Floats
    kind: npt.NDArray[np.int64]
    right: npt.NDArray[np.bool_]
    count: npt.NDArray[np.bool_]
    truths: npt.NDArray[np.int64]


def judge(found: Counted, sure: Floats, truths: Sequence[Truth], sides: tuple[int, int]) -> Judged:
    """Match a photo's detections, of probability `sure`, with its truths; `sides`: its pixels."""
    order = np.argsort(-sure, kind="stable")
    boxes, kinds = found.box[order], found.kind[order]
    right = np.zeros((len(order), 2), bool)
    count = np.ones((len(order), 2), bool)
    width, height = sides
    edges = np.array(
        [[t.box.x / width, t.box.y / height, (t.box.x + t.box.w) / width,
          (t.box.y + t.box.h) / height] for t in truths], np.float32,
    ).reshape(-1, 4)  # fmt: skip
    named = np.array([KINDS.index(t.kind) for t in truths], np.int64)
    large = np.array([t.pixels >= LEAST_PIXELS for t in truths], bool)
    for column in (0, 1):
        free = np.ones(len(truths), bool)
        for row, (box, kind) in enumerate(zip(boxes, kinds, strict=True)):
            covered = overlap(box, edges) * free * ((named == kind) | (column == 1))
            best = int(covered.argmax()) if len(covered) else 0
            if not len(covered) or covered[best] < HALF:
                continue
            free[best] = False
            right[row, column], count[row, column] = large[best], large[best]
    there = np.bincount(named[large], minlength=len(KINDS))
    return Judged(sure[order], kinds, right, count, np.append(there, there.sum()))


def average_precision(judged: Sequence[Judged], kind: int) -> float:
    """Area under the precision-recall curve of a kind, all points (VOC 2010); NaN where none."""
    there = sum(int(j.truths[kind]) for j in judged)
    if not there:
        return float("nan")
    hits, precision = _curve(judged, kind)
    best = np.maximum.accumulate(precision[::-1])[::-1]
    return float((np.diff(hits, prepend=0) * best).sum() / there)


def mean_average_precision(judged: Sequence[Judged]) -> float:
    """Over the kinds that are there at all."""
    found = [average_precision(judged, kind) for kind in range(len(KINDS))]
    return float(np.nanmean(found))


def recall_of_any(judged: Sequence[Judged], precision: float = PRECISION) -> float:
    """The share of things found, of whatever kind they are called, where `precision` is reached."""
    hits, reached = _curve(judged, _ANY)
    there = sum(int(j.truths[_ANY]) for j in judged)
    return float(hits[reached >= precision].max(initial=0) / max(1, there))


def _curve(judged: Sequence[Judged], kind: int) -> tuple[Floats, Floats]:
    """Hits and precision among the n surest, for n = 1, 2, …"""
    column = 1 if kind == _ANY else 0
    kept = [(j.count[:, column] & ((j.kind == kind) | (kind == _ANY)), j) for j in judged]
    sure = np.concatenate([j.sure[k] for k, j in kept])
    right = np.concatenate([j.right[k, column] for k, j in kept])
    hits = np.cumsum(right[np.argsort(-sure, kind="stable")]).astype(np.float64)
    return hits, hits / np.arange(1, len(hits) + 1)


def with_interval(
    figure: Callable[[Sequence[Judged]], float], judged: Sequence[Judged], seed: int,
    resamples: int = RESAMPLES,
) -> tuple[float, tuple[float, float]]:  # fmt: skip
    """The figure and its 95 % interval by bootstrap over photos."""
    rng = np.random.default_rng(seed)
    drawn = [
        figure([judged[i] for i in rng.integers(0, len(judged), len(judged))])
        for _ in range(resamples)
    ]
    low, high = np.nanpercentile(drawn, (2.5, 97.5))
    return figure(judged), (float(low), float(high))
