"""The arithmetic that the engines share, against numpy's."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from index.errors import StrangeVector
from index.vectors import best, coded, decoded, products_with, products_with_rows, require_shape
from tests.some_vectors import some_vectors


@settings(max_examples=40, deadline=None)
@given(count=st.integers(0, 1_200), dimension=st.integers(1, 40), seed=st.integers(0, 99))
def test_products_are_those_of_numpy_and_coded_rows_are_right_to_a_hundred_thousandth(
    count: int, dimension: int, seed: int
) -> None:
    block, query = some_vectors(count, dimension, seed), some_vectors(1, dimension, seed + 1)[0]
    exact = block @ query
    assert np.allclose(products_with(query, block), exact, atol=1e-6)
    rows = np.random.default_rng(seed).permutation(count)[: count // 2]
    assert np.allclose(products_with_rows(query, coded(block), rows), exact[rows], atol=1e-4)
    assert np.abs(decoded(coded(block)) - block).max(initial=0) < 2e-5


def test_a_component_a_hair_over_one_does_not_wrap_around() -> None:
    assert coded(np.array([[1.0000001, -1.0000001]], np.float32)).tolist() == [[32767, -32767]]


@given(st.lists(st.integers(-9, 9), max_size=30), st.integers(1, 40))
def test_the_best_are_the_highest_in_order(values: list[int], k: int) -> None:
    scores = np.array(values, np.float32)
    assert scores[best(scores, k)].tolist() == sorted(values, reverse=True)[:k]


def test_vectors_of_another_shape_are_refused() -> None:
    with pytest.raises(StrangeVector):
        require_shape(np.zeros((1, 7), np.float32), 1, 8)
    with pytest.raises(StrangeVector):
        require_shape(np.zeros(8, np.float32), 1, 8)
