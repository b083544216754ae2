"""The census follows the shop, and refuses what the shop has no kind of."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from index.counting import Counting, sample
from index.entry import Entry, SeenPicture
from index.product import Picture, Product
from index.query import Query
from index.shelf import Shelf
from tests.fakes import FakeEncoder, fake_spec
from vision.embedding import Embedding, unit
from vision.errors import BadModel
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
            few = sample(connection, D, most=60)
            whole = sample(connection, D)
    assert 30 <= len(few) <= 60
    assert 0.2 < few[:, 0].mean() < 0.8
    assert len(whole) == 200


def test_kinds_that_cannot_be_read_stop_the_shop_from_opening(
    tmp_path: Path, spec: EncoderSpec
) -> None:
    (tmp_path / "kinds.npy").write_bytes(b"torn")
    with pytest.raises(BadModel):
        Counting(spec)
