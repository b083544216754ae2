"""The yardstick's figures against slow, plain references."""

import math
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from api.metrics import (
    Judged,
    calibration_error,
    intervals,
    measure,
    ndcg_at,
    percentiles_ms,
    precision_at,
    recall_at,
    reciprocal_rank,
)

found_lists = st.lists(st.booleans(), max_size=30)
pairs = st.lists(st.tuples(st.floats(0, 1), st.booleans()), min_size=1, max_size=80)
answers = st.builds(
    Judged,
    answerable=st.booleans(),
    found=st.lists(st.booleans(), min_size=1, max_size=12).map(tuple),
    relevant=st.integers(12, 40),
    refused=st.booleans(),
    probability=st.floats(0, 1),
)


def plain_recall(found, k):
    for rank in range(1, k + 1):
        if rank <= len(found) and found[rank - 1]:
            return 1.0
    return 0.0


def plain_ndcg(found, relevant, k):
    gain = sum(1 / math.log2(i + 2) for i in range(k) if i < len(found) and found[i])
    ideal = sum(1 / math.log2(i + 2) for i in range(k) if i < relevant)
    return gain / ideal if ideal else 0.0


def plain_ece(rows, bins):
    """Bins as equal as can be, the larger ones first, filled from the lowest probability up."""
    rows = sorted(rows, key=lambda row: row[0])
    size, larger = divmod(len(rows), bins)
    error, start = 0.0, 0
    for b in range(bins):
        part = rows[start : start + size + (b < larger)]
        start += len(part)
        if part:
            confidence = sum(p for p, _ in part) / len(part)
            accuracy = sum(c for _, c in part) / len(part)
            error += len(part) / len(rows) * abs(confidence - accuracy)
    return error


@given(found_lists, st.integers(1, 12))
def test_recall_and_precision_equal_the_plain_reference(found, k):
    assert recall_at(found, k) == plain_recall(found, k)
    assert precision_at(found, k) == pytest.approx(sum(1 for f in found[:k] if f) / k)


@given(found_lists, st.integers(0, 40))
def test_ndcg_equals_the_plain_reference(found, relevant):
    assert ndcg_at(found, relevant, 10) == pytest.approx(plain_ndcg(found, relevant, 10))


@given(found_lists)
def test_the_reciprocal_rank_is_that_of_the_first_expected_hit(found):
    expected = 1 / (found.index(True) + 1) if True in found else 0.0
    assert reciprocal_rank(found) == pytest.approx(expected)


@given(pairs)
def test_the_calibration_error_equals_the_plain_reference(rows):
    p = np.array([r[0] for r in rows])
    c = np.array([float(r[1]) for r in rows])
    assert calibration_error(p, c, 15) == pytest.approx(plain_ece(rows, 15))


@given(st.lists(answers, min_size=1, max_size=40))
def test_figures_lie_in_the_unit_interval_and_recall_grows_with_k(judged):
    result = measure(judged)
    assert all(v is None or -1e-9 <= v <= 1 + 1e-9 for v in result.values())
    if result["recall@1"] is not None:
        for low, high in pairwise(result[f"recall@{k}"] for k in (1, 5, 10)):
            assert low <= high


@given(st.lists(answers, min_size=1, max_size=40))
def test_refusals_are_counted_over_their_own_rows(judged):
    result = measure(judged)
    absent = [j for j in judged if not j.answerable]
    if absent:
        assert result["refused_rightly"] == pytest.approx(
            sum(j.refused for j in absent) / len(absent)
        )
    else:
        assert result["refused_rightly"] is None


def test_an_unreadable_query_counts_as_missed_and_leaves_the_calibration_alone():
    right = Judged(True, (True,), 1, refused=False, probability=1.0)
    unread = Judged(True, (), 1, refused=False, probability=None)
    result = measure([right, unread])
    assert result["recall@1"] == 0.5
    assert result["mrr"] == 0.5
    assert result["ece"] == 0.0


def test_the_very_product_is_judged_over_the_rows_that_name_it():
    sure = Judged(True, (True,), 1, refused=False, probability=0.4, exact=1.0)
    wrong = Judged(True, (False, True), 1, refused=False, probability=0.4, exact=0.9)
    unnamed = Judged(True, (True,), 40, refused=False, probability=0.4)
    assert measure([sure, wrong, unnamed])["exact_ece"] == pytest.approx(0.45)
    assert "exact_ece" not in measure([unnamed])


def test_a_none_row_leaves_the_ranking_figures_alone_but_its_confidence_is_judged():
    right = Judged(True, (True,), 1, refused=False, probability=1.0)
    absent = Judged(False, (False,), 0, refused=True, probability=1.0)
    result = measure([right, absent])
    assert result["recall@1"] == 1.0
    assert result["refused_rightly"] == 1.0
    assert result["refused_wrongly"] == 0.0
    assert result["ece"] == pytest.approx(0.5 * 0 + 0.5 * 1)


def test_no_answerable_query_means_no_figure_instead_of_zero():
    result = measure([Judged(False, (False,), 0, refused=True, probability=0.1)])
    assert result["recall@1"] is None
    assert result["mrr"] is None


@given(st.lists(answers, min_size=2, max_size=30), st.integers(0, 2**32 - 1))
def test_intervals_are_ordered_and_depend_on_the_seed_only(judged, seed):
    one = intervals(judged, chance=np.random.default_rng(seed), resamples=20)
    two = intervals(judged, chance=np.random.default_rng(seed), resamples=20)
    assert one == two
    assert all(v is None or v[0] <= v[1] for v in one.values())
    assert one.keys() == measure(judged).keys()


def test_the_interval_of_a_coin_covers_its_mean():
    judged = [Judged(True, (i % 2 == 0,), 1, refused=False, probability=0.5) for i in range(400)]
    low, high = intervals(judged, chance=np.random.default_rng(7))["recall@1"]
    assert low < 0.5 < high
    assert 0.07 < high - low < 0.13  # 2 × 1.96 × √(.25 / 400) = .098


def test_percentiles_of_nothing_are_none():
    assert percentiles_ms([]) == {"p50": None, "p95": None, "p99": None}
    assert percentiles_ms([4.0])["p99"] == 4.0
