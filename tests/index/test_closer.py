"""A closer look: the very product comes first, and nothing is claimed that was not calibrated."""

import threading
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import get_args

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from index.closer import NEAREST, Closer
from index.fold import Candidate
from index.hit import Answer
from index.query import Query, QueryKind
from index.rule import Rule
from index.shelf import Shelf
from tests.fakes import FakeEncoder
from tests.index.doubles import (
    DOUBLE,
    EXACT,
    SPEC,
    THING,
    ask,
    at,
    direction,
    entry,
    opened,
)  # fmt: skip
from vision.embedding import unit
from vision.spec import Calibration


@pytest.fixture
def shelf(tmp_path: Path) -> Iterator[Shelf]:
    with opened(tmp_path, SPEC) as found:
        yield found


def test_the_very_product_comes_first_though_titles_speak_for_its_double(shelf: Shelf) -> None:
    without = [h.product.sku for h in ask(shelf, seen=None).hits]
    assert without[:2] == ["double", "thing"]
    first, second, *_ = ask(shelf).hits
    assert (first.product.sku, second.product.sku) == ("thing", "double")
    assert first.exact is not None
    assert second.exact is not None
    assert first.exact > 0.5 > second.exact
    assert first.score < second.score  # the place is moved, the cosine is told as it is


def test_nothing_is_claimed_without_a_picture_or_a_calibration(
    shelf: Shelf, tmp_path: Path
) -> None:
    assert all(hit.exact is None for hit in ask(shelf, seen=None).hits)
    plain = replace(SPEC, exact=None)
    shelf.close()
    with Shelf.open(tmp_path, plain) as uncalibrated:
        assert all(hit.exact is None for hit in ask(uncalibrated).hits)
        assert [h.product.sku for h in ask(uncalibrated).hits][:2] == ["double", "thing"]


def test_the_order_does_not_depend_on_how_many_are_asked_for(shelf: Shelf) -> None:
    many = [h.product.sku for h in ask(shelf, top=30).hits]
    for top in (1, 2, 5, 20):
        assert [h.product.sku for h in ask(shelf, top=top).hits] == many[:top]


def test_every_place_is_filled_and_what_lies_far_is_not_judged(shelf: Shelf) -> None:
    hits = ask(shelf, top=82).hits
    assert len({h.product.sku for h in hits}) == 82
    assert sum(h.exact is not None for h in hits) == NEAREST


def test_a_product_is_recognised_in_any_of_its_pictures(shelf: Shelf) -> None:
    shelf.write([entry("thing", [direction(7) + direction(20), THING])])
    first = ask(shelf).hits[0]
    assert first.product.sku == "thing"
    assert first.exact is not None
    assert first.exact > 0.5


def test_two_products_with_one_picture_are_one_article_and_as_sure(shelf: Shelf) -> None:
    shelf.write([entry("thing", [THING], digest="d"), entry("again", [THING], digest="d")])
    first = ask(shelf).hits[0]
    assert {first.product.sku, *first.identical} == {"thing", "again"}
    assert first.exact is not None
    assert first.exact > 0.5


def test_a_double_that_cannot_be_told_apart_takes_the_certainty(shelf: Shelf) -> None:
    alone = ask(shelf).hits[0].exact
    shelf.write([entry("twin", [THING])])
    twins = ask(shelf).hits[:2]
    assert {h.product.sku for h in twins} == {"thing", "twin"}
    assert alone is not None
    assert all(h.exact is not None and h.exact < alone for h in twins)


def test_a_shop_that_has_the_very_product_does_not_say_it_has_nothing_like_it(
    tmp_path: Path,
) -> None:
    strict = replace(SPEC, calibrations={"picture": Calibration(1.0, 0.0, refuse_below=1.0)})
    with opened(tmp_path, strict) as shelf:
        assert not ask(shelf).nothing_like_this
        assert ask(shelf, seen=None).nothing_like_this


