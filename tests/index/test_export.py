"""A shop is exported with its pictures, and what was exported is the same shop again."""

import json
import re
from contextlib import closing
from pathlib import Path

import pytest

from index.build import apply_source
from index.database import Database
from index.errors import ShopBroken
from index.export import TABLE, export_shop
from index.shelf import Shelf
from index.source import read_source
from tests.fakes import FakeEncoder
from tests.little_shop import COLOURS, drawn


def no_bar(done: int, total: int) -> None:
    assert 0 < done <= total


@pytest.fixture
def catalogue(tmp_path: Path) -> Path:
    """Ten drawn products with attributes, and categories that hold commas apart."""
    (tmp_path / "source" / "images").mkdir(parents=True)
    lines = ["sku,title,price,colour,categories,group,image,season"]
    for shape in ("bag", "ball"):
        for place, colour in enumerate(COLOURS):
            name = f"images/{shape}-{colour}.png"
            drawn(colour, shape).save(tmp_path / "source" / name)
            cells = f'{colour} “{shape}”,{place}.5 EUR,{colour},"Toys/{shape}s,New",{shape}s'
            lines.append(f"{shape}-{colour},{cells},{name},Fall")
    file = tmp_path / "source" / "catalogue.csv"
    file.write_text("\n".join(lines), "utf-8")
    return file


@pytest.fixture
def shop(tmp_path: Path, catalogue: Path) -> Path:
    folder = tmp_path / "shop"
    encoder = FakeEncoder()
    with Shelf.open(folder, encoder.spec, create=True) as shelf:
        apply_source(shelf, encoder, catalogue)
    return folder


def products(table: Path) -> dict[str, object]:
    return {row.product.sku: row.product for row in read_source(table)}  # type: ignore[union-attr]


def test_what_was_exported_is_read_as_the_same_products(
    shop: Path, catalogue: Path, tmp_path: Path
) -> None:
    done = export_shop(shop, tmp_path / "out", no_bar)
    assert (done.products, done.pictures, done.left_out) == (10, 10, ())
    assert products(tmp_path / "out" / TABLE) == products(catalogue)


def test_pictures_lie_beside_the_table_byte_for_byte(
    shop: Path, catalogue: Path, tmp_path: Path
) -> None:
    export_shop(shop, tmp_path / "out", no_bar)
    rows = [json.loads(line) for line in (tmp_path / "out" / TABLE).read_text().splitlines()]
    for row in rows:
        copy = tmp_path / "out" / row["image"][0]
        assert copy.read_bytes() == (catalogue.parent / f"images/{row['sku']}.png").read_bytes()


def test_a_picture_that_is_gone_is_named_and_its_product_left_out(
    shop: Path, catalogue: Path, tmp_path: Path
) -> None:
    gone = catalogue.parent / "images" / "bag-red.png"
    gone.unlink()
    done = export_shop(shop, tmp_path / "out", no_bar)
    assert done.products == 9
    assert [(sku, Path(path).name) for sku, path in done.left_out] == [("bag-red", gone.name)]
    assert "bag-red" not in products(tmp_path / "out" / TABLE)


def test_a_folder_that_holds_something_is_not_touched(shop: Path, tmp_path: Path) -> None:
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "mine.txt").write_text("mine")
    with pytest.raises(FileExistsError):
        export_shop(shop, tmp_path / "out", no_bar)
    assert [p.name for p in (tmp_path / "out").iterdir()] == ["mine.txt"]


def test_an_export_that_breaks_leaves_no_folder(shop: Path, tmp_path: Path) -> None:
    def broken(done: int, total: int) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        export_shop(shop, tmp_path / "out", broken)
    assert {path.name for path in tmp_path.iterdir()} == {"source", "shop"}


def test_nothing_beside_the_folder_is_touched(shop: Path, tmp_path: Path) -> None:
    (tmp_path / "out.part").mkdir()
    (tmp_path / "out.part" / "mine.txt").write_text("mine")
    (tmp_path / "out").mkdir()
    export_shop(shop, tmp_path / "out", no_bar)
    assert (tmp_path / "out.part" / "mine.txt").read_text() == "mine"
    assert (tmp_path / "out" / TABLE).is_file()
    assert {p.name for p in tmp_path.iterdir()} == {"source", "shop", "out", "out.part"}


def test_the_folder_one_is_in_is_refused_in_words(
    shop: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "here").mkdir()
    monkeypatch.chdir(tmp_path / "here")
    with pytest.raises(FileExistsError, match="name a new folder"):
        export_shop(shop, Path(), no_bar)
    export_shop(shop, Path("new"), no_bar)
    assert (tmp_path / "here" / "new" / TABLE).is_file()


def test_a_shop_that_cannot_be_opened_leaves_nothing_behind(tmp_path: Path) -> None:
    (tmp_path / "shop").mkdir()
    (tmp_path / "shop" / "catalogue.sqlite3").write_bytes(b"torn" * 500)
    with pytest.raises(ShopBroken):
        export_shop(tmp_path / "shop", tmp_path / "far" / "out", no_bar)
    assert [path.name for path in tmp_path.iterdir()] == ["shop"]


@pytest.mark.parametrize(
    ("name", "suffix"), [("a.PNG", ".PNG"), ("a.p|n,g", ".png"), ("a.|", ""), ("a", "")]
)
def test_a_copys_name_never_means_something_in_a_cell(
    shop: Path, tmp_path: Path, catalogue: Path, name: str, suffix: str
) -> None:
    picture = catalogue.parent / "images" / "bag-red.png"
    picture.rename(picture.with_name(name))
    with closing(Database(shop)) as database, database.writing() as connection:
        moved = str(picture.with_name(name))
        connection.execute("UPDATE pictures SET path = ? WHERE path = ?", (moved, str(picture)))
    assert export_shop(shop, tmp_path / "out", no_bar).left_out == ()
    rows = [json.loads(line) for line in (tmp_path / "out" / TABLE).read_text().splitlines()]
    (copy,) = (row["image"][0] for row in rows if row["sku"] == "bag-red")
    assert re.fullmatch(rf"pictures/\d{{7}}-0{re.escape(suffix)}", copy)
