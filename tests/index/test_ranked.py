"""Ranked numbers against numpy's own comparisons, whatever came when."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from index import bits, ranked
from index.filters import Operator
from index.ranked import ORDERS, Ranked

some_numbers = st.one_of(
    st.sampled_from([0.0, -0.0, 1.0, 2.5, 1e300, -1e300]),
    st.floats(-50, 50),
    st.integers(-5, 5).map(float),
)
maybe = st.one_of(some_numbers, st.just(float("nan")))


def check(column: Ranked, numbers: np.ndarray, asked: list[float]) -> None:
    for number in asked:
        for order, compare in ORDERS.items():
            expected = np.flatnonzero(compare(numbers, number)).tolist()
            assert bits.slots_in(column.compare(order, number)).tolist() == expected


@given(
    st.lists(maybe, max_size=60),
    st.lists(st.tuples(st.integers(0, 63), maybe), max_size=20),
    st.lists(some_numbers, max_size=6),
    st.integers(1, 12),
)
def test_comparisons_are_exact_whatever_came_later(
    first: list[float], later: list[tuple[int, float]], asked: list[float], edges: int
) -> None:
    numbers = np.full(64, np.nan)
    numbers[: len(first)] = first
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(ranked, "MOST_EDGES", edges)
        patch.setattr(ranked, "LATER_MOST", 5)
        column = Ranked(numbers.copy())
        asked += [n for n in first[:5] if n == n]
        check(column, numbers, asked)
        for slot, number in later:
            column.put(np.array([slot]), number)
            numbers[slot] = number
            assert column.has(slot) == (number == number)
        column.grow(80)
        numbers = np.concatenate((numbers, np.full(16, np.nan)))
        check(column, numbers, asked + [n for _, n in later if n == n])


def test_more_numbers_than_there_are_edges_are_told_apart() -> None:
    chance = np.random.default_rng(1)
    numbers = np.round(chance.uniform(0, 1_000, 100_000), 4)
    numbers[::7] = 34.0  # what comes often
    column = Ranked(numbers)
    check(column, numbers, [34.0, 500.0, float(numbers[1]), -1.0, 1_001.0])


@pytest.mark.parametrize("order", ["<", "<=", "=", ">", ">="])
def test_a_slot_without_a_number_stands_in_no_order(order: Operator) -> None:
    column = Ranked(np.full(16, np.nan))
    assert bits.count(column.compare(order, 3.0)) == 0
    column.put(np.array([3]), 3.0)
    column.put(np.array([3]), float("nan"))
    assert bits.count(column.compare(order, 3.0)) == 0


def test_where_nothing_grows_nothing_is_copied() -> None:
    column = Ranked(np.arange(64.0))
    numbers, ranks = column._numbers, column._ranks
    column.grow(64)
    column.grow(8)
    assert column._numbers is numbers
    assert column._ranks is ranks
    assert len(column) == 64
