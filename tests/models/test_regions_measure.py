"""The figures of the card, on cases that can be counted by hand."""

import numpy as np
import pytest

from models.regions_measure import (
    Judged,
    average_precision,
    judge,
    mean_average_precision,
    recall_of_any,
    with_interval,
)
from models.regions_stock import Truth
from vision.photo import Box
from vision.regions import KINDS
from vision.votes import Counted

SIDES = (100, 100)
COAT, BAG = KINDS.index("outer"), KINDS.index("bag")
THERE = [
    Truth("outer", Box(10, 10, 40, 40), 9_000),
    Truth("bag", Box(60, 60, 20, 20), 9_000),
]


def judged(*found: tuple[str, tuple[float, ...], float], truths: list[Truth] = THERE) -> Judged:
    boxes = np.array([box for _, box, _ in found], np.float32).reshape(-1, 4)
    kinds = np.array([KINDS.index(kind) for kind, _, _ in found], np.int64)
    sure = np.array([sure for _, _, sure in found], np.float64)
    return judge(Counted(boxes, kinds, sure.astype(np.float32)), sure, truths, SIDES)


COAT_BOX, BAG_BOX = (0.1, 0.1, 0.5, 0.5), (0.6, 0.6, 0.8, 0.8)


def test_what_is_found_where_it_is_counts_once() -> None:
    one = judged(("outer", COAT_BOX, 0.9), ("outer", COAT_BOX, 0.8), ("bag", BAG_BOX, 0.7))
    assert one.right[:, 0].tolist() == [True, False, True]
    assert average_precision([one], COAT) == 1.0
    assert recall_of_any([one], 0.6) == 1.0
    assert recall_of_any([one], 0.7) == 0.5


def test_another_kind_is_wrong_by_name_and_right_as_a_thing() -> None:
    one = judged(("dress", COAT_BOX, 0.9), ("bag", BAG_BOX, 0.8))
    assert one.right[:, 0].tolist() == [False, True]
    assert one.right[:, 1].tolist() == [True, True]
    assert mean_average_precision([one]) == pytest.approx(0.5)


def test_a_box_that_covers_less_than_half_is_wrong() -> None:
    assert not judged(("outer", (0.1, 0.1, 0.5, 0.28), 0.9)).right.any()


def test_the_surest_is_asked_first() -> None:
    one = judged(("bag", (0.0, 0.0, 0.1, 0.1), 0.95), ("bag", BAG_BOX, 0.5))
    assert average_precision([one], BAG) == pytest.approx(0.5)


def test_what_is_too_small_counts_neither_way() -> None:
    small = [Truth("bag", Box(60, 60, 20, 20), 1_499), THERE[0]]
    one = judged(("bag", BAG_BOX, 0.9), ("outer", COAT_BOX, 0.8), truths=small)
    assert one.count[:, 0].tolist() == [False, True]
    assert recall_of_any([one]) == 1.0


def test_a_kind_that_is_nowhere_has_no_figure() -> None:
    assert np.isnan(average_precision([judged()], KINDS.index("hat")))


def test_the_interval_holds_the_figure() -> None:
    photos = [judged(("outer", COAT_BOX, 0.9)), judged(("bag", BAG_BOX, 0.4)), judged()]
    value, (low, high) = with_interval(recall_of_any, photos, seed=1, resamples=50)
    assert low <= value <= high
