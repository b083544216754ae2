"""Revising a product: what others change meanwhile is kept, words are embedded while none wait."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from index import writer as writer_file
from index.entry import SeenPicture
from index.errors import ShopBusy, UnknownProduct
from index.product import Picture, Product
from index.query import Query
from index.shelf import Shelf
from tests.fakes import FakeEncoder, fake_spec
from vision.embedding import Embedding, unit

ENCODER = FakeEncoder()
ORDINARY = Embedding(unit(np.arange(1, FakeEncoder.DIMENSION + 1, dtype=np.float32)), "fake-1")


def seen(sku: str) -> tuple[SeenPicture, ...]:
    return (SeenPicture(Picture(sku, 0, "/p.jpg", "00" * 32, ""), ORDINARY),)


def embed(words: str) -> Embedding:
    return ENCODER.words([words])[0]


@pytest.fixture
def shelf(tmp_path: Path):
    with Shelf.open(tmp_path / "shop", fake_spec(), create=True) as opened:
        yield opened


def entitled(title: str):
    return lambda present: replace(present or Product("a"), title=title)


def test_what_was_written_comes_back(shelf: Shelf) -> None:
    done = shelf.revise("a", entitled("one"), embed, seen("a"))
    assert (done.new, done.product, len(done.pictures)) == (True, Product("a", title="one"), 1)
    done = shelf.revise("a", lambda p: replace(p, stock=2), embed)
    assert (done.new, done.product) == (False, Product("a", title="one", stock=2))
    assert len(done.pictures) == 1
    assert shelf.get("a") == done.product


def test_a_title_that_another_changes_while_words_are_embedded_is_read_again(shelf: Shelf) -> None:
    shelf.revise("a", entitled("one"), embed, seen("a"))
    embedded = []

    def embed_slowly(words: str) -> Embedding:
        if not embedded:
            shelf.revise("a", entitled("two"), embed)
        embedded.append(words)
        return embed(words)

    shelf.revise("a", lambda p: replace(p, title=p.title + " more"), embed_slowly)
    assert shelf.get("a").title == "two more"
    assert embedded == ["one more", "two more"]
    expected = shelf.vector_of("a")
    shelf.put(shelf.get("a"), [s.picture for s in seen("a")], [ORDINARY], embed("two more"))
    assert np.allclose(shelf.vector_of("a").vector, expected.vector)
    assert shelf.search(Query(expected)).hits[0].product.sku == "a"


def test_a_product_deleted_meanwhile_is_not_raised_from_the_dead(shelf: Shelf) -> None:
    shelf.revise("a", entitled("one"), embed, seen("a"))

    def embed_too_late(words: str) -> Embedding:
        shelf.delete("a")
        return embed(words)

    with pytest.raises(UnknownProduct):
        shelf.revise("a", entitled("two"), embed_too_late)
    assert shelf.find("a") is None


def test_a_merge_that_fails_changes_nothing(shelf: Shelf) -> None:
    shelf.revise("a", entitled("one"), embed, seen("a"))
    with pytest.raises(ZeroDivisionError):
        shelf.revise("a", lambda _: 1 // 0, embed)
    assert shelf.get("a").title == "one"


def test_words_that_never_come_to_rest_end_as_busy(shelf: Shelf, monkeypatch) -> None:
    monkeypatch.setattr(writer_file, "REVISIONS", 3)
    titles = iter(range(100))
    with pytest.raises(ShopBusy):
        shelf.revise("a", lambda _: Product("a", title=f"{next(titles)}"), embed, seen("a"))
