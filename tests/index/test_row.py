"""Rows understood: the product, its pictures, and what cannot be taken."""

from pathlib import Path

import pytest

from index.errors import BadRow, BadSource
from index.product import Product
from index.row import Row, merge, require_columns, understand

HERE = Path("/catalogue")


def rows(**cells: str) -> list[Row | BadRow]:
    return list(understand(7, {name: [value] for name, value in cells.items()}, HERE))


def test_known_columns_become_fields_and_all_others_attributes() -> None:
    (row,) = understand(
        7,
        {
            "SKU": ["a"], "Title": [" Bag "], "Color": ["blue"], "categories": ["Gear/Bags, New"],
            "price": ["$34"], "stock": ["2"], "Fabric Type": ["wool"], "empty": [""],
            "image": ["b.jpg"],
        },
        HERE,
    )  # fmt: skip
    assert row == Row(
        7,
        Product(
            "a", title="Bag", colour="blue", categories=("Gear/Bags", "New"), price=34,
            currency="USD", stock=2, attributes={"Fabric Type": ("wool",)},
        ),
        (HERE / "b.jpg",),
    )  # fmt: skip


def test_several_pictures_stand_in_one_cell_or_in_several() -> None:
    (row,) = understand(1, {"sku": ["a"], "image": ["1.jpg"], "images": ["2.jpg|3.jpg"]}, HERE)
    assert isinstance(row, Row)
    assert [p.name for p in row.images] == ["1.jpg", "2.jpg", "3.jpg"]


def test_a_comma_in_a_file_name_is_no_separator_when_the_file_is_there(tmp_path: Path) -> None:
    (tmp_path / "red, blue.jpg").write_bytes(b"")
    (row,) = understand(1, {"sku": ["a"], "image": ["red, blue.jpg"]}, tmp_path)
    assert isinstance(row, Row)
    assert row.images == (tmp_path / "red, blue.jpg",)


def test_absolute_paths_and_file_urls_are_taken_as_they_are() -> None:
    (row,) = rows(sku="a", image="/x/1.jpg|file:///y/2%20b.jpg")
    assert isinstance(row, Row)
    assert row.images == (Path("/x/1.jpg"), Path("/y/2 b.jpg"))


def test_a_picture_on_another_machine_is_told_and_the_others_stay() -> None:
    bad, good = rows(sku="a", image="https://example.org/1.jpg|2.jpg")
    assert isinstance(bad, BadRow)
    assert bad.code == "remote_picture"
    assert isinstance(good, Row)
    (only,) = rows(sku="a", image="https://example.org/1.jpg")
    assert isinstance(only, BadRow)


@pytest.mark.parametrize(
    ("cells", "code"),
    [
        ({"image": "1.jpg"}, "no_sku"),
        ({"sku": "a"}, "no_picture"),
        ({"sku": "a", "image": "1.jpg", "price": "NaN"}, "bad_price"),
        ({"sku": "a", "image": "1.jpg", "stock": "some"}, "bad_stock"),
        ({"sku": "a" * 300, "image": "1.jpg"}, "bad_sku"),
        ({"sku": "a/pictures/0", "image": "1.jpg"}, "bad_sku"),
        ({"sku": "a", "image": "1.jpg", "title": "x" * 30_000}, "bad_text"),
        ({"sku": "a", "image": "1.jpg", "title": "a\0b"}, "bad_text"),
        ({"sku": "a", "image": "1\0.jpg"}, "bad_text"),
    ],
)
def test_a_row_that_cannot_be_taken_says_why(cells: dict[str, str], code: str) -> None:
    (bad,) = rows(**cells)
    assert isinstance(bad, BadRow)
    assert (bad.line, bad.code) == (7, code)
    assert bad.reason


def test_rows_of_one_sku_give_their_pictures_and_values_to_one_product() -> None:
    (first,) = rows(sku="a", image="1.jpg", title="Bag", size="S", view="main", price="5")
    (second,) = rows(sku="a", image="2.jpg", title="Other", size="M", view="back", brand="Acme")
    assert isinstance(first, Row)
    assert isinstance(second, Row)
    row = merge(first, second)
    assert [p.name for p in row.images] == ["1.jpg", "2.jpg"]
    assert row.product == Product(
        "a", title="Bag", size="S,M", price=5, brand="Acme",
        attributes={"view": ("main", "back")},
    )  # fmt: skip


def test_a_table_without_sku_or_image_is_refused_by_name() -> None:
    require_columns(HERE, ["SKU", "Images"])
    with pytest.raises(BadSource, match="column sku and a column image"):
        require_columns(HERE, ["name", "price"])


def test_entities_of_a_web_shops_export_are_read_as_people_read_them() -> None:
    (row,) = rows(sku="a&amp;b", title="LumaTech&trade; Tee", image="a.jpg")
    assert isinstance(row, Row)
    assert row.product.title == "LumaTech™ Tee"
    assert row.product.sku == "a&amp;b"  # a key is a key
