"""Columns: said by people, known by their names in four languages, or guessed by their content."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from index.column_names import COLUMN_NAMES
from index.errors import BadMapping, BadRow
from index.mapping import ColumnMap, Settled, header_key, settle
from index.source import read_source


def fields(settled: Settled) -> dict[str, str]:
    return {column.name: column.field for column in settled.columns}


@pytest.mark.parametrize(
    ("header", "wanted"),
    [
        ("Handle,Title,Body (HTML),Vendor,Variant SKU,Variant Price,Image Src,Inventory Qty",
         "Handle,Title,description,brand,sku,price,image,stock"),
        ("id,title,description,link,image_link,availability,price,brand,item_group_id,color",
         "sku,title,description,url,image,stock,price,brand,group,color"),
        ("ID,SKU,Name,Regular price,Categories,Images,Stock,Parent",
         "ID,SKU,title,price,Categories,Images,Stock,group"),
        ("Referencia,Nombre del producto,Descripción,Precio (€),Categoría,Imagen,Talla,Existencias",
         "sku,title,description,price,category,image,size,stock"),
        ("Référence,Désignation,Prix TTC,Catégorie,Couleur,Taille,Quantité,Lien image",
         "sku,title,price,category,Couleur→colour,size,stock,image"),
        ("Artikelnummer;Bezeichnung;Preis;Warengruppe;Farbe;Größe;Lagerbestand;Bild-URL",
         "sku;title;price;category;colour;size;stock;image"),
        ("productId,imageUrl,productName,unitPrice", "sku,image,title,price"),
        ("ref,Bild 1,Bild 2,Bild_3,Marke", "sku,image,image,image,brand"),
    ],
)  # fmt: skip
def test_the_exports_of_shops_in_four_languages_are_understood(header: str, wanted: str) -> None:
    split = ";" if ";" in header else ","
    found = settle(header.split(split), [])
    assert [c.field for c in found.columns] == [w.split("→")[-1] for w in wanted.split(split)]


def test_a_column_that_bears_a_fields_own_name_is_it_and_another_name_is_an_attribute() -> None:
    found = settle(["sku", "image", "title", "name", "Vendor", "brand"], [])
    assert fields(found) == {n: n for n in ("sku", "image", "title", "name", "Vendor", "brand")}
    assert found.notes() == []
    assert not found.changes


def test_what_is_said_goes_before_all_and_puts_the_column_of_that_name_out() -> None:
    said = ColumnMap({"Nombre ": "title", "internal": "-", "Saison": "Season", "foto2": "images"})
    found = settle(["sku", "title", "nombre", "internal", "Saison", "image", "foto2"], [], said)
    assert fields(found) == {
        "sku": "sku", "title": "-", "nombre": "title", "internal": "-", "Saison": "Season",
        "image": "image", "foto2": "image",
    }  # fmt: skip
    cells = {"sku": ["a"], "title": ["x"], "nombre": ["y"], "image": ["1"], "foto2": ["2"]}
    assert found.apply(cells) == {"sku": ["a"], "title": ["y"], "image": ["1", "2"]}


def test_what_is_said_goes_before_what_was_saved() -> None:
    saved = ColumnMap({"a": "sku", "b": "title", "gone": "price"})
    found = settle(["a", "b", "c", "image"], [], ColumnMap({"c": "title"}), saved)
    assert fields(found) == {"a": "sku", "b": "b", "c": "title", "image": "image"}
    assert {c.name: c.why for c in found.columns}["a"] == "saved"


@pytest.mark.parametrize(
    "said", [{"absent": "title"}, {"a": "title", "b": "title"}, {"a": " "}, {"a": 3}]
)
def test_what_cannot_be_is_refused(said: dict[str, str]) -> None:
    with pytest.raises(BadMapping):
        settle(["a", "b"], [], ColumnMap(said))


def test_pictures_and_skus_are_found_by_what_stands_in_them() -> None:
    rows = [
        {"x": ["12.50"], "y": [f"A-{n}"], "z": [f"shots/{n}.JPG"], "t": ["Red bag"]}
        for n in range(9)
    ]
    assert fields(settle(["x", "t", "y", "z"], rows)) == {
        "x": "x", "t": "t", "y": "sku", "z": "image",
    }  # fmt: skip
    linked = [{"u": [f"https://cdn.example/p/{n}.webp?v=3"], "k": [f"k{n}"]} for n in range(9)]
    assert fields(settle(["u", "k"], linked)) == {"u": "image", "k": "sku"}


def test_a_guess_is_told() -> None:
    (note,) = settle(["Artikelnummer", "Bild"], []).notes()
    assert "'Artikelnummer' as sku" in note
    assert "--map" not in note  # the console tells it, too


def test_a_table_is_the_same_table_whatever_the_order_and_case_of_its_columns() -> None:
    assert header_key(["SKU", "Größe", "image"]) == header_key(["image ", "sku", "grosse", ""])
    assert header_key(["a"]) != header_key(["a", "b"])


@given(st.lists(st.sampled_from([n for names in COLUMN_NAMES.values() for n in names])))
def test_no_field_of_one_value_is_filled_by_two_guesses(header: list[str]) -> None:
    guessed = [c.field for c in settle(header, []).columns if c.why == "another name"]
    single = [field for field in guessed if field != "image"]
    assert len(single) == len(set(single))


@given(st.lists(st.text(max_size=8), max_size=6), st.dictionaries(st.text(max_size=3), st.text()))
def test_whatever_the_header_every_column_has_one_place(
    header: list[str], said: dict[str, str]
) -> None:
    try:
        found = settle(header, [], ColumnMap(said))
    except BadMapping:
        return
    assert {c.name for c in found.columns} == {name for name in header if name.strip()}


def test_a_german_table_is_read_as_it_is(tmp_path: Path) -> None:
    table = tmp_path / "artikel.csv"
    table.write_text(
        "Artikelnummer;Bezeichnung;Preis;Bild\nA1;Rote Tasche;34,50 €;1.jpg\n;Ohne;1;2.jpg\n",
        "utf-8",
    )
    notes: list[str] = []
    row, bad = read_source(table, notes.append)
    assert isinstance(bad, BadRow)
    assert not isinstance(row, BadRow)
    assert (row.product.title, row.product.price, row.product.currency) == (
        "Rote Tasche",
        34.5,
        "EUR",
    )
    assert len(notes) == 1


def test_json_lines_are_mapped_too(tmp_path: Path) -> None:
    table = tmp_path / "p.jsonl"
    table.write_text(
        '{"referencia": "a", "foto": ["1.jpg", "2.jpg"], "nombre": "Bolso"}\n', "utf-8"
    )
    (row,) = read_source(table)
    assert not isinstance(row, BadRow)
    assert (row.product.sku, row.product.title, len(row.images)) == ("a", "Bolso", 2)
