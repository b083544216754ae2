"""A picture moved a little by its title."""

import numpy as np
import pytest

from index.blend import MAX_WORDS_CHARS, blend, words_of
from index.product import Product
from vision.embedding import Embedding
from vision.errors import WrongSpace


def along(axis: int, sign: float = 1.0, space: str = "s") -> Embedding:
    vector = np.zeros(4, np.float32)
    vector[axis] = sign
    return Embedding(vector, space)


def test_words_move_a_picture_by_their_weight() -> None:
    moved = blend(along(0), along(1), 0.5).vector
    assert np.allclose(moved, np.array([1, 0.5, 0, 0]) / np.sqrt(1.25))


def test_without_words_or_weight_the_picture_itself_comes_back() -> None:
    picture = along(0)
    assert blend(picture, None, 0.5) is picture
    assert blend(picture, along(1), 0.0) is picture
    assert blend(picture, along(0, -1.0), 1.0) is picture  # they cancel each other out


def test_words_of_another_space_are_refused() -> None:
    with pytest.raises(WrongSpace):
        blend(along(0), along(1, space="t"), 0.5)


def test_the_words_are_the_title_in_one_line_of_bounded_length() -> None:
    assert words_of(Product("a", title=" Red \n bag "), 0.3) == "Red bag"
    assert words_of(Product("a", title="Red bag"), 0.0) == ""
    assert len(words_of(Product("a", title="bag " * 1_000), 0.3)) <= MAX_WORDS_CHARS
