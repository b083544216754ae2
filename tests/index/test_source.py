"""Catalogues of every kind that a merchandiser has."""

import builtins
import json
import math
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from index.errors import BadRow, BadSource
from index.row import Row
from index.source import read_source


def good(path: Path) -> dict[str, Row]:
    return {r.product.sku: r for r in read_source(path) if isinstance(r, Row)}


def bad(path: Path) -> list[tuple[int, str]]:
    return [(r.line, r.code) for r in read_source(path) if isinstance(r, BadRow)]


def test_a_folder_gives_a_product_for_each_picture(tmp_path: Path) -> None:
    for name in ("a.jpg", "Gear/Bags/b.PNG", "Gear/.hidden.jpg", ".git/c.jpg", "notes.txt"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_bytes(b"")
    found = good(tmp_path)
    assert set(found) == {"a", "Gear/Bags/b"}
    assert found["Gear/Bags/b"].product.categories == ("Gear/Bags",)
    assert found["a"].product.categories == ()
    assert found["a"].images == (tmp_path / "a.jpg",)


def test_a_folder_with_a_catalogue_in_it_is_that_catalogue(tmp_path: Path) -> None:
    (tmp_path / "catalogue.csv").write_text("sku,image\nx,a.jpg\n")
    (tmp_path / "a.jpg").write_bytes(b"")
    assert set(good(tmp_path)) == {"x"}


def test_jsonl_takes_lists_numbers_and_nested_attributes(tmp_path: Path) -> None:
    path = tmp_path / "c.jsonl"
    row = {
        "sku": 12, "images": ["1.jpg", "2.jpg"], "price": 34.5, "stock": 3, "new": True,
        "categories": ["Gear/Bags", "New"], "attributes": {"season": ["Fall", "Winter"]},
    }  # fmt: skip
    path.write_text("\ufeff" + json.dumps(row) + "\n\n", "utf-8")
    product = good(path)["12"].product
    assert (product.price, product.stock, product.categories) == (34.5, 3, ("Gear/Bags", "New"))
    assert product.attributes == {"new": ("true",), "season": ("Fall", "Winter")}
    assert [p.name for p in good(path)["12"].images] == ["1.jpg", "2.jpg"]


def test_a_broken_json_line_costs_itself_only(tmp_path: Path) -> None:
    path = tmp_path / "c.jsonl"
    fine = '{"sku": "%s", "image": "1.jpg"}'
    lines = [
        fine % "a", '{"sku": "b", "ima', "[1]", '{"sku": "c", "image": {"x": 1}}', "[" * 100_000,
        '{"sku": "d", "image": "1.jpg", "price": NaN}', '{"sku": "\\ud800", "image": "1.jpg"}',
        '{"image": "1.jpg"}', '"' + "x" * 3_000_000 + '"', fine % "z",
    ]  # fmt: skip
    path.write_text("\n".join(lines))
    assert set(good(path)) == {"a", "z"}
    assert bad(path) == [
        (2, "broken_json"), (3, "not_an_object"), (4, "bad_value"), (5, "broken_json"),
        (6, "bad_price"), (7, "bad_text"), (8, "no_sku"), (9, "too_long"),
    ]  # fmt: skip


def test_bytes_that_are_no_utf8_in_jsonl_cost_their_line_only(tmp_path: Path) -> None:
    path = tmp_path / "c.jsonl"
    path.write_bytes(b'\xff\xfe{"sku"\n{"sku": "a", "image": "1.jpg"}\n')
    assert set(good(path)) == {"a"}


def test_parquet_is_read_with_its_types(tmp_path: Path) -> None:
    pyarrow = pytest.importorskip("pyarrow")
    parquet = pytest.importorskip("pyarrow.parquet")
    path = tmp_path / "c.parquet"
    rows: list[dict[str, Any]] = [
        {"sku": "a", "image": ["1", "2"], "price": Decimal("34.50"), "since": date(2026, 1, 2)},
        {"sku": "b", "image": ["3"], "price": None, "since": None},
    ]
    parquet.write_table(pyarrow.Table.from_pylist(rows), path)
    found = good(path)
    assert (found["a"].product.price, len(found["a"].images)) == (34.5, 2)
    assert found["a"].product.attributes == {"since": ("2026-01-02",)}
    assert found["b"].product.price is None


def test_a_damaged_parquet_file_is_refused(tmp_path: Path) -> None:
    pytest.importorskip("pyarrow")
    path = tmp_path / "c.parquet"
    path.write_bytes(b"PAR1 nothing")
    with pytest.raises(BadSource, match="damaged"):
        list(read_source(path))


def test_without_pyarrow_parquet_says_what_to_install(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = builtins.__import__

    def without(name: str, *args: Any, **kwargs: Any) -> Any:
        if name.startswith("pyarrow"):
            raise ImportError(name)
        return real(name, *args, **kwargs)

    monkeypatch.setattr(builtins, "__import__", without)
    (tmp_path / "c.parquet").write_bytes(b"PAR1")
    with pytest.raises(BadSource, match=r"vistazo\[parquet\]"):
        list(read_source(tmp_path / "c.parquet"))


def test_what_is_not_there_or_no_catalogue_is_refused(tmp_path: Path) -> None:
    (tmp_path / "c.xlsx").write_bytes(b"PK")
    for name in ("absent.csv", "c.xlsx"):
        with pytest.raises(BadSource):
            list(read_source(tmp_path / name))


def test_the_real_catalogues_are_read_without_losing_a_row(shared_data: Path) -> None:
    for name, products in (("luma", 450), ("retail_demo", 84), ("myntra", 9583)):
        path = shared_data / "catalogues" / name
        assert bad(path) == []
        found = good(path)
        assert len(found) == products
        assert all(r.images[0].is_file() for r in list(found.values())[:50])
    assert not math.isnan(found["15970"].product.price or 0)
