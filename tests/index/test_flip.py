"""Flips: price and stock change, nothing else does."""

from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from index import catalogue
from index.errors import BadProduct, ChangedMeanwhile, UnknownProduct
from index.filters import parse_filter
from index.flip import KEEP, Flip, Flipped
from index.product import Picture, Product
from index.query import Query
from index.shelf import Shelf
from index.terms import terms_of
from tests.fakes import FakeEncoder, fake_spec
from vision.embedding import Embedding, unit

POINT = Embedding(unit(np.arange(1, FakeEncoder.DIMENSION + 1, dtype=np.float32)), "fake-1")


def put(shelf: Shelf, sku: str, price: float | None = 10.0, stock: int | None = 3) -> None:
    product = Product(sku, title="Bag", price=price, stock=stock, colour="red")
    shelf.put(product, [Picture(sku, 0, f"/{sku}", "0", "")], [POINT])


@pytest.fixture
def shelf(tmp_path: Path) -> Shelf:
    shelf = Shelf.open(tmp_path, fake_spec(title_weight=0), create=True)
    put(shelf, "a")
    put(shelf, "b")
    return shelf


def found(shelf: Shelf, filter_text: str) -> set[str]:
    hits = shelf.search(Query(POINT, filter=parse_filter(filter_text), unfold=True)).hits
    return {hit.product.sku for hit in hits}


def test_a_flip_is_found_by_the_next_search_and_leaves_all_else(shelf: Shelf) -> None:
    assert shelf.flip(Flip("a", price=7.5)).changed
    assert shelf.flip(Flip("b", stock=0)).changed
    assert shelf.get("a") == Product("a", title="Bag", price=7.5, stock=3, colour="red")
    assert found(shelf, "price<8") == {"a"}
    assert found(shelf, "price=10") == {"b"}
    assert found(shelf, "stock>0") == {"a"}


def test_none_takes_the_price_away(shelf: Shelf) -> None:
    shelf.flip(Flip("a", price=None, stock=None))
    assert (shelf.get("a").price, shelf.get("a").stock) == (None, None)
    assert found(shelf, "price>0") == found(shelf, "stock>=0") == {"b"}


def test_what_is_so_already_writes_nothing(shelf: Shelf) -> None:
    def sequence() -> int:
        with shelf.database.reading() as connection:
            return catalogue.sequence_of(connection)

    before = sequence()
    assert not shelf.flip(Flip("a", price=10.0, stock=3)).changed
    assert sequence() == before
    done = shelf.flip_all([Flip("a", stock=4), Flip("b", stock=4), Flip("b", stock=4)])
    assert done == [
        Flipped("a", True, f"1-{before + 1}"), Flipped("b", True, f"2-{before + 1}"),
        Flipped("b", False, f"2-{before + 1}"),
    ]  # fmt: skip
    assert sequence() == before + 1


def test_an_unknown_sku_costs_itself_only(shelf: Shelf) -> None:
    done = shelf.flip_all([Flip("a", stock=9), Flip("none", stock=9), Flip("\ud800"), Flip("b")])
    assert [isinstance(one, UnknownProduct) for one in done] == [False, True, True, False]
    assert shelf.get("a").stock == 9
    with pytest.raises(UnknownProduct):
        shelf.flip(Flip("none"))


@pytest.mark.parametrize("said", [{"price": -1.0}, {"price": float("nan")}, {"stock": -1}])
def test_what_is_no_price_or_stock_is_refused(said: dict[str, float]) -> None:
    with pytest.raises(BadProduct):
        Flip("a", **said)  # type: ignore[arg-type] # of several kinds


@settings(
    max_examples=60, deadline=None,
    # one shop flips and flips
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)  # fmt: skip
@given(
    said=st.lists(
        st.tuples(
            st.sampled_from("ab"),
            st.just(KEEP) | st.none() | st.floats(0, 1e11),
            st.just(KEEP) | st.none() | st.integers(0, 2**53 - 1),
        ),
        max_size=6,
    )
)
def test_terms_and_vectors_stay_those_of_the_product(
    said: list[tuple[str, float, int]], shelf: Shelf
) -> None:
    shelf.flip_all([Flip(*one) for one in said])
    with shelf.database.reading() as connection:
        for sku in "ab":
            known = catalogue.get_id(connection, sku)
            rows = connection.execute(
                "SELECT field, value, number, shown FROM terms WHERE product_id = ?", (known,)
            ).fetchall()
            wanted = [(t.field, t.value, t.number, t.shown) for t in terms_of(shelf.get(sku))]
            assert sorted(rows, key=str) == sorted(wanted, key=str)
    assert len(shelf.search(Query(POINT, unfold=True)).hits) == 2


def test_a_change_that_names_a_version_fails_on_any_other(shelf: Shelf) -> None:
    version = shelf.product_with_pictures("a")[2]
    flipped = shelf.flip(Flip("a", stock=1), only_if={version})
    for act in (
        lambda: shelf.flip(Flip("a", stock=2), only_if={version}),
        lambda: shelf.revise("a", lambda held: held or Product("a"), lambda _: POINT,
                             only_if={version}),
        lambda: shelf.delete("a", only_if={version}),
        lambda: shelf.flip(Flip("none", stock=2), only_if={version}),
    ):  # fmt: skip
        with pytest.raises(ChangedMeanwhile):
            act()
    assert shelf.get("a").stock == 1
    shelf.delete("a", only_if={"9-9", flipped.version})
    put(shelf, "a")
    assert shelf.product_with_pictures("a")[2] not in (version, flipped.version)
