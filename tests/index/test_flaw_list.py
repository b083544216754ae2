"""Flaws are sought once for all pages, and again when something changed."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from index import flaw_list
from index.build import apply_source
from index.database import Database
from index.flaw_list import FlawList
from index.flaws import Flaws, find_flaws
from index.flip import Flip
from index.links import LinkNote, Links
from index.shelf import Shelf
from tests.fakes import FakeEncoder, drawn_picture

ENCODER = FakeEncoder()


@pytest.fixture
def shelf(tmp_path: Path) -> Iterator[Shelf]:
    source = tmp_path / "source"
    source.mkdir()
    for name in ("a", "b"):
        (source / f"{name}.png").write_bytes(drawn_picture(7))
    (source / "catalogue.csv").write_text("sku,image,price\na,a.png,1\nb,b.png,2")
    with Shelf.open(tmp_path / "shop", ENCODER.spec, create=True) as shelf:
        apply_source(shelf, ENCODER, source)
        yield shelf


def test_pages_share_one_search_until_something_changes(
    shelf: Shelf, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    sought: list[Path] = []

    def noting(database: Database, shop: Path) -> Flaws:
        sought.append(shop)
        return find_flaws(database, shop)

    monkeypatch.setattr(flaw_list, "find_flaws", noting)
    kept = FlawList(shelf.database, shelf.folder)
    first = kept.flaws(begins=True)
    assert (first.counts["duplicate"], first.counts["missing"]) == (2, 0)
    assert kept.flaws(begins=False) is first
    (tmp_path / "source" / "a.png").unlink()
    assert kept.flaws(begins=False) is first
    assert kept.flaws(begins=True).counts["missing"] == 1
    assert len(sought) == 2

    shelf.flip(Flip("b", price=3.0))
    kept.flaws(begins=False)
    with shelf.database.writing() as connection:
        connection.execute("DELETE FROM traits")
    assert kept.flaws(begins=False).unseen == 2
    assert len(sought) == 4

    links = Links(shelf.folder)
    try:
        links.keep(LinkNote("https://shop.test/a.png", "a", code="gone", reason="404"))
        latest = kept.flaws(begins=False)
        assert latest.counts["dead_link"] == 1
        assert kept.flaws(begins=False) is latest
    finally:
        links.close()
    assert len(sought) == 5


def test_turning_a_page_reads_nothing_of_what_is_known_of_pictures(shelf: Shelf) -> None:
    kept = FlawList(shelf.database, shelf.folder)
    first = kept.flaws(begins=True)
    asked: list[str] = []
    with shelf.database.reading() as connection:  # the pool hands out this one again
        connection.set_trace_callback(asked.append)
    assert kept.flaws(begins=False) is first
    with shelf.database.reading() as connection:
        connection.set_trace_callback(None)
    assert asked
    assert not [statement for statement in asked if "traits" in statement]
