"""Two tiers of vectors against arithmetic done by hand."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from index.errors import StrangeVector
from index.tiers import Tiered
from tests.some_vectors import some_vectors

DIMENSION = 8


def test_an_empty_index_finds_nothing() -> None:
    ids, scores = Tiered(DIMENSION).search(some_vectors(1, DIMENSION)[0], 5, None)
    assert len(ids) == len(scores) == 0


def test_vectors_of_another_shape_are_refused_and_leave_nothing_behind() -> None:
    index = Tiered(DIMENSION)
    with pytest.raises(StrangeVector):
        index.add(np.array([1]), np.array([1]), np.zeros((1, DIMENSION - 1), np.float32))
    assert len(index) == index.slots.count == 0


def test_removing_what_is_not_there_is_no_error() -> None:
    index = Tiered(DIMENSION)
    index.add(np.array([3]), np.array([1]), some_vectors(1, DIMENSION))
    index.remove(np.array([1, 2]))
    index.remove(np.array([3, 3]))
    assert len(index) == 0


@settings(max_examples=60, deadline=None)
@given(
    count=st.integers(1, 80),
    k=st.integers(1, 100),
    gone=st.sets(st.integers(1, 160), max_size=60),
    allowed=st.none() | st.sets(st.integers(1, 400), max_size=90),
    seed=st.integers(0, 1_000),
)
def test_search_equals_brute_force_whatever_was_removed_and_is_allowed(
    count: int, k: int, gone: set[int], allowed: set[int] | None, seed: int
) -> None:
    ids = np.arange(1, 2 * count + 1, 2, dtype=np.int64)
    vectors = some_vectors(count, DIMENSION, seed)
    index = Tiered(DIMENSION)
    index.add(ids, ids, vectors)
    index.remove(np.array(sorted(gone), dtype=np.int64))
    query = some_vectors(1, DIMENSION, seed + 1)[0]
    wanted = None if allowed is None else np.array(sorted(allowed), dtype=np.int64)
    found, scores = index.search(query, k, wanted)
    present = [i for i in ids if i not in gone and (allowed is None or i in allowed)]
    exact = sorted((float(vectors[(i - 1) // 2] @ query) for i in present), reverse=True)[:k]
    assert set(found.tolist()) <= set(present)
    assert np.allclose(scores, exact, atol=1e-5)


def test_compacting_changes_no_answer() -> None:
    index = Tiered(DIMENSION)
    ids = np.arange(1, 4_001)
    index.add(ids, ids, some_vectors(4_000, DIMENSION))
    assert not index.is_wasteful
    index.remove(ids[:2_600])
    assert index.is_wasteful
    query = some_vectors(1, DIMENSION, 9)[0]
    again = index.compacted()
    assert len(again) == len(index) == 1_400
    assert again.slots.end < index.slots.end
    assert again.search(query, 5, None)[0].tolist() == index.search(query, 5, None)[0].tolist()
