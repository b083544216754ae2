"""A shop knows which kinds of thing it has."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from vision.census import FEWEST, Census
from vision.embedding import Vector
from vision.kinds import Kinds

KINDS = Kinds(np.eye(4, dtype=np.float32), 0, 4)


def shop_of(*counts: int) -> Vector:
    """So many pictures of each kind, none quite alike."""
    rows = np.repeat(np.eye(4, dtype=np.float32)[: len(counts)], counts, axis=0)
    noise = np.random.default_rng(0).normal(0, 0.05, rows.shape)
    return np.asarray(rows + noise, np.float32)


def test_what_the_shop_lacks_is_stranger_than_what_it_has() -> None:
    census = Census.of(KINDS, shop_of(50, 50, 50))
    assert census is not None
    hats, kettle = (np.eye(4, dtype=np.float32)[i] for i in (1, 3))
    assert census.familiarity(hats) > 0
    assert census.familiarity(kettle) < -1


def test_a_shop_of_a_few_pictures_is_not_counted() -> None:
    assert Census.of(KINDS, shop_of(FEWEST - 1)) is None
    assert Census.of(KINDS, shop_of(FEWEST)) is not None


@given(st.lists(st.integers(0, 60), min_size=4, max_size=4).filter(lambda c: sum(c) >= FEWEST))
def test_nearly_all_that_a_shop_has_is_familiar(counts: list[int]) -> None:
    vectors = shop_of(*counts)
    census = Census.of(KINDS, vectors)
    assert census is not None
    strange = sum(census.familiarity(v) < -1e-4 for v in vectors)
    assert strange <= 0.01 * len(vectors) + 1
