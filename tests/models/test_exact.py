"""What tells the very product is learned from examples, and promises little where it is gone."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from models.calibrate import calibrate_agreement, calibration_error, fit_logistic, probability
from models.exact import Asked, by_fold, chances, fit_exact, fit_weights

BLOCKS = ("kind", "instance", "colour")


def asked(seed: int, queries: int = 400, nearest: int = 12, weight: float = 1.0) -> Asked:
    """Queries whose product agrees in `instance` and a little in `colour`, never in `kind` more
    than any other does."""
    draw = np.random.default_rng(seed)
    cosines = draw.normal(0.4, 0.15, (queries, nearest, 3))
    right = np.zeros((queries, nearest), bool)
    right[np.arange(queries), draw.integers(0, nearest, queries)] = True
    cosines[right] += [0.0, 0.35, 0.1]
    return Asked(cosines.mean(2), cosines, right, weight, [str(n) for n in range(queries)])


def test_the_block_that_tells_products_apart_weighs_most() -> None:
    kind, instance, colour = fit_weights([asked(0)])
    assert instance > colour > kind >= 0


def test_no_block_speaks_against_being_the_same() -> None:
    shown = asked(1)
    shown.cosines[shown.right, 0] -= 0.3
    assert fit_weights([shown])[0] == 0.0


def test_the_promise_is_kept_on_others_with_and_without_their_product() -> None:
    exactness = fit_exact([asked(2, 2_000)], BLOCKS)
    assert exactness is not None
    held = asked(3, 2_000)
    told, gone = chances(exactness, held, BLOCKS), chances(exactness, held.without(), BLOCKS)
    best = told.argmax(1)
    right = held.right[np.arange(len(best)), best]
    assert right.mean() > 0.6
    # two with their product to one without, as in the fit
    promised = np.concatenate([told.max(1), told.max(1), gone.max(1)])
    kept = np.concatenate([right, right, np.zeros(len(best), bool)])
    assert calibration_error(promised, kept) < 0.06
    assert gone.max(1).mean() < told.max(1).mean()


def test_a_shop_that_never_had_the_product_teaches_nothing() -> None:
    assert fit_exact([asked(4).without()], BLOCKS) is None


def test_each_fold_is_measured_with_what_the_others_taught() -> None:
    folds = [{"views": asked(n)} for n in range(3)]
    found = by_fold(folds, BLOCKS)
    assert [held for held, _ in found] == folds
    for place, (_, exactness) in enumerate(found):
        others = [f["views"] for n, f in enumerate(folds) if n != place]
        assert exactness == fit_exact(others, BLOCKS)


def test_queries_that_weigh_nothing_fit_nothing() -> None:
    assert fit_exact([asked(5), asked(6, weight=0.0)], BLOCKS) == fit_exact([asked(5)], BLOCKS)


def test_a_curve_of_several_features_is_found_again() -> None:
    draw = np.random.default_rng(0)
    features = draw.uniform(-1, 1, (30_000, 2))
    right = draw.random(30_000) < probability(features @ [6.0, 3.0], 1.0, -2.0)
    weights, offset = fit_logistic(features, right, np.ones(len(right)))
    assert weights == pytest.approx([6.0, 3.0], abs=0.3)
    assert offset == pytest.approx(-2.0, abs=0.2)


def test_a_calibration_by_blocks_refuses_the_share_it_was_given() -> None:
    draw = np.random.default_rng(1)
    cosines = draw.uniform(-0.2, 0.9, (20_000, 2))
    right = draw.random(20_000) < probability(cosines @ [5.0, 4.0], 1.0, -4.0)
    found = calibrate_agreement(cosines, right, np.ones(len(right)), ("kind", "colour"), 0.05)
    weights = [found.agreement["kind"], found.agreement["colour"]]
    chance = probability(cosines @ weights, 1.0, found.offset)
    assert (chance < found.refuse_below).mean() == pytest.approx(0.05, abs=0.005)
    assert calibration_error(chance, right) < 0.02


rows = st.lists(
    st.tuples(st.floats(-1, 1), st.floats(-1, 1), st.booleans()), min_size=1, max_size=30
)


@given(rows)
@settings(max_examples=100, deadline=None)
def test_any_handful_of_answers_gives_finite_weights_that_are_not_negative(
    told: list[tuple[float, float, bool]],
) -> None:
    features = np.array([[a, b] for a, b, _ in told])
    weights, offset = fit_logistic(features, np.array([r for *_, r in told]), np.ones(len(told)))
    assert np.isfinite([*weights, offset]).all()
    assert (weights >= 0).all()
