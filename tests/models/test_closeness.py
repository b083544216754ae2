"""Figures that a collapsed or a broken graph cannot flatter."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from models.closeness import Vectors, compare
from models.errors import ParityLost
from models.gate import GATES, complaint, require


def some(count: int, seed: int = 1, closeness: float = 0.0) -> Vectors:
    """Unit vectors; the nearer `closeness` to 1, the more they all look the same way."""
    rng = np.random.default_rng(seed)
    raw = rng.standard_normal((count, 24)) * (1 - closeness) + closeness * np.ones(24)
    return (raw / np.linalg.norm(raw, axis=1, keepdims=True)).astype(np.float32)


def test_the_same_answers_are_the_same() -> None:
    parity = compare(some(40), some(40))
    assert (parity.lowest, parity.agreement) == (pytest.approx(1), 1.0)
    for precision in GATES:
        require("graph", precision, parity)


@given(st.integers(0, 2**31), st.floats(0.0, 0.3))
@settings(max_examples=40, deadline=None)
def test_more_noise_never_looks_better(seed: int, noise: float) -> None:
    reference = some(40, seed)
    rng = np.random.default_rng(seed)
    direction = rng.standard_normal(reference.shape).astype(np.float32)

    def with_noise(scale: float) -> float:
        raw = reference + scale * direction
        found = raw / np.linalg.norm(raw, axis=1, keepdims=True)
        return compare(reference, found.astype(np.float32)).mean

    assert with_noise(noise + 0.1) <= with_noise(noise) + 1e-6


def test_a_network_that_says_one_thing_to_all_pictures_proves_nothing() -> None:
    same = np.repeat(some(1), 40, axis=0)
    with pytest.raises(ParityLost, match="spread"):
        require("graph", "fp32", compare(same, same))


def test_a_cosine_that_closeness_flatters_is_found_out() -> None:
    """All answers lie within .999 of one another: swapping them costs no cosine, but the rank."""
    close = some(40, closeness=0.97)
    swapped = compare(close, np.roll(close, 1, axis=0))
    assert swapped.lowest > 0.99
    assert swapped.centred < 0.5
    assert complaint("int8", swapped) is not None


def test_an_answer_that_is_no_number_passes_no_gate() -> None:
    broken = some(40)
    broken[3] = np.nan
    for precision in GATES:
        assert complaint(precision, compare(some(40), broken)) is not None


def test_too_few_answers_are_not_compared() -> None:
    with pytest.raises(ValueError, match="at least 20"):
        compare(some(19), some(19))
    with pytest.raises(ValueError, match="equal rows"):
        compare(some(40), some(39))
