"""Copies and notes of links, for every process on the shop."""

from dataclasses import replace
from pathlib import Path

import pytest

from index.errors import ShopBroken
from index.links import NOTES_NAME, LinkNote, Links, place_of

NOTE = LinkNote("http://a.test/1.jpg", "sku-1", '"tag"', "Sun", checked_at=5.5, copied=True)


def test_a_copy_and_its_note_are_there_for_everybody(tmp_path: Path) -> None:
    one, other = Links(tmp_path), Links(tmp_path)
    one.keep(NOTE, b"bytes")
    assert other.find(NOTE.url) == NOTE
    assert place_of(other.folder, NOTE.url).read_bytes() == b"bytes"
    assert other.find("http://a.test/2.jpg") is None


def test_dead_links_are_listed_page_by_page(tmp_path: Path) -> None:
    links = Links(tmp_path)
    assert (links.dead(), links.count_dead()) == ([], 0)
    for n in range(5):
        bad = replace(NOTE, url=f"http://a.test/{n}", code="http_404" if n % 2 else "")
        links.keep(bad)
    assert [note.url[-1] for note in links.dead()] == ["1", "3"]
    assert [note.url[-1] for note in links.dead(after="http://a.test/1")] == ["3"]
    assert (len(links.dead(most=1)), links.count_dead()) == (1, 2)


def test_links_that_no_row_names_go_with_their_copies(tmp_path: Path) -> None:
    links = Links(tmp_path)
    other = replace(NOTE, url="http://a.test/2.jpg")
    links.keep(NOTE, b"1")
    links.keep(other, b"2")
    assert links.prune(lambda url, place: url != other.url and place.exists()) == 1
    assert links.find(NOTE.url) is None
    assert not place_of(links.folder, NOTE.url).exists()
    assert place_of(links.folder, other.url).exists()


def test_damaged_notes_are_told_with_what_to_do(tmp_path: Path) -> None:
    links = Links(tmp_path)
    links.folder.mkdir()
    (links.folder / NOTES_NAME).write_bytes(b"nonsense" * 1000)
    with pytest.raises(ShopBroken, match=NOTES_NAME):
        links.find(NOTE.url)
