"""What the expectations of an eval mean."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from api.errors import BadQueries
from api.expectations import Expectations, read_queries, values_of

ROWS = [
    {"sku": "a", "colour": "Navy Blue", "categories": "Gear/Bags,New", "price": "34", "note": ""},
    {"sku": "b", "colour": "blue", "categories": "Gear/Watches", "price": "34.00", "note": "x=y"},
    {"sku": "b", "colour": "Red", "categories": "Gear/Watches", "price": "5", "note": ""},
    {"sku": "colour=blue", "colour": "green", "categories": "", "price": "", "note": ""},
    {"sku": "", "colour": "blue", "categories": "", "price": "", "note": ""},
]
CELLS = [{name: [cell] for name, cell in row.items()} for row in ROWS]


def expected(text):
    return set(Expectations(CELLS).read(text).skus)


def test_a_sku_means_that_product():
    assert expected("a") == {"a"}


def test_several_terms_mean_any_of_them():
    assert expected(" a | b ") == {"a", "b"}


def test_a_field_is_compared_without_regard_to_case_and_may_hold_blanks():
    assert expected("Colour=navy blue") == {"a"}
    assert expected("colour=NAVY  BLUE") == {"a"}


def test_a_value_may_hold_an_equals_sign():
    assert expected("note=x=y") == {"b"}


def test_a_field_matches_the_raw_value_its_comma_parts_and_their_path_segments():
    for value in ("Gear/Bags,New", "gear/bags", "new", "bags"):
        assert expected(f"categories={value}") == {"a"}
    assert expected("categories=gear") == {"a", "b"}


def test_a_part_of_a_word_is_no_match():
    assert expected("colour=navy") == set()


def test_raw_values_are_texts_so_34_is_not_34_00():
    assert expected("price=34") == {"a"}


def test_every_row_of_a_sku_counts():
    assert expected("colour=red") == {"b"}


def test_a_sku_goes_before_a_field():
    assert expected("colour=blue") == {"colour=blue"}


@pytest.mark.parametrize("text", ["none", " NONE ", "None|none"])
def test_none_means_that_the_catalogue_has_no_right_answer(text):
    read = Expectations(CELLS).read(text)
    assert not read.answerable
    assert not read.warning


def test_a_sku_called_none_is_a_product():
    read = Expectations([{"sku": ["none"]}]).read("none")
    assert read.answerable
    assert read.skus == {"none"}


def test_none_beside_other_terms_is_ignored_with_a_warning():
    read = Expectations(CELLS).read("none|a")
    assert (read.answerable, set(read.skus)) == (True, {"a"})
    assert "none" in read.warning


def test_an_expectation_without_a_product_is_answerable_cannot_be_hit_and_warns():
    read = Expectations(CELLS).read("season=Winter|zz")
    assert read.answerable
    assert not read.skus
    assert "season=Winter|zz" in read.warning


@given(st.text(max_size=60))
def test_every_cell_can_be_called_by_its_own_folded_value(raw):
    folded = " ".join(raw.casefold().split())
    assert (folded in values_of(raw)) == bool(folded)


def test_queries_are_read_with_their_lines_and_absolute_pictures(tmp_path):
    file = tmp_path / "queries.csv"
    file.write_text(
        "image,text,expect\nsnaps/1.jpg,,a\n,blue bag,colour=blue|b\n", encoding="utf-8-sig"
    )
    first, second = read_queries(file).rows
    assert first.image == tmp_path / "snaps" / "1.jpg"
    assert (first.line, first.text, first.expect) == (2, "", "a")
    assert (second.line, second.image, second.text) == (3, None, "blue bag")


@pytest.mark.parametrize(
    ("content", "says"),
    [
        ("image,wanted\nx.jpg,a\n", "columns"),
        ("image,text,expect\n,,\n", "no query"),
        ("image,text,expect\n,shoes,\n", "no query"),
        ("", "columns"),
    ],
)
def test_a_queries_file_that_makes_no_sense_is_refused_with_the_reason(tmp_path, content, says):
    file = tmp_path / "queries.csv"
    file.write_text(content)
    with pytest.raises(BadQueries, match=says):
        read_queries(file)


def test_a_row_that_asks_nothing_is_kept_and_one_that_expects_nothing_is_not(tmp_path):
    file = tmp_path / "queries.csv"
    file.write_text("image,text,expect\n,,a\n,,\n,shoes,\nx.jpg,, \n")
    queries = read_queries(file)
    assert [(row.line, row.image, row.text) for row in queries.rows] == [(2, None, "")]
    assert queries.rejected_lines == (4, 5)


def test_a_missing_or_binary_queries_file_is_refused(tmp_path):
    with pytest.raises(BadQueries):
        read_queries(tmp_path / "absent.csv")
    binary = tmp_path / "binary.csv"
    binary.write_bytes(b"\xff\xfe\x00image")
    with pytest.raises(BadQueries):
        read_queries(binary)


@pytest.mark.parametrize(
    ("text", "named"),
    [
        ("a", True),
        ("a|b", True),
        ("none", True),
        ("season=Winter", False),
        ("a|season=Winter", False),
    ],
)
def test_products_named_one_by_one_are_told_from_what_a_value_holds(text, named):
    assert Expectations(CELLS).read(text).names_products is named
