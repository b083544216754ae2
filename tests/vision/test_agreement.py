"""Where a query and products agree, block by block."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from vision.agreement import agreement, contradicts, cosines, exact_chances, leads
from vision.spec import Block, Exactness

BLOCKS = (Block("kind", 0, 2), Block("colour", 2, 4))
KIND, COLOUR = [1.0, 0.0, 0.0, 0.0], [0.0, 0.0, 0.0, 1.0]
EXACT = Exactness({"kind": 1.0, "colour": 2.0}, slope=4.0, lead_slope=3.0, offset=-9.0)


def vectors(*rows: list[float]) -> np.ndarray:
    return np.array(rows, np.float32)


def test_each_block_counts_by_its_weight_and_not_by_its_length() -> None:
    asked = vectors([0.1, 0.0, 0.0, 5.0])[0]
    found = agreement({"kind": 1.0, "colour": 2.0}, BLOCKS, asked,
                      vectors([9, 0, 0, 1], [0, 1, 0, 1], [1, 0, 1, 0]))  # fmt: skip
    assert found == pytest.approx([3.0, 2.0, 1.0])


def test_a_block_that_one_of_the_two_leaves_empty_says_nothing() -> None:
    asked = vectors(KIND)[0]
    assert agreement(
        {"kind": 1.0, "colour": 2.0}, BLOCKS, asked, vectors(KIND, COLOUR)
    ).tolist() == [1, 0]


def test_a_weight_of_a_block_that_the_space_lacks_is_passed_over() -> None:
    assert agreement({"shop": 7.0}, BLOCKS, vectors(KIND)[0], vectors(KIND)).tolist() == [0.0]


def test_the_first_leads_by_its_distance_to_the_second_and_the_others_lag() -> None:
    assert leads(np.array([1.0, 4.0, 3.0])) == pytest.approx([-3.0, 1.0, -1.0])


def test_two_alike_lead_nobody_and_one_alone_has_no_lead() -> None:
    assert leads(np.array([2.0, 2.0])).tolist() == [0.0, 0.0]
    assert leads(np.array([2.0])).tolist() == [0.0]
    assert leads(np.array([])).tolist() == []


numbers = st.lists(st.floats(-1e6, 1e6), min_size=1, max_size=60)


@given(numbers)
def test_chances_lie_between_0_and_1_and_follow_likeness(values: list[float]) -> None:
    likeness = np.array(values)
    found = exact_chances(EXACT, likeness, leads(likeness))
    assert ((found >= 0) & (found <= 1)).all()
    assert (np.diff(found[np.argsort(likeness)]) >= 0).all()


def test_a_double_takes_the_certainty_away() -> None:
    alone, with_double = np.array([3.0, 1.0]), np.array([3.0, 3.0])
    sure = exact_chances(EXACT, alone, leads(alone))[0]
    assert exact_chances(EXACT, with_double, leads(with_double))[0] < sure


def test_words_contradict_where_they_speak_loudly_of_something_else() -> None:
    picture = vectors([0.8, 0.0, 0.6, 0.0])[0]
    assert contradicts(picture, vectors([0, 0, 0, 1])[0], BLOCKS)  # another colour
    assert contradicts(picture, vectors([0, 1, 0, 0])[0], BLOCKS)  # another kind
    assert not contradicts(picture, vectors([0, 0, 1, 0])[0], BLOCKS)  # the colour that it has
    assert not contradicts(picture, vectors([1, 0, 0, 0.1])[0], BLOCKS)  # a faint colour of a kind


def test_without_blocks_words_always_may_contradict() -> None:
    assert contradicts(vectors(KIND)[0], vectors(KIND)[0], ())


def test_a_cosine_with_nothing_is_nought() -> None:
    assert cosines(np.zeros(4, np.float32), vectors(KIND)).tolist() == [0.0]
