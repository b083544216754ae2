"""A closer look among products that rules move: rules act before it is cut who is looked at."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from index.closer import NEAREST
from index.query import Query
from index.rule import Rule
from index.shelf import Shelf
from tests.fakes import FakeEncoder
from tests.index.doubles import SPEC, THING, ask, at, direction, entry, opened
from vision.spec import Calibration


@pytest.fixture
def shelf(tmp_path: Path) -> Iterator[Shelf]:
    with opened(tmp_path, SPEC) as found:
        yield found


def test_a_rule_without_strength_buries_the_very_product_behind_everything(shelf: Shelf) -> None:
    shelf.write([entry("opposite", [-THING - direction(3, 0.1)])])
    bury = (Rule("last", "bury", "sku=thing"),)
    hits = ask(shelf, top=83, rules=bury).hits
    assert [h.product.sku for h in hits][-1] == "thing"
    assert hits[-1].exact is not None
    assert hits[-1].exact > 0.5  # what is told of it stays true
    pin = (*bury, Rule("first", "pin", skus=("opposite", "other-7")))
    assert [h.product.sku for h in ask(shelf, rules=pin).hits][:2] == ["opposite", "other-7"]


@pytest.mark.parametrize("seed", range(12))
def test_a_rule_acts_before_it_is_cut_who_is_looked_at(tmp_path: Path, seed: int) -> None:
    """A boost of .1 is worth a cosine higher by .1, a bury one lower, wherever a product stood."""
    draw = np.random.default_rng(seed)
    curve = Calibration(0.0, -2.0, 0.0, agreement={"kind": 4.0, "instance": 3.0})
    spec = replace(SPEC, calibrations={"words": curve})
    asked = at(draw.standard_normal(FakeEncoder.DIMENSION))
    points = {f"one-{n}": at(asked.vector + 0.4 * draw.standard_normal(28)) for n in range(160)}
    score = {sku: float(asked.vector @ point.vector) for sku, point in points.items()}
    order = sorted(points, key=lambda sku: -score[sku])
    up, down, pinned = order[49 + seed :: 9][:5], order[seed:60:11], order[90:95]
    with Shelf.open(tmp_path, spec, create=True) as shelf:
        shelf.write([entry(sku, [point.vector]) for sku, point in points.items()])
        rules = (
            Rule("up", "boost", f"sku={','.join(up)}", strength=0.1),
            Rule("down", "bury", f"sku={','.join(down)}", strength=0.1),
            Rule("first", "pin", skus=tuple(pinned)),
        )
        answer = shelf.search(Query(asked, "words", top=140, rules=rules))
    moved = {sku: score[sku] + 0.1 * (sku in up) - 0.1 * (sku in down) for sku in points}
    free = sorted((sku for sku in points if sku not in pinned), key=lambda sku: -moved[sku])
    agreed = {
        sku: 4.0 * cosine(asked.vector[:10], points[sku].vector[:10])
        + 3.0 * cosine(asked.vector[10:], points[sku].vector[10:])
        for sku in free[:NEAREST]
    }
    rank = moved | {sku: moved[sku] + 0.05 * (agreed[sku] - min(agreed.values())) for sku in agreed}
    wanted = [*pinned, *sorted(free, key=lambda sku: -rank[sku])][:140]
    assert [hit.product.sku for hit in answer.hits] == wanted
    for hit in answer.hits:
        assert hit.score == pytest.approx(score[hit.product.sku], abs=1e-5)


def cosine(a: np.ndarray, b: np.ndarray) -> float:
    return float(a @ b / (np.linalg.norm(a) * np.linalg.norm(b)))
