"""The census follows the shop, and refuses what the shop has no kind of."""

import threading
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from index.counting import Counting, sample
from index.entry import Entry, SeenPicture
from index.flip import Flip
from index.product import Picture, Product
from index.query import Query
from index.shelf import Shelf
from tests.fakes import FakeEncoder, fake_spec
from vision.census import Census
from vision.embedding import Embedding, Vector, unit
from vision.errors import BadModel
from vision.kinds import Kinds
from vision.spec import Block, Calibration, EncoderSpec

D = FakeEncoder.DIMENSION
SHIRT, HAT, KETTLE = (Embedding(unit(np.eye(D, dtype=np.float32)[i]), "fake-1") for i in range(3))


@pytest.fixture
def spec(tmp_path: Path) -> EncoderSpec:
    """A model that names as many kinds as it has dimensions."""
    path = tmp_path / "kinds.npy"
    np.save(path, np.eye(D, dtype=np.float32))
    curve = Calibration(10.0, 5.0, 0.0, unfamiliar_below=-0.1)
    return replace(
        fake_spec(title_weight=0, calibrations={"picture": curve}),
        kinds=path, blocks=(Block("kind", 0, D),),
    )  # fmt: skip


def stocked(first: int, count: int, kind: Embedding) -> list[Entry]:
    """So many products of a kind."""
    entries = []
    for sku in (f"p{n}" for n in range(first, first + count)):
        seen = SeenPicture(Picture(sku, 0, f"/{sku}", "0" * 64, ""), kind)
        entries.append(Entry(Product(sku), (seen,)))
    return entries


def test_what_the_shop_has_no_kind_of_is_refused(tmp_path: Path, spec: EncoderSpec) -> None:
    with Shelf.open(tmp_path / "shop", spec, create=True) as shelf:
        shelf.write([*stocked(0, 30, SHIRT), *stocked(30, 30, HAT)])
        assert not shelf.search(Query(HAT)).nothing_like_this
        answer = shelf.search(Query(KETTLE))
        assert answer.nothing_like_this
        assert answer.hits  # they are shown all the same


def test_a_kind_that_comes_into_the_shop_is_strange_no_more(
    tmp_path: Path, spec: EncoderSpec
) -> None:
    with Shelf.open(tmp_path / "shop", spec, create=True) as shelf:
        shelf.write(stocked(0, 60, SHIRT))
        assert shelf.search(Query(KETTLE)).nothing_like_this
        shelf.write(stocked(60, 20, KETTLE))
        assert not shelf.search(Query(KETTLE)).nothing_like_this


def test_a_product_of_the_shop_is_never_strange_to_it(tmp_path: Path, spec: EncoderSpec) -> None:
    with Shelf.open(tmp_path / "shop", spec, create=True) as shelf:
        shelf.write([*stocked(0, 200, SHIRT), *stocked(200, 1, KETTLE)])
        alike = Query(shelf.vector_of("p200"), exclude_sku="p200")
        assert not shelf.search(alike).nothing_like_this


def test_a_small_shop_and_a_kind_of_query_without_a_margin_refuse_nothing(
    tmp_path: Path, spec: EncoderSpec
) -> None:
    with Shelf.open(tmp_path / "small", spec, create=True) as shelf:
        shelf.write(stocked(0, 8, SHIRT))
        assert not shelf.search(Query(KETTLE)).nothing_like_this
    with Shelf.open(tmp_path / "shop", spec, create=True) as shelf:
        shelf.write(stocked(0, 60, SHIRT))
        assert not shelf.search(Query(KETTLE, kind="words")).nothing_like_this


def test_a_large_shop_is_sampled(tmp_path: Path, spec: EncoderSpec) -> None:
    with Shelf.open(tmp_path / "shop", spec, create=True) as shelf:
        shelf.write([*stocked(0, 100, SHIRT), *stocked(100, 100, HAT)])
        with shelf._database.reading() as connection:  # what Counting is given
            shelf._replica.catch_up(connection)
            few = sample(connection, shelf._replica.some_pictures(60), D)
            whole = sample(connection, shelf._replica.some_pictures(200), D)
    assert len(few) == 60
    assert 0.2 < few[:, 0].mean() < 0.8
    assert len(whole) == 200


def test_pictures_put_anew_time_and_again_are_counted_as_all_others(
    tmp_path: Path, spec: EncoderSpec
) -> None:
    """Ids are never handed out twice: where they were drawn, few of those drawn were there."""
    with Shelf.open(tmp_path / "shop", spec, create=True) as shelf:
        shelf.write(stocked(0, 60, SHIRT))
        with shelf._database.writing() as connection:
            connection.execute("UPDATE sqlite_sequence SET seq = 5000000 WHERE name = 'pictures'")
        shelf.write(stocked(60, 60, HAT))
        assert not shelf.search(Query(HAT)).nothing_like_this
        assert shelf.search(Query(KETTLE)).nothing_like_this
        assert shelf._replica.some_pictures(200).max() > 5_000_000
        assert len(shelf._replica.some_pictures(100)) == 100


@pytest.fixture
def taken(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """How many vectors each census was taken of."""
    found: list[int] = []
    take = Census.of

    def noting(kinds: Kinds, vectors: Vector) -> Census | None:
        found.append(len(vectors))
        return take(kinds, vectors)

    monkeypatch.setattr(Census, "of", noting)
    return found


def test_new_prices_and_a_few_new_pictures_take_no_census(
    tmp_path: Path, spec: EncoderSpec, taken: list[int]
) -> None:
    with Shelf.open(tmp_path / "shop", spec, create=True) as shelf:
        shelf.write(stocked(0, 100, SHIRT))
        assert shelf.search(Query(KETTLE)).nothing_like_this
        for price in range(20):
            shelf.flip(Flip(f"p{price}", price=float(price)))
            shelf.search(Query(KETTLE))
        shelf.write(stocked(100, 2, SHIRT))
        shelf.search(Query(KETTLE))
        assert taken == [100]
        for sku in range(5):
            shelf.delete(f"p{sku}")
        shelf.search(Query(KETTLE))
        assert taken == [100, 97]


def test_while_the_census_is_taken_others_go_on_with_the_one_before(
    tmp_path: Path, spec: EncoderSpec, monkeypatch: pytest.MonkeyPatch
) -> None:
    with Shelf.open(tmp_path / "shop", spec, create=True) as shelf:
        shelf.write(stocked(0, 60, SHIRT))
        assert shelf.search(Query(KETTLE)).nothing_like_this
        shelf.write(stocked(60, 20, KETTLE))
        began, go_on = threading.Event(), threading.Event()
        take = Census.of

        def slow(kinds: Kinds, vectors: Vector) -> Census | None:
            began.set()
            assert go_on.wait(60)
            return take(kinds, vectors)

        monkeypatch.setattr(Census, "of", slow)
        answers: list[bool] = []

        def ask() -> None:
            answers.append(shelf.search(Query(KETTLE)).nothing_like_this)

        first = threading.Thread(target=ask, daemon=True)
        second = threading.Thread(target=ask, daemon=True)
        try:
            first.start()
            assert began.wait(60)
            second.start()
            second.join(60)
            assert answers == [True]  # as it was
        finally:
            go_on.set()
            first.join(60)
        assert answers == [True, False]


def test_kinds_that_cannot_be_read_stop_the_shop_from_opening(
    tmp_path: Path, spec: EncoderSpec
) -> None:
    (tmp_path / "kinds.npy").write_bytes(b"torn")
    with pytest.raises(BadModel):
        Counting(spec)
