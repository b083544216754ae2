"""A picture and words become one query that keeps what the words do not speak of."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from vision.compose import compose
from vision.embedding import Embedding, Vector, unit
from vision.errors import WrongSpace
from vision.spec import Block

BLOCKS = (Block("kind", 0, 4), Block("instance", 4, 6), Block("colour", 6, 10))
SILENT = np.zeros(10, np.float32)


def embedding(vector: Vector, space: str = "here") -> Embedding:
    return Embedding(unit(vector), space)


def filled(**values: list[float]) -> Vector:
    out = SILENT.copy()
    for block in BLOCKS:
        if block.name in values:
            out[block.start : block.stop] = values[block.name]
    return out


PICTURE = filled(kind=[1, 0, 0, 0], instance=[0, 1], colour=[1, 0, 0, 0])


def test_a_colour_in_words_replaces_the_colour_and_keeps_the_kind() -> None:
    green = filled(colour=[0, 1, 0, 0])
    found = compose(embedding(PICTURE), embedding(green), BLOCKS).vector
    wanted = filled(kind=[1, 0, 0, 0], instance=[0, 1], colour=[0, 1, 0, 0])
    np.testing.assert_allclose(found, unit(wanted), atol=1e-6)


def test_a_kind_and_a_colour_in_words_replace_both() -> None:
    said = filled(kind=[0, 0, 1, 0], colour=[0, 0, 0, 1])
    found = compose(embedding(PICTURE), embedding(said), BLOCKS).vector
    assert found[2] > 0.5
    assert found[9] > 0.5
    assert abs(found[0]) < 1e-6


def test_a_block_of_which_the_words_say_little_moves_little() -> None:
    said = filled(kind=[0, 0.1, 0, 0], colour=[0, 1, 0, 0])
    found = compose(embedding(PICTURE), embedding(said), BLOCKS).vector
    assert found[0] > 0.97 * unit(PICTURE)[0]


def test_a_model_without_blocks_gets_the_normalised_sum() -> None:
    a, b = embedding(filled(kind=[1, 0, 0, 0])), embedding(filled(kind=[0, 1, 0, 0]))
    np.testing.assert_allclose(compose(a, b, ()).vector[:2], [0.5**0.5] * 2, atol=1e-6)


def test_words_that_contradict_the_picture_win() -> None:
    a, b = embedding(PICTURE), embedding(-PICTURE)
    np.testing.assert_allclose(compose(a, b, ()).vector, b.vector, atol=1e-6)
    half = filled(kind=[-1, 0, 0, 0], colour=[-1, 0, 0, 0])
    assert compose(a, embedding(half), BLOCKS).vector[0] < 0


def test_two_spaces_do_not_mix() -> None:
    with pytest.raises(WrongSpace):
        compose(embedding(PICTURE), embedding(PICTURE, "elsewhere"), BLOCKS)


def test_a_block_outside_the_vector_is_refused() -> None:
    with pytest.raises(ValueError, match="outside"):
        compose(embedding(PICTURE), embedding(PICTURE), (Block("kind", 0, 11),))


vectors = arrays(np.float32, 10, elements=st.floats(-1, 1, width=32)).filter(
    lambda v: float(np.linalg.norm(v)) > 0.01
)


@given(vectors, vectors, st.booleans())
@settings(max_examples=300, deadline=None)
def test_whatever_meets_the_result_has_length_one(seen: Vector, said: Vector, cut: bool) -> None:
    found = compose(embedding(seen), embedding(said), BLOCKS if cut else ())
    assert found.space == "here"
    assert abs(float(np.linalg.norm(found.vector)) - 1) < 1e-3


@given(vectors, vectors)
@settings(max_examples=200, deadline=None)
def test_each_block_keeps_the_length_that_the_picture_gave_it(seen: Vector, said: Vector) -> None:
    picture = embedding(seen)
    found = compose(picture, embedding(said), BLOCKS).vector
    for block in BLOCKS:
        run = slice(block.start, block.stop)
        before, after = np.linalg.norm(picture.vector[run]), np.linalg.norm(found[run])
        assert after == pytest.approx(before, abs=1e-3)
