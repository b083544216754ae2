"""The fence around uploads: what a table may name, and what a glance at pictures tells."""

from pathlib import Path

import pytest

from index.errors import BadRow
from index.fence import fenced, glance
from index.product import Product
from index.row import Row
from tests.fakes import drawn_picture


def row(*images: Path, links: dict[Path, str] | None = None) -> Row:
    return Row(2, Product("a"), images, links or {})


@pytest.fixture
def inside(tmp_path: Path) -> Path:
    folder = tmp_path / "uploads"
    folder.mkdir()
    (folder / "good.png").write_bytes(drawn_picture(1))
    (tmp_path / "outside.png").write_bytes(drawn_picture(2))
    (folder / "link.png").symlink_to(tmp_path / "outside.png")
    return folder


@pytest.mark.parametrize(
    "name", ["/etc/passwd", "../outside.png", "link.png", "x/../../outside.png", "nul\0.png"]
)
def test_nothing_outside_is_named_by_path_climb_or_link(inside: Path, name: str) -> None:
    (bad,) = fenced([row(inside / name)], inside)
    assert isinstance(bad, BadRow)
    assert (bad.code, bad.sku) == ("picture_outside", "a")


def test_a_row_keeps_its_pictures_inside_and_those_to_be_fetched(inside: Path) -> None:
    copy = Path("/elsewhere/copy.jpg")
    whole = row(inside / "good.png", copy, Path("/etc/passwd"), links={copy: "https://x.example"})
    bad, kept = fenced([whole], inside)
    assert isinstance(bad, BadRow)
    assert isinstance(kept, Row)
    assert kept.images == (inside / "good.png", copy)


def test_a_bad_row_passes_as_it_is(inside: Path) -> None:
    bad = BadRow(3, None, "no_sku", "it has no SKU")
    assert list(fenced([bad], inside)) == [bad]


def test_a_glance_tells_what_is_missing_and_what_is_no_picture(inside: Path) -> None:
    (inside / "text.jpg").write_text("not a picture")
    (inside / "empty.jpg").touch()
    hopeless, bad = glance([
        row(inside / "good.png", inside / "gone.png"),
        Row(3, Product("b"), (inside / "text.jpg",), {}),
        Row(4, Product("c"), (inside / "empty.jpg",), {}),
    ])  # fmt: skip
    assert hopeless == {"b", "c"}
    assert [(b.sku, b.code) for b in bad] == [
        ("a", "missing_picture"), ("b", "not_a_picture"), ("c", "not_a_picture"),
    ]  # fmt: skip
