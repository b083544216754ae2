"""Scores become honest probabilities, whatever the scores look like."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from models.calibrate import SLOPES, calibrate, calibration_error, fit_platt, probability


def drawn(slope: float, offset: float, count: int = 20_000) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(0)
    scores = rng.uniform(0.2, 0.9, count)
    return scores, rng.random(count) < probability(scores, slope, offset)


def test_the_curve_that_made_the_answers_is_found_again() -> None:
    slope, offset = fit_platt(*drawn(9.0, -5.0))
    assert slope == pytest.approx(9.0, abs=0.5)
    assert offset == pytest.approx(-5.0, abs=0.4)


def test_a_fitted_probability_keeps_its_promise() -> None:
    scores, right = drawn(12.0, -7.0)
    found = calibrate(scores, right, 0.03)
    assert calibration_error(probability(scores, found.slope, found.offset), right) < 0.02


def test_the_threshold_refuses_the_share_it_was_given() -> None:
    scores, right = drawn(12.0, -7.0)
    found = calibrate(scores, right, 0.05)
    refused = probability(scores, found.slope, found.offset) < found.refuse_below
    assert refused.mean() == pytest.approx(0.05, abs=0.005)


def test_a_score_that_tells_nothing_never_counts_against_the_hit() -> None:
    scores, right = drawn(9.0, -5.0)
    slope, _ = fit_platt(scores, ~right)
    assert slope == SLOPES[0]


@given(st.lists(st.tuples(st.floats(-1, 1), st.booleans()), min_size=1, max_size=30))
@settings(max_examples=200, deadline=None)
def test_any_handful_of_answers_gives_finite_numbers(rows: list[tuple[float, bool]]) -> None:
    scores = np.array([s for s, _ in rows])
    found = calibrate(scores, np.array([r for _, r in rows]), 0.03)
    assert np.isfinite([found.slope, found.offset]).all()
    assert 0.0 <= found.refuse_below <= 1.0


def test_perfect_and_worst_promises_measure_nought_and_one() -> None:
    right = np.array([True, False] * 50)
    assert calibration_error(right.astype(float), right) == 0.0
    assert calibration_error((~right).astype(float), right) > 0.9  # a bin may hold both
