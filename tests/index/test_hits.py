"""Scores become probabilities."""

import math

from hypothesis import given
from hypothesis import strategies as st

from index.hits import probability, refuses
from vision.spec import Calibration


def test_a_calibration_is_a_logistic_curve() -> None:
    curve = Calibration(slope=10, offset=-5, refuse_below=0.3)
    assert probability(0.5, curve) == 0.5
    assert math.isclose(probability(0.8, curve), 1 / (1 + math.exp(-3)))


@given(st.floats(-1, 1), st.floats(-1e4, 1e4), st.floats(-1e4, 1e4))
def test_a_probability_lies_between_0_and_1_whatever_the_calibration(
    score: float, slope: float, offset: float
) -> None:
    assert 0 <= probability(score, Calibration(slope, offset, 0.5)) <= 1


def test_without_a_calibration_the_cosine_stands_in_and_nothing_is_refused() -> None:
    assert probability(0.4, None) == 0.4
    assert probability(-0.4, None) == 0.0
    assert not refuses(0.0, None)
    assert refuses(None, None)


def test_what_blocks_agree_on_counts_beside_the_cosine() -> None:
    curve = Calibration(slope=10, offset=-5, refuse_below=0.3)
    assert math.isclose(probability(0.5, curve, agreed=3), 1 / (1 + math.exp(-3)))


def test_the_nearest_hit_decides_about_refusal() -> None:
    curve = Calibration(10, -5, refuse_below=0.5)
    assert not refuses(probability(0.6, curve), curve)
    assert refuses(probability(0.4, curve), curve)
