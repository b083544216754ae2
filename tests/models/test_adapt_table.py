"""An exported table is read as the workshop needs it, whatever else stands in it."""

import json
from pathlib import Path

import pytest

from models.adapt_table import attributes_of, read_items, with_judgements
from models.errors import BadTable


def write(folder: Path, count: int = 60) -> Path:
    (folder / "a.jpg").write_bytes(b"x")
    (folder / "b.jpg").write_bytes(b"x")
    rows = [
        {
            "sku": f"s{i}", "title": f"Thing {i}", "price": 3.5,
            "colour": "Red" if i % 2 else "blue",
            "category": ["Home/Bags, New" if i % 3 else "Hats"], "image": ["a.jpg", "gone.jpg"],
            "attributes": {"pattern": ["plain" if i % 4 else "striped"], "code": [f"c{i}"]},
        }
        for i in range(count)
    ]  # fmt: skip
    table = folder / "t.jsonl"
    table.write_text("\n".join(json.dumps(row) for row in rows), "utf-8")
    return table


def test_products_come_with_pictures_that_are_there_and_folded_values(tmp_path: Path) -> None:
    items = read_items(write(tmp_path), 1_000, 0)
    assert len(items) == 60
    assert items[1].pictures == (tmp_path / "a.jpg",)
    assert dict(items[1].values) == {
        "colour": "red", "category": "bags", "pattern": "plain", "code": "c1",
    }  # fmt: skip


def test_only_values_that_products_share_are_measured(tmp_path: Path) -> None:
    assert set(attributes_of(read_items(write(tmp_path), 1_000, 0))) == {
        "colour", "category", "pattern",
    }  # fmt: skip


def test_a_row_that_is_nested_too_deeply_is_refused_with_a_reason(tmp_path: Path) -> None:
    table, deep = write(tmp_path), "[" * 50_000 + "]" * 50_000
    table.write_text(f'{table.read_text("utf-8")}\n{{"sku": "s", "image": {deep}}}', "utf-8")
    with pytest.raises(BadTable, match="cannot be read"):
        read_items(table, 1_000, 0)


def test_many_products_are_drawn_by_the_seed(tmp_path: Path) -> None:
    table = write(tmp_path)
    first, second = read_items(table, 45, 7), read_items(table, 45, 7)
    assert len(first) == 45
    assert first == second
    assert first != read_items(table, 45, 8)


def test_a_csv_with_several_rows_of_one_product_is_read_too(tmp_path: Path) -> None:
    (tmp_path / "a.jpg").write_bytes(b"x")
    (tmp_path / "b.jpg").write_bytes(b"x")
    lines = ["sku,title,color,image"] + [f"s{i},T,red,a.jpg" for i in range(50)] + ["s0,,,b.jpg"]
    (tmp_path / "t.csv").write_text("\n".join(lines), "utf-8")
    items = read_items(tmp_path / "t.csv", 100, 0)
    assert [p.name for p in items[0].pictures] == ["a.jpg", "b.jpg"]
    assert items[0].values == {"colour": "red"}


@pytest.mark.parametrize("text", ["", "[1, 2]\n", "no json\n", '{"sku": "a", "image": "a.jpg"}\n'])
def test_a_table_that_teaches_nothing_says_why(tmp_path: Path, text: str) -> None:
    (tmp_path / "a.jpg").write_bytes(b"x")
    (tmp_path / "t.jsonl").write_text(text)
    with pytest.raises(BadTable, match="vistazo export"):
        read_items(tmp_path / "t.jsonl", 100, 0)
    with pytest.raises(BadTable):
        read_items(tmp_path / "none.jsonl", 100, 0)


def test_judgements_add_pictures_and_words(tmp_path: Path) -> None:
    items = read_items(write(tmp_path), 1_000, 0)
    (tmp_path / "j.csv").write_text(
        "image,text,expect\nb.jpg,,s3\n,warm hat,s4|s5\n,x,colour=red\n"
    )
    found, said = with_judgements(items, tmp_path / "j.csv")
    assert found[3].pictures == (tmp_path / "a.jpg", tmp_path / "b.jpg")
    assert said == [("warm hat", "s4"), ("warm hat", "s5")]
