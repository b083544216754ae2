"""A closer look: the very product comes first, and nothing is claimed that was not calibrated."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from index.closer import NEAREST
from index.entry import Entry, SeenPicture
from index.hit import Answer
from index.product import Picture, Product
from index.query import Query
from index.shelf import Shelf
from tests.fakes import FakeEncoder, fake_spec
from vision.embedding import Embedding, unit
from vision.spec import Block, Calibration, EncoderSpec, Exactness

SPACE = "fake-1"
BLOCKS = (Block("kind", 0, 10), Block("instance", 10, 28))
EXACT = Exactness({"kind": 1.0, "instance": 4.0}, slope=3.0, lead_slope=6.0, offset=-14.0)
SPEC = replace(fake_spec(title_weight=0.8), blocks=BLOCKS, exact=EXACT)


def direction(place: int, amount: float = 1.0) -> np.ndarray:
    out = np.zeros(FakeEncoder.DIMENSION, np.float32)
    out[place] = amount
    return out


def at(vector: np.ndarray) -> Embedding:
    return Embedding(unit(vector.astype(np.float32)), SPACE)


THING = direction(0) + direction(12)  # a kind, and which one it is
DOUBLE = direction(0) + direction(13)  # another one of that kind
OTHERS = [direction(1 + n % 9) + direction(14 + n % 14) for n in range(80)]


def entry(
    sku: str, vectors: list[np.ndarray], words: Embedding | None = None, **more: str
) -> Entry:
    seen = [
        SeenPicture(Picture(sku, n, f"/{sku}/{n}", "0" * 64, more.get("digest", "")), at(v))
        for n, v in enumerate(vectors)
    ]
    product = Product(sku, group=more.get("group", ""), title="named" if words else "")
    return Entry(product, tuple(seen), "named" if words else "", words)


@pytest.fixture
def shelf(tmp_path: Path) -> Iterator[Shelf]:
    with opened(tmp_path, SPEC) as found:
        yield found


def opened(folder: Path, spec: EncoderSpec) -> Shelf:
    shelf = Shelf.open(folder, spec, create=True)
    # a title draws the very product away from the picture, and its double towards it
    away, towards = at(direction(5)), at(THING)
    shelf.write([entry("thing", [THING], away), entry("double", [DOUBLE], towards)])
    shelf.write([entry(f"other-{n}", [v]) for n, v in enumerate(OTHERS)])
    return shelf


def ask(shelf: Shelf, top: int = 3, **more: object) -> Answer:
    picture = at(THING + direction(3, 0.1))
    return shelf.search(Query(picture, top=top, **({"seen": picture} | more)))  # type: ignore[arg-type] # fields by name


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
