"""A gain is a gain on the same queries; a loss in any figure is named."""

import numpy as np
import pytest

from models.adapt_judge import Evidence, first_alike, first_is, losses, share_of_first

EYE = np.eye(4, dtype=np.float32)


def evidence(before: list[float], after: list[float]) -> Evidence:
    found = Evidence()
    groups = [str(i) for i in range(len(before))]
    found.add("colour", np.array(before), np.array(after), groups)
    return found


def test_a_gain_is_told_with_its_paired_interval() -> None:
    found = evidence([0] * 50 + [1] * 50, [1] * 80 + [0] * 10 + [1] * 10).figures(seed=0)["colour"]
    assert (found["queries"], found["before"], found["after"]) == (100, 0.5, 0.9)
    assert found["gain"] == pytest.approx(0.4)
    low, high = found["gain_interval"]
    assert 0.2 < low < 0.4 < high < 0.6


@pytest.mark.parametrize(
    ("before", "after", "lost"),
    [
        ([1] * 100, [1] * 100, []),
        ([1] * 100, [1] * 97 + [0] * 3, ["colour"]),  # more than a point
        ([1] * 1000, [1] * 994 + [0] * 6, ["colour"]),  # less, but surely
        ([1, 0] * 500, [0, 1] * 2 + [1, 0] * 498, []),  # neither
    ],
)
def test_what_falls_is_named(before: list[float], after: list[float], lost: list[str]) -> None:
    assert losses(evidence(before, after).figures(seed=0)) == lost


def test_nothing_asked_is_no_figure() -> None:
    assert evidence([], []).figures(seed=0) == {}


def test_first_hits_are_judged_by_product_value_and_word() -> None:
    rows = np.arange(4)
    assert first_is(EYE, EYE, rows).tolist() == [1, 1, 1, 1]
    values, groups = np.array(["a", "a", "b", "b"]), np.array(["1", "2", "3", "3"])
    near = np.array([[1, 0.9, 0, 0], [0.9, 1, 0, 0], [0, 0, 1, 0.9], [0, 0.5, 0.9, 1]], np.float32)
    # the last two are one article: each finds another's, of another value
    assert first_alike(near, EYE, values, rows, groups).tolist() == [1, 1, 0, 0]
    fits = np.array([[True, True, False, False]])
    assert share_of_first(near[2:3], EYE, fits).tolist() == [0.0]
    assert share_of_first(near[:1], EYE, fits).tolist() == [1.0]
