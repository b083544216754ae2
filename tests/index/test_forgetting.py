"""What was removed long ago is forgotten, and nobody keeps a picture because of that."""

from pathlib import Path

import numpy as np
import pytest

from index import catalogue, forgetting
from index.check import check_shop
from index.forgetting import forget_removed
from index.product import Picture, Product
from index.query import Query
from index.shelf import Shelf
from tests.fakes import FakeEncoder, fake_spec
from vision.embedding import Embedding, unit

SPEC = fake_spec(title_weight=0)


def put(shelf: Shelf, sku: str, version: int) -> None:
    drawn = np.random.default_rng([version, len(sku)]).standard_normal(FakeEncoder.DIMENSION)
    picture = Picture(sku, 0, __file__, "0", "")
    vector = Embedding(unit(drawn.astype(np.float32)), "fake-1")
    shelf.put(Product(sku, stock=version), [picture], [vector])


def removed(shelf: Shelf) -> tuple[int, int]:
    with shelf.database.reading() as connection:
        (count,) = connection.execute("SELECT count(*) FROM removed").fetchone()
        return count, catalogue.forgotten_until(connection)


@pytest.mark.parametrize("at_once", [1, 4, 100])
def test_only_the_last_removed_pictures_are_remembered(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, at_once: int
) -> None:
    monkeypatch.setattr(forgetting, "AT_ONCE", at_once)
    with Shelf.open(tmp_path, SPEC, create=True) as shelf:
        for version in range(21):
            put(shelf, "a", version)
        assert forget_removed(shelf.database, kept=10) == 0  # not worth it yet
        put(shelf, "a", 21)
        assert forget_removed(shelf.database, kept=10) == 11
        assert removed(shelf) == (10, 12)


def test_who_was_away_when_it_was_forgotten_starts_from_nothing(tmp_path: Path) -> None:
    with Shelf.open(tmp_path, SPEC, create=True) as shelf:
        put(shelf, "a", 1)
        put(shelf, "b", 1)
        query = Query(shelf.vector_of("a"), top=10, unfold=True)
        with Shelf.open(tmp_path, SPEC) as away:
            assert len(away.search(query).hits) == 2
            for version in range(2, 30):
                put(shelf, "a", version)
            shelf.delete("b")
            assert forget_removed(shelf.database, kept=3) > 20
            for one in (away, shelf):
                assert [hit.product.stock for hit in one.search(query).hits] == [29]
        assert check_shop(tmp_path, now_s=0).found == []
