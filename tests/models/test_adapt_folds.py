"""Folds keep articles whole; the blend that loses nothing is chosen; scores keep their meaning."""

import numpy as np
import pytest

pytest.importorskip("torch")
pytest.importorskip("onnx")

from models.adapt_folds import BLENDS, Scores, best_blend, carried, fold_of  # after the skip
from models.adapt_judge import Evidence
from models.adapt_trial import FOLDS
from vision.spec import Calibration

pytestmark = pytest.mark.workshop


def evidence(same: float, colour: float) -> Evidence:
    found = Evidence()
    for name, gain in (("same product, alone", same), ("colour, from a picture", colour)):
        found.add(name, np.zeros(10), np.full(10, gain), [str(i) for i in range(10)])
    return found


def test_an_article_lies_in_one_fold_and_all_folds_are_used() -> None:
    folds = [fold_of(f"article {i}", 3) for i in range(200)]
    assert set(folds) == set(range(FOLDS))
    assert folds == [fold_of(f"article {i}", 3) for i in range(200)]


def test_what_finds_most_is_chosen_unless_it_costs_elsewhere() -> None:
    bold, calm = BLENDS[-1], BLENDS[0]
    gains = {blend: evidence(0.0, 0.0) for blend in BLENDS}
    assert best_blend([gains | {bold: evidence(0.3, 0.0), calm: evidence(0.1, 0.0)}]) == bold
    assert best_blend([gains | {bold: evidence(0.3, -0.2), calm: evidence(0.1, 0.0)}]) == calm


def test_as_rare_a_score_means_the_same_probability() -> None:
    rng = np.random.default_rng(0)
    before = rng.normal(0.7, 0.1, 500)
    scores = Scores({"picture": [before]}, {"picture": [before * 0.5 + 0.1]})
    old = {name: Calibration(10.0, -7.0, 0.2) for name in ("picture", "both")}
    for name, new in carried(old, scores).items():
        assert new.slope * 0.45 + new.offset == pytest.approx(10.0 * 0.7 - 7.0), name
        assert new.refuse_below == 0.2
