"""What people write into cells."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from index.cells import read_currency, read_price, read_stock, split_list, tidy
from index.errors import BadProduct


@pytest.mark.parametrize(
    ("text", "price", "currency"),
    [
        ("34", 34, ""),
        (" 34.50 ", 34.5, ""),
        ("34,50", 34.5, ""),
        ("$1,299.00", 1299, "USD"),
        ("1.299,00 €", 1299, "EUR"),
        ("1,299", 1299, ""),
        ("1,299,000", 1299000, ""),
        ("1.299.000", 1299000, ""),
        ("₹12,99,000", 1299000, "INR"),
        ("1 299,00 €", 1299, "EUR"),
        ("CHF 1'299.00", 1299, "CHF"),
        ("usd 20", 20, "USD"),
        ("US$20", 20, "USD"),
        ("C$20", 20, ""),
        (".99", 0.99, ""),
        ("", None, ""),
    ],
)
def test_prices_as_they_are_written(text: str, price: float | None, currency: str) -> None:
    assert read_price(text) == (price, currency)


@pytest.mark.parametrize(
    "text", ["nan", "inf", "free", "-5", "1-2", "12..5", "1,2,3.4.5", "5 per 100 g!", "$", "1e9999"]
)
def test_what_is_no_price_is_refused(text: str) -> None:
    with pytest.raises(BadProduct, match="is not a price"):
        read_price(text)


@given(st.text(max_size=20))
def test_any_cell_is_a_price_or_refused(text: str) -> None:
    try:
        price, currency = read_price(text)
    except BadProduct:
        return
    assert price is None or price >= 0
    assert currency == "" or len(currency) == 3


@pytest.mark.parametrize(
    ("text", "stock"),
    [("12", 12), ("12.0", 12), ("1,200", 1200), ("-3", 0), ("In Stock", 1), ("sold out", 0),
     ("", None)],
)  # fmt: skip
def test_stock_as_it_is_written(text: str, stock: int | None) -> None:
    assert read_stock(text) == stock


@pytest.mark.parametrize("text", ["1.5", "many", "nan", "inf", "1e400"])
def test_what_is_no_number_of_pieces_is_refused(text: str) -> None:
    with pytest.raises(BadProduct, match="pieces"):
        read_stock(text)


def test_a_currency_is_a_code_a_sign_or_nothing() -> None:
    assert [read_currency(t) for t in ("usd", " € ", "Dollars", "")] == ["USD", "EUR", "", ""]


def test_a_list_splits_at_bars_or_else_at_commas() -> None:
    assert split_list("a, b.jpg | c") == ("a, b.jpg", "c")
    assert split_list("a, b,,a") == ("a", "b")


def test_stray_control_characters_become_blanks_and_damage_is_refused() -> None:
    assert tidy("\x0bred\x07bag\x1f") == "red bag"
    assert tidy("two\nlines") == "two\nlines"
    for damaged in ("a\0b", "half \ud800"):
        with pytest.raises(BadProduct):
            tidy(damaged)
