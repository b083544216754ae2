"""Only unit vectors of one space meet."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from vision.embedding import Embedding, Vector, require_space, sound, unit
from vision.errors import WrongSpace

DIRECTIONS = arrays(np.float32, 8, elements=st.floats(-9, 9, width=32)).filter(
    lambda v: bool(np.linalg.norm(v) > 1e-3)
)


@given(DIRECTIONS)
def test_any_direction_becomes_an_embedding(vector: Vector) -> None:
    embedding = Embedding(unit(vector), "s")
    assert abs(float(np.linalg.norm(embedding.vector)) - 1) < 1e-5


@pytest.mark.parametrize("value", [0.0, float("nan"), float("inf")])
def test_a_vector_without_direction_is_refused(value: float) -> None:
    with pytest.raises(ValueError, match="direction"):
        unit(np.full(4, value, np.float32))


@pytest.mark.parametrize(
    "vector",
    [
        np.full(4, np.nan, np.float32),
        np.ones(4, np.float32),
        np.array([1.0, 0.0]),
        np.eye(2, dtype=np.float32),
    ],
)
def test_an_embedding_is_a_finite_float32_vector_of_length_one(vector: Vector) -> None:
    with pytest.raises(ValueError, match="Embedding"):
        Embedding(vector, "s")


def test_embeddings_of_another_model_are_refused_by_name() -> None:
    with pytest.raises(WrongSpace, match=r"'old'.*'new'"):
        require_space(Embedding(np.array([1, 0], np.float32), "old"), "new")


@pytest.mark.parametrize("number", [np.nan, np.inf, -np.inf, 3e38, 2.0])
def test_a_stored_row_that_is_no_unit_vector_is_taken_for_nothing(number: float) -> None:
    rows = np.eye(3, 5, dtype=np.float32)
    assert sound(rows) is rows
    rows[1, 3] = number
    whole = sound(rows)
    assert whole.dtype == np.float32
    assert whole.tolist() == [[1, 0, 0, 0, 0], [0, 0, 0, 0, 0], [0, 0, 1, 0, 0]]


def test_of_no_rows_all_are_sound() -> None:
    assert sound(np.zeros((0, 5), np.float32)).shape == (0, 5)