def test_words_rank_and_promise_by_the_blocks_that_they_speak_of(tmp_path: Path) -> None:
    curve = Calibration(0.0, -2.0, 0.0, agreement={"kind": 4.0})
    spec = replace(SPEC, calibrations={"words": curve})
    with opened(tmp_path, spec) as shelf:
        asked = at(direction(0) + direction(20, 0.9))
        hits = shelf.search(Query(asked, "words", top=40)).hits
        promised = {h.product.sku: h.probability for h in hits}
        assert promised["thing"] > 0.5
        assert hits[0].product.sku in ("thing", "double")
        assert min(promised.values()) == pytest.approx(1 / (1 + np.exp(2.0)), abs=1e-3)


def test_a_damaged_vector_agrees_with_nothing_and_breaks_nothing(shelf: Shelf) -> None:
    with shelf.database.writing() as connection:
        connection.execute(
            "UPDATE vectors SET own = x'00' WHERE picture_id IN (SELECT pictures.id FROM pictures "
            "JOIN products ON products.id = product_id WHERE sku = 'thing')"
        )
    hits = ask(shelf).hits
    assert hits[0].product.sku == "double"


def damage(shelf: Shelf, column: str, blob: bytes, sku: str = "thing") -> None:
    with shelf.database.writing() as connection:
        connection.execute(
            f"UPDATE vectors SET {column} = ? WHERE picture_id IN (SELECT pictures.id FROM "
            "pictures JOIN products ON products.id = product_id WHERE sku = ?)",
            (blob, sku),
        )


def told(answer: Answer) -> list[tuple[str, float, float, float | None]]:
    return [(h.product.sku, h.score, h.probability, h.exact) for h in answer.hits]


NONSENSE = [np.nan, np.inf, -np.inf, 3e38, -1e20, 7.0]


@pytest.mark.parametrize("number", NONSENSE)
@pytest.mark.parametrize("whole", [False, True], ids=["one number", "every number"])
def test_a_row_of_nonsense_agrees_with_nothing_and_disturbs_no_neighbour(
    shelf: Shelf, number: float, whole: bool
) -> None:
    damage(shelf, "own", b"")  # the wrong length: known to agree with nothing
    wanted = told(ask(shelf, top=82))
    row = np.full(FakeEncoder.DIMENSION, number, np.float32) if whole else unit(THING)
    row[4] = number
    damage(shelf, "own", row.tobytes())
    assert told(ask(shelf, top=82)) == wanted


@pytest.mark.parametrize("number", NONSENSE)
def test_a_shop_opened_with_a_row_of_nonsense_answers_with_the_others(
    shelf: Shelf, tmp_path: Path, number: float
) -> None:
    shelf.write([entry("nonsense", [DOUBLE + direction(9)])])
    blob = np.full(FakeEncoder.DIMENSION, number, np.float32).tobytes()
    damage(shelf, "vector", blob, "nonsense")
    damage(shelf, "own", blob, "nonsense")
    shelf.close()
    with Shelf.open(tmp_path, SPEC) as anew:
        hits = ask(anew, top=83).hits
        assert [h.product.sku for h in hits][:2] == ["thing", "double"]
        damaged = next(h for h in hits if h.product.sku == "nonsense")
        assert damaged.score == 0.0
        assert np.isfinite([(h.score, h.probability, h.exact or 0.0) for h in hits]).all()


LIKELY = replace(
    SPEC, calibrations={"picture": Calibration(3.0, -2.0, 0.0, agreement={"kind": 1.0})}
)


@pytest.fixture(scope="module")
def likely(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shelf]:
    with opened(tmp_path_factory.mktemp("shop"), LIKELY) as found:
        yield found


