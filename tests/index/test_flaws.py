"""Duplicate, blank, tiny, broken and missing pictures are found; different ones are left alone."""

import csv
import io
import random
import sqlite3
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from PIL import Image

from index import flaws as flaws_file
from index.build import apply_source
from index.examine import PictureFile, read_picture
from index.flaws import Flaw, find_flaws, scan
from index.links import LinkNote, Links
from index.shelf import Shelf
from index.traits import Traits
from tests.fakes import FakeEncoder, drawn_picture, fake_spec
from vision.decode import Limits

Rows = dict[str, bytes]


@pytest.fixture
def shelf(tmp_path: Path) -> Iterator[Shelf]:
    with Shelf.open(tmp_path / "shop", fake_spec(), create=True) as opened:
        yield opened


@pytest.fixture
def stock(shelf: Shelf, tmp_path: Path) -> Callable[..., Path]:
    """Index these pictures, by SKU; `groups` names the group of some."""

    def put(pictures: Rows, groups: dict[str, str] | None = None) -> Path:
        folder = tmp_path / "source"
        folder.mkdir(exist_ok=True)
        lines = ["sku,image,group"]
        for sku, data in pictures.items():
            (folder / f"{sku}.img").write_bytes(data)
            lines.append(f"{sku},{sku}.img,{(groups or {}).get(sku, '')}")
        (folder / "c.csv").write_text("\n".join(lines), "utf-8")
        apply_source(shelf, FakeEncoder(shelf.spec), folder / "c.csv", allow_removals=True)
        return folder

    return put


def found(shelf: Shelf) -> list[tuple[str, str]]:
    return [(flaw.kind, flaw.sku) for flaw in flaws(shelf)]


def flaws(shelf: Shelf) -> tuple[Flaw, ...]:
    return find_flaws(shelf.database, shelf.folder).all


def copy_of(data: bytes, side_px: int, kind: str, **how: object) -> bytes:
    out = io.BytesIO()
    image = Image.open(io.BytesIO(data)).convert("RGB").resize((side_px, side_px))
    image.save(out, kind, **how)
    return out.getvalue()


def even(level: int, side_px: int = 120) -> bytes:
    out = io.BytesIO()
    Image.new("RGB", (side_px, side_px), (level, level, level)).save(out, "PNG")
    return out.getvalue()


def picture(seed: int) -> bytes:
    return drawn_picture(seed, side_px=240)


def test_copies_are_found_with_their_pairs(shelf: Shelf, stock: Callable[..., Path]) -> None:
    stock({
        "a": picture(1), "b": copy_of(picture(1), 160, "JPEG", quality=60), "c": picture(2),
        "d": picture(1),
    })  # fmt: skip
    assert found(shelf) == [("duplicate", "a"), ("duplicate", "b"), ("duplicate", "d")]
    first = flaws(shelf)[0]
    assert [like.sku for like in first.others] == ["d", "b"]
    assert first.others[0].bits == 0


def test_sizes_of_one_article_share_their_picture_rightly(
    shelf: Shelf, stock: Callable[..., Path]
) -> None:
    stock({"s": picture(1), "m": picture(1)}, {"s": "shirt", "m": "shirt"})
    assert found(shelf) == []


def test_the_blank_and_the_tiny_are_found_and_are_no_duplicates(
    shelf: Shelf, stock: Callable[..., Path]
) -> None:
    stock({
        "white": even(255), "grey": even(254), "small": drawn_picture(1, side_px=90),
        "good": picture(4),
    })  # fmt: skip
    assert found(shelf) == [("tiny", "small"), ("blank", "grey"), ("blank", "white")]


def test_files_that_went_or_broke_later_are_found(shelf: Shelf, stock: Callable[..., Path]) -> None:
    folder = stock({"a": picture(1), "b": picture(2), "c": picture(3)})
    (folder / "a.img").unlink()
    assert found(shelf) == [("missing", "a")]


