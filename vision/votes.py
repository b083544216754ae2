"""Counts the votes of a picture's cells: which say the same thing, where it is, how sure they are.

Promise: the same votes give the same things in the same order; no thing is smaller than a pixel or
reaches outside the picture.
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float32]
WORTH_COUNTING = 0.2
"""Of 1.0: a cell that is less sure says nothing."""
MOST_VOTES = 120  # a kind
SAME_THING, PART_OF_IT = 0.3, 0.65
"""Boxes of one kind are votes for one thing where they overlap by more than the first (intersection
over union), or where so much of the smaller lies in the larger: a sleeve is no other coat."""
SAME_BOX = 0.5  # votes that differ by more do not move its box
VOTERS = 0.5
"""The rest of its confidence a box has from how many cells vote for it, at most MANY."""
MANY = 8
SHADOWED, SHADOW = 0.85, 0.6
"""A box that covers a surer one of another kind by more than the first is worth the second times:
mostly it is the same garment, doubted between coat and dress."""


@dataclass(frozen=True, slots=True, eq=False)
class Counted:
    """Things, surest first: `box` (M, 4) left, top, right, bottom in 0..1, `kind` (M) the number of
    the kind, `score` (M) in 0..1, higher is surer, no probability."""

    box: Floats
    kind: npt.NDArray[np.int64]
    score: Floats


def count_votes(votes: Floats, kinds: int) -> Counted:
    """What `votes` (cells, kinds + 4) agree on: each kind's confidence, then the box."""
    sure, boxes = votes[:, :kinds], np.clip(votes[:, kinds:], 0, 1)
    found: list[tuple[float, int, Floats]] = []
    for kind in range(kinds):
        found += [(score, kind, box) for score, box in _agreed(sure[:, kind], boxes)]
    found.sort(key=lambda thing: (-thing[0], thing[1]))
    if not found:
        return Counted(np.zeros((0, 4), np.float32), np.zeros(0, np.int64), np.zeros(0, np.float32))
    scores = np.array([score for score, _, _ in found], np.float32)
    placed = np.stack([box for _, _, box in found])
    numbers = np.array([kind for _, kind, _ in found], np.int64)
    return _shadowed(Counted(placed, numbers, scores))


def _agreed(sure: Floats, boxes: Floats) -> list[tuple[float, Floats]]:
    """The things of one kind: the surest vote's neighbours move its box, and leave with it."""
    rows = np.argsort(-sure, kind="stable")[:MOST_VOTES]
    rows = rows[sure[rows] >= WORTH_COUNTING]
    found = []
    while len(rows):
        common, contained = _common(boxes[rows[0]], boxes[rows])
        near = (common >= SAME_THING) | (contained >= PART_OF_IT)
        near[0] = True  # also where its own box is empty
        voters = rows[near & ((common >= SAME_BOX) | (np.arange(len(rows)) == 0))]
        weight = sure[voters] ** 2
        box = (boxes[voters] * weight[:, None]).sum(0) / weight.sum()
        found.append((_support(sure[voters]), box.astype(np.float32)))
        rows = rows[~near]
    return found


def _support(sure: Floats) -> float:
    """How sure a thing is: its surest cell, and the mean of its MANY surest (0 where fewer)."""
    many = np.zeros(MANY, np.float32)
    best = np.sort(sure)[::-1][:MANY]
    many[: len(best)] = best
    return float((1 - VOTERS) * best[0] + VOTERS * many.mean())


def _shadowed(found: Counted) -> Counted:
    score = found.score.copy()
    for second in range(1, len(score)):
        before = overlap(found.box[second], found.box[:second]) > SHADOWED
        if np.any(before & (found.kind[:second] != found.kind[second])):
            score[second] *= SHADOW
    order = np.argsort(-score, kind="stable")
    return Counted(found.box[order], found.kind[order], score[order])


def overlap(box: Floats, others: Floats) -> Floats:
    """Intersection over union of one box (4) with `others` (M, 4); 0 for empty ones."""
    return _common(box, others)[0]


def _common(box: Floats, others: Floats) -> tuple[Floats, Floats]:
    """Intersection over union of one box (4) with others (M, 4); over the smaller of the two."""
    inner = np.minimum(box[2:], others[:, 2:]) - np.maximum(box[:2], others[:, :2])
    both = np.clip(inner, 0, None).prod(1)
    own = np.clip(box[2:] - box[:2], 0, None).prod()
    area = np.clip(others[:, 2:] - others[:, :2], 0, None).prod(1)
    union, smaller = own + area - both, np.minimum(own, area)
    return (
        np.asarray(both / np.maximum(union, 1e-9), np.float32),
        np.asarray(both / np.maximum(smaller, 1e-9), np.float32),
    )