@settings(max_examples=60, deadline=None)
@given(
    asked=arrays(np.float32, FakeEncoder.DIMENSION, elements=st.floats(-1, 1, width=32)),
    towards=st.floats(0, 1),
    kind=st.sampled_from(get_args(QueryKind)),
)
def test_none_is_likelier_the_very_product_than_of_its_kind(
    likely: Shelf, asked: np.ndarray, towards: float, kind: QueryKind
) -> None:
    """And nobody loses by it: who is likelier than another in both stays the likelier."""
    mixed = towards * THING + (1 - towards) * asked
    assume(np.linalg.norm(mixed) > 0.01)
    near = at(mixed)
    hits = likely.search(Query(near, kind, top=82, seen=near)).hits
    plain = {h.product.sku: h for h in likely.search(Query(near, kind, top=82)).hits}
    before = [plain[h.product.sku].probability for h in hits]
    very = [h.exact or 0.0 for h in hits]
    after = [h.probability for h in hits]
    assert all(0.0 <= e <= p <= 1.0 for e, p in zip(very, after, strict=True))
    # batches of other sizes are summed in another order: the last digits may differ
    assert after == pytest.approx(np.maximum(before, very).tolist(), abs=1e-9)


def test_a_refusal_is_judged_by_the_probability_that_hits_tell(tmp_path: Path) -> None:
    """Under SURE it is not known to be there, but no more unlikely than the hit says."""
    unsure = replace(EXACT, offset=-40.0)
    curve = Calibration(1.0, -9.0, refuse_below=0.01)  # of kind and colour: .0003 at most
    spec = replace(SPEC, exact=unsure, calibrations={"picture": curve})
    with opened(tmp_path, spec) as shelf:
        shelf.write([entry("thing", [THING])])  # without its title the nearest by its cosine, too
        answer = ask(shelf)
        assert 0.01 < answer.hits[0].probability < 0.5
        assert not answer.nothing_like_this
        assert ask(shelf, seen=None).nothing_like_this


@pytest.mark.parametrize(
    "rules", [(), (Rule("last", "bury", "sku=other-1,other-2", strength=0.1),)]
)
def test_more_of_the_same_answer_begins_like_it_beside_a_product_left_out(
    tmp_path: Path, rules: tuple[Rule, ...]
) -> None:
    """ "Show more" asks for more hits: the pictures of the product that others are to be like take
    no place among those that are looked at closely, however few hits are asked for."""
    curve = Calibration(0.0, -2.0, 0.0, agreement={"kind": 4.0, "instance": 6.0})
    spec = replace(SPEC, calibrations={"both": curve})
    draw = np.random.default_rng(4)
    with opened(tmp_path, spec) as shelf:
        shelf.write([entry("itself", [THING + direction(n, 0.1) for n in range(14, 28)] * 3)])
        scattered = [
            entry(f"near-{n}", [THING + 0.3 * draw.standard_normal(28)]) for n in range(99)
        ]
        shelf.write(scattered)
        more = {"kind": "both", "exclude_sku": "itself", "rules": rules}
        many = [h.product.sku for h in ask(shelf, top=181, **more).hits]
        assert len(many) == 181
        for top in (1, 3, 8, 20, 60):
            assert [h.product.sku for h in ask(shelf, top=top, **more).hits] == many[:top]


def test_what_is_put_or_deleted_while_it_is_looked_at_counts_from_the_next_search_on(
    shelf: Shelf, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = told(ask(shelf, top=82))
    look, first = Closer.lifted, iter([True])

    def meanwhile() -> None:
        shelf.delete("thing")
        shelf.write([entry("double", [direction(8)]), entry("newcomer", [THING])])

    def lifted(closer: Closer, candidates: Sequence[Candidate]) -> list[Candidate]:
        if next(first, False):
            writer = threading.Thread(target=meanwhile, daemon=True)
            writer.start()
            writer.join(120)
            assert not writer.is_alive()
        return look(closer, candidates)

    monkeypatch.setattr(Closer, "lifted", lifted)
    assert told(ask(shelf, top=82)) == before
    after = ask(shelf, top=82).hits
    assert after[0].product.sku == "newcomer"
    assert "thing" not in [h.product.sku for h in after]
