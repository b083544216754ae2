"""The filter language: what is understood, and what is refused with a reason."""

from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from index.errors import BadFilter
from index.filters import All, Any, Not, Term, fold_field, number_of, parse_filter


def test_terms_side_by_side_must_all_hold() -> None:
    assert parse_filter("category=Bags price<100 stock>0").root == All(
        (
            Term("category", "=", ("bags",)),
            Term("price", "<", ("100",)),
            Term("stock", ">", ("0",)),
        )
    )


def test_a_comma_means_any_of_and_quotes_keep_blanks_and_commas() -> None:
    assert parse_filter("size=M,L").root == Term("size", "=", ("m", "l"))
    assert parse_filter("colour='navy blue', \"a,b\"").root == Term(
        "colour", "=", ("navy blue", "a,b")
    )
    assert parse_filter(r'brand="say \"hi\""').root == Term("brand", "=", ('say "hi"',))


def test_or_binds_weaker_than_and_and_parentheses_bind_tightest() -> None:
    a, b, c = (Term(name, "=", ("1",)) for name in "abc")
    assert parse_filter("a=1 b=1 or c=1").root == Any((All((a, b)), c))
    assert parse_filter("a=1 and (b=1 or c=1)").root == All((a, Any((b, c))))
    assert parse_filter("not a=1 b=1").root == All((Not(a), b))
    assert parse_filter("NOT (a=1 OR b=1)").root == Not(Any((a, b)))


def test_case_blanks_and_hyphens_of_a_field_do_not_count_and_color_is_colour() -> None:
    assert parse_filter("'Fabric Type'=Wool").root == Term("fabric_type", "=", ("wool",))
    assert fold_field(" Fabric-Type ") == "fabric_type"
    assert parse_filter("Color=Red").root == Term("colour", "=", ("red",))


def test_a_field_may_be_called_not_or_or() -> None:
    assert parse_filter("not=1").root == Term("not", "=", ("1",))


def test_the_empty_filter_lets_everything_through() -> None:
    assert parse_filter("  ").root == All(())


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("colour=navy blue", "stands alone"),
        ("category=", "ends where a value"),
        ("=Bags", "'=' stands alone"),
        ("price<cheap", "wants one number"),
        ("price<1,2", "wants one number"),
        ("price<1e5", "wants one number"),
        ("(a=1", "ends where"),
        ("a=1)", "too many"),
        ("a=1 or", "ends where"),
        ("colour='navy", "nothing fits"),
        ("a=1,,2", "is missing before"),
        ("not " * 50 + "a=1", "nested deeper"),
        ("(" * 50 + "a=1" + ")" * 50, "nested deeper"),
        ("a=1 " * 300, "more than 200 conditions"),
        ("a=" + "x" * 5_000, "longer than"),
        ("a=\ud800", "half a Unicode character"),
    ],
)
def test_what_cannot_be_understood_is_refused_with_a_reason(text: str, reason: str) -> None:
    with pytest.raises(BadFilter, match=reason.replace("(", r"\(")):
        parse_filter(text)


@given(st.text(max_size=60) | st.text(alphabet="ab =<>!(),'\"orndt1\\", max_size=40))
def test_any_text_is_understood_or_refused_never_worse(text: str) -> None:
    with suppress(BadFilter):
        assert parse_filter(text).text == text.strip()


@pytest.mark.parametrize("text", ["nan", "inf", "1e5", "1_0", "", "1.2.3", "0x1"])
def test_what_only_python_takes_for_a_number_is_none(text: str) -> None:
    assert number_of(text) is None


def test_numbers_have_signs_and_points() -> None:
    assert [number_of(t) for t in ("1", "-2.5", "+.5", "7.")] == [1, -2.5, 0.5, 7]