def test_a_product_deleted_while_flaws_are_sought_is_not_missing(
    shelf: Shelf, stock: Callable[..., Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = stock({"a": picture(1), "b": picture(2)})
    traits = flaws_file._traits

    def and_delete(connection: sqlite3.Connection) -> dict[str, Traits]:
        found = traits(connection)
        shelf.delete("a")
        (folder / "a.img").unlink()
        return found

    monkeypatch.setattr(flaws_file, "_traits", and_delete)
    assert find_flaws(shelf.database, shelf.folder).all == ()


def test_a_picture_that_goes_while_it_is_looked_at_is_not_broken(
    shelf: Shelf, stock: Callable[..., Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = stock({"a": picture(1)})
    with shelf.database.writing() as connection:
        connection.execute("DELETE FROM traits")

    def and_unlink(path: Path, limits: Limits, now_ns: int) -> PictureFile:
        (folder / "a.img").unlink()
        return read_picture(path, limits, now_ns)

    monkeypatch.setattr(flaws_file, "read_picture", and_unlink)
    scan(shelf.database, shelf.folder, Limits())
    assert found(shelf) == [("missing", "a")]


def test_an_older_shop_is_looked_at_on_demand_and_only_once(
    shelf: Shelf, stock: Callable[..., Path]
) -> None:
    folder = stock({"a": picture(1), "b": picture(1), "c": picture(2)})
    with shelf.database.writing() as connection:
        connection.execute("DELETE FROM traits")
        # a file that this Vistazo cannot read and an earlier one could
        broken = b"no picture"
        (folder / "c.img").write_bytes(broken)
        from index.examine import sha256_of

        connection.execute(
            "UPDATE pictures SET sha256 = ? WHERE path LIKE '%c.img'", (sha256_of(broken),)
        )
    before = find_flaws(shelf.database, shelf.folder)
    assert (before.all, before.unseen) == ((), 3)
    seen: list[int] = []
    assert scan(shelf.database, shelf.folder, Limits(), lambda i, n: seen.append(i)) == 2
    assert found(shelf) == [("duplicate", "a"), ("duplicate", "b"), ("broken", "c")]
    assert find_flaws(shelf.database, shelf.folder).unseen == 0
    assert scan(shelf.database, shelf.folder, Limits()) == 0


def test_what_no_product_shows_is_forgotten(shelf: Shelf, stock: Callable[..., Path]) -> None:
    stock({"a": picture(1), "b": picture(2)})
    stock({"a": picture(1)})
    scan(shelf.database, shelf.folder, Limits())
    with shelf.database.reading() as connection:
        assert connection.execute("SELECT count(*) FROM traits").fetchone() == (1,)


def test_dead_links_are_flaws_too(shelf: Shelf, stock: Callable[..., Path]) -> None:
    stock({"a": picture(1)})
    note = LinkNote("http://a.test/x?secret=1", "a", code="http_404", reason="the host answers 404")
    Links(shelf.folder).keep(note)
    (flaw,) = flaws(shelf)
    assert (flaw.kind, flaw.sku) == ("dead_link", "a")
    assert "404" in flaw.detail
    assert "secret" not in flaw.detail


@pytest.mark.parametrize("name", ["myntra", "luma"])
def test_on_real_products_copies_are_found_and_nothing_else(
    name: str, shelf: Shelf, stock: Callable[..., Path], shared_data: Path
) -> None:
    """120 products and a copy of every tenth, encoded anew or scaled: all found, no other pair."""
    folder = shared_data / "catalogues" / name
    with (folder / "catalogue.csv").open(encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    rows = random.Random(4).sample(rows, 120)
    pictures = {row["sku"]: (folder / row["image"]).read_bytes() for row in rows}
    copies = {
        f"{sku}-copy": copy_of(data, 200, "JPEG", quality=40) if n % 20 else data + b"\0"
        for n, (sku, data) in enumerate(pictures.items())
        if n % 10 == 0
    }
    stock(pictures | copies)
    pairs = {
        tuple(sorted((flaw.sku, like.sku)))
        for flaw in flaws(shelf)
        if flaw.kind == "duplicate"
        for like in flaw.others
    }
    assert pairs == {(copy.removesuffix("-copy"), copy) for copy in copies}
