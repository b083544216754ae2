"""The flat index against arithmetic done by hand."""

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from index.errors import StrangeVector
from index.vectors import FlatIndex

DIMENSION = 8


def some_vectors(count: int, seed: int = 0) -> np.ndarray:
    drawn = np.random.default_rng(seed).standard_normal((count, DIMENSION)).astype(np.float32)
    return drawn / np.linalg.norm(drawn, axis=1, keepdims=True)


def test_an_empty_index_finds_nothing() -> None:
    ids, scores = FlatIndex(DIMENSION).search(some_vectors(1)[0], 5, None)
    assert len(ids) == len(scores) == 0


def test_vectors_of_another_shape_are_refused() -> None:
    index = FlatIndex(DIMENSION)
    with pytest.raises(StrangeVector):
        index.add(np.array([1]), np.zeros((1, DIMENSION - 1), np.float32))
    assert len(index) == 0


def test_removing_what_is_not_there_is_no_error() -> None:
    index = FlatIndex(DIMENSION)
    index.add(np.array([3]), some_vectors(1))
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
    vectors = some_vectors(count, seed)
    index = FlatIndex(DIMENSION)
    index.add(ids, vectors)
    index.remove(np.array(sorted(gone), dtype=np.int64))
    query = some_vectors(1, seed + 1)[0]
    wanted = None if allowed is None else np.array(sorted(allowed), dtype=np.int64)
    found, scores = index.search(query, k, wanted)
    present = [i for i in ids if i not in gone and (allowed is None or i in allowed)]
    exact = sorted((float(vectors[(i - 1) // 2] @ query) for i in present), reverse=True)[:k]
    assert set(found.tolist()) <= set(present)
    assert np.allclose(scores, exact, atol=1e-5)


def test_a_saved_index_answers_the_same(tmp_path: Path) -> None:
    index = FlatIndex(DIMENSION)
    index.add(np.arange(50, dtype=np.int64), some_vectors(50))
    index.save(tmp_path / "x.faiss")
    again = FlatIndex.load(tmp_path / "x.faiss", DIMENSION)
    query = some_vectors(1, 9)[0]
    assert again.search(query, 5, None)[0].tolist() == index.search(query, 5, None)[0].tolist()
    again.remove(np.array([0]))
    assert len(again) == 49


def test_a_file_that_holds_no_such_index_is_refused(tmp_path: Path) -> None:
    (tmp_path / "x.faiss").write_bytes(b"IxMp and nothing more")
    with pytest.raises(ValueError, match="holds no index"):
        FlatIndex.load(tmp_path / "x.faiss", DIMENSION)
    FlatIndex(DIMENSION + 1).save(tmp_path / "y.faiss")
    with pytest.raises(ValueError, match="another kind"):
        FlatIndex.load(tmp_path / "y.faiss", DIMENSION)
