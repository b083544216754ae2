"""A base of some thousand clustered vectors against comparing all."""

import numpy as np
import pytest

from index import base as base_file
from index import bits
from index.base import Base, Reach
from index.inverted import Inverted, lists_for
from index.tiers import Tiered
from index.vectors import Ids, coded, decoded
from tests.some_vectors import clustered

COUNT, DIMENSION = 6_000, 32


@pytest.fixture(scope="module")
def base() -> Base:
    vectors = clustered(COUNT, DIMENSION)
    inverted = Inverted.train(vectors, lists_for(COUNT) // 2)
    order = inverted.fill(iter(np.array_split(vectors, 5)))
    pictures = order + 1
    by = np.argsort(pictures).astype(np.int32)
    return Base(
        inverted, coded(vectors)[order], pictures, pictures, by, by, Reach(60, 200), {}
    )  # fmt: skip


def truth(base: Base, query: np.ndarray, k: int, rows: Ids) -> np.ndarray:
    return np.sort(decoded(base.raw[rows]) @ query)[::-1][:k]


def test_rows_lie_list_by_list_and_none_is_lost(base: Base) -> None:
    assert sorted(base.pictures.tolist()) == list(range(1, COUNT + 1))
    sizes = np.diff(base.inverted.bounds)
    assert sizes.sum() == COUNT
    nearness = decoded(base.raw[::50]) @ base.inverted._centres.T
    lists = np.searchsorted(base.inverted.bounds, np.arange(0, COUNT, 50), "right") - 1
    assert (nearness.argmax(axis=1) == lists).mean() > 0.99


def test_most_of_the_ten_nearest_are_found_and_scores_are_right(base: Base) -> None:
    shares = []
    for query in clustered(60, DIMENSION, seed=5):
        rows, scores = base.search(query, 10, None)
        exact = truth(base, query, 10, np.arange(COUNT))
        assert np.allclose(scores, decoded(base.raw[rows]) @ query, atol=1e-6)
        assert (np.diff(scores) <= 0).all()
        shares.append((scores >= exact[-1] - 1e-6).mean())
    assert np.mean(shares) > 0.99


@pytest.mark.parametrize("share", [0.9, 0.6])
@pytest.mark.parametrize("where", ["anywhere", "far from the query", "near the query"])
def test_filters_find_the_ten_nearest_wherever_the_allowed_lie(
    base: Base, share: float, where: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(base_file, "EXACT_ROWS", 100)
    chance, found = np.random.default_rng(1), []
    for query in clustered(30, DIMENSION, seed=6):
        order = np.argsort(decoded(base.raw) @ query)
        rows = {
            "anywhere": chance.permutation(COUNT),
            "far from the query": order,
            "near the query": order[::-1],
        }[where][: int(share * COUNT)]
        allowed = bits.none_of(-(-COUNT // 8))
        bits.add_to(allowed, rows)
        got, scores = base.search(query, 10, allowed)
        assert np.isin(got, rows).all()
        assert len(got) == 10
        found.append((scores >= truth(base, query, 10, rows)[-1] - 1e-6).mean())
    assert np.mean(found) > 0.985


@pytest.mark.parametrize(("k", "least"), [(100, 0.95), (400, 0.99)])
@pytest.mark.parametrize("share", [0.9, 0.6, 0.35])
def test_filters_find_the_many_nearest_too(
    base: Base, k: int, least: float, share: float, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Folding looks at so many; where a quarter of them had to stay the best, .84 were found."""
    monkeypatch.setattr(base_file, "EXACT_ROWS", 100)
    monkeypatch.setattr(base, "reach", Reach(24, 100))
    chance, found = np.random.default_rng(1), []
    for query in clustered(20, DIMENSION, seed=6):
        rows = chance.permutation(COUNT)[: int(share * COUNT)]
        allowed = bits.none_of(-(-COUNT // 8))
        bits.add_to(allowed, rows)
        _, scores = base.search(query, k, allowed)
        found.append((scores >= truth(base, query, k, rows)[-1] - 1e-6).mean())
    assert np.mean(found) > least


def test_a_small_allowed_set_returns_all_of_itself(base: Base) -> None:
    chance = np.random.default_rng(2)
    for size in (0, 1, 7, 300):
        rows = np.sort(chance.choice(COUNT, size, replace=False))
        allowed = bits.none_of(-(-COUNT // 8))
        bits.add_to(allowed, rows)
        got, _ = base.search(clustered(1, DIMENSION, seed=8)[0], 400, allowed)
        assert sorted(got.tolist()) == rows.tolist()


@pytest.mark.parametrize("k", [1, 100, 2_900, 3_500, COUNT, COUNT + 5])
def test_as_many_come_back_as_were_asked_for_and_are_there(base: Base, k: int) -> None:
    query = clustered(1, DIMENSION, seed=9)[0]
    assert len(base.search(query, k, None)[0]) == min(k, COUNT)
    allowed = bits.packed(np.arange(COUNT) % 3 > 0, -(-COUNT // 8))
    assert len(base.search(query, k, allowed)[0]) == min(k, 4_000)


def test_even_a_reach_of_one_list_and_one_row_gives_as_many_as_asked(
    base: Base, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(base, "reach", Reach(1, 1))
    query = clustered(1, DIMENSION, seed=9)[0]
    assert len(base.search(query, 50, None)[0]) == 50


def test_beside_a_base_what_went_is_never_found_and_what_came_is(base: Base) -> None:
    tiered = Tiered(DIMENSION, base)
    chance = np.random.default_rng(4)
    gone = chance.choice(base.pictures, 900, replace=False)
    fresh = clustered(300, DIMENSION, seed=11)
    ids = np.arange(COUNT + 1, COUNT + 301)
    tiered.add(ids, ids, fresh)
    tiered.remove(np.concatenate((gone, ids[:50])))
    stays = ~np.isin(base.pictures, gone)
    everything = np.concatenate((decoded(base.raw)[stays], fresh[50:]))
    shares = []
    for query in clustered(40, DIMENSION, seed=12):
        found, scores = tiered.search(query, 10, None)
        assert not np.isin(found, gone).any()
        assert not np.isin(found, ids[:50]).any()
        shares.append((scores >= np.sort(everything @ query)[-10] - 1e-5).mean())
    assert np.mean(shares) > 0.98
    assert len(tiered) == COUNT - 900 + 250
    assert tiered.search(fresh[77], 1, None)[0].tolist() == [int(ids[77])]


def test_emptied_lists_are_filled_as_the_trained_ones_were(base: Base) -> None:
    again = base.inverted.emptied()
    vectors = np.empty((COUNT, DIMENSION), np.float32)
    vectors[base.pictures - 1] = decoded(base.raw)
    order = again.fill(iter(np.array_split(vectors, 3)))
    assert (order + 1 == base.pictures).mean() > 0.99  # a few lie between two centres
    parts = base.inverted.saved()
    loaded = Inverted.load(parts["centres"], parts["rotation"], parts["lists"])
    assert np.array_equal(loaded.bounds, base.inverted.bounds)
    with pytest.raises(ValueError, match="no lists"):
        Inverted.load(parts["centres"], parts["rotation"], parts["lists"][:99])


def test_a_reach_of_nothing_is_refused() -> None:
    with pytest.raises(ValueError, match="at least"):
        Reach(0, 1)


def test_lists_are_ranked_by_their_centres_and_no_other_is_named(base: Base) -> None:
    some = np.arange(3, base.inverted.count_of_lists, 2)
    for query in clustered(10, DIMENSION, seed=8):  # fewer dimensions than axes: none is lost
        nearness = base.inverted._centres[some] @ query
        found = base.inverted.nearest(query, some)
        assert sorted(found.tolist()) == some.tolist()
        assert np.allclose(nearness[np.searchsorted(some, found)], np.sort(nearness)[::-1])
