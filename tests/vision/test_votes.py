"""Votes of cells become things: one each, the surest first, inside the picture."""

import numpy as np
import numpy.typing as npt
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from vision.votes import count_votes, overlap

KINDS = 3
Floats = npt.NDArray[np.float32]


def vote(kind: int, sure: float, *box: float) -> Floats:
    row = np.zeros(KINDS + 4, np.float32)
    row[kind] = sure
    row[KINDS:] = box
    return row


def test_cells_that_say_the_same_are_one_thing_between_their_boxes() -> None:
    votes = np.stack([vote(1, 0.9, 0.1, 0.1, 0.5, 0.5), vote(1, 0.9, 0.1, 0.1, 0.5, 0.54)])
    found = count_votes(votes, KINDS)
    assert found.kind.tolist() == [1]
    np.testing.assert_allclose(found.box[0], [0.1, 0.1, 0.5, 0.52], atol=1e-6)


def test_a_part_of_a_thing_is_no_second_thing() -> None:
    whole, sleeve = vote(0, 0.9, 0.1, 0.1, 0.9, 0.9), vote(0, 0.6, 0.2, 0.2, 0.4, 0.4)
    found = count_votes(np.stack([whole, sleeve]), KINDS)
    assert len(found.kind) == 1
    np.testing.assert_allclose(found.box[0], whole[KINDS:])


def test_things_apart_are_two_and_the_surer_comes_first() -> None:
    left, right = vote(2, 0.5, 0.0, 0.0, 0.3, 0.3), vote(2, 0.8, 0.6, 0.6, 0.9, 0.9)
    found = count_votes(np.stack([left, right]), KINDS)
    assert len(found.kind) == 2
    assert found.box[0][0] > found.box[1][0]


def test_many_voters_are_surer_than_one() -> None:
    alone = count_votes(vote(0, 0.8, 0.1, 0.1, 0.5, 0.5)[None], KINDS)
    together = count_votes(np.stack([vote(0, 0.8, 0.1, 0.1, 0.5, 0.5)] * 9), KINDS)
    assert together.score[0] > alone.score[0]


def test_the_same_box_of_another_kind_is_worth_less() -> None:
    coat, dress = vote(0, 0.9, 0.1, 0.1, 0.5, 0.9), vote(1, 0.8, 0.1, 0.1, 0.5, 0.9)
    both, only = count_votes(np.stack([coat, dress]), KINDS), count_votes(dress[None], KINDS)
    assert both.kind.tolist() == [0, 1]
    assert both.score[1] < only.score[0]


def test_cells_that_are_not_sure_say_nothing() -> None:
    assert len(count_votes(vote(0, 0.1, 0.1, 0.1, 0.5, 0.5)[None], KINDS).kind) == 0


@given(arrays(np.float32, (12, KINDS + 4), elements=st.floats(-2, 2, width=32)))
def test_whatever_was_voted_things_are_inside_and_sorted(votes: Floats) -> None:
    votes[:, :KINDS] = np.abs(votes[:, :KINDS]) / 2
    found = count_votes(votes, KINDS)
    assert len(found.box) == len(found.kind) == len(found.score)
    assert np.all((found.box >= 0) & (found.box <= 1))
    assert np.all((found.score >= 0) & (found.score <= 1 + 1e-6))
    assert np.all(np.diff(found.score) <= 0)


@given(arrays(np.float32, (2, 4), elements=st.floats(0, 1, width=32)))
def test_overlap_is_a_share_and_the_same_from_both_sides(boxes: Floats) -> None:
    there, back = overlap(boxes[0], boxes[1:]), overlap(boxes[1], boxes[:1])
    assert 0 <= there[0] <= 1 + 1e-6
    np.testing.assert_allclose(there, back, rtol=1e-5)
