"""A product refuses what makes no sense, so that nothing behind it has to ask again."""

from typing import Any

import pytest

from index.errors import BadProduct
from index.product import ATTRIBUTES_MAX, Product, require_address


@pytest.mark.parametrize(
    ("fields", "field"),
    [
        ({"sku": ""}, "sku"),
        ({"sku": " a"}, "sku"),
        ({"sku": "a" * 201}, "sku"),
        ({"sku": "a\nb"}, "sku"),
        ({"price": -1.0}, "price"),
        ({"price": float("nan")}, "price"),
        ({"price": float("inf")}, "price"),
        ({"stock": -1}, "stock"),
        ({"stock": 2**60}, "stock"),
        ({"title": "x" * 20_001}, "text"),
        ({"title": "a\0b"}, "text"),
        ({"brand": "half \ud800"}, "text"),
        ({"categories": ("x" * 90_000,)}, "text"),
        ({"attributes": {"Season": ("half \udfff",)}}, "text"),
        ({"attributes": {"Price": ("1",)}}, "attributes"),
        ({"attributes": {"Color": ("red",)}}, "attributes"),
        ({"attributes": {" ": ("red",)}}, "attributes"),
        ({"attributes": {"x": ("y",) * (ATTRIBUTES_MAX + 1)}}, "attributes"),
    ],
)
def test_what_makes_no_sense_is_refused_by_field(fields: dict[str, Any], field: str) -> None:
    with pytest.raises(BadProduct) as refused:
        Product(**{"sku": "a"} | fields)
    assert refused.value.field == field


def test_a_sku_may_hold_slashes_blanks_and_any_script() -> None:
    for sku in ("Gear/Bags/b 1", "č-é-日本", "a" * 200, "-"):
        assert Product(sku).sku == sku


@pytest.mark.parametrize("sku", [".", "..", "a/../b", "a/.", "x/pictures", "x/pictures/0"])
def test_a_sku_whose_address_would_be_anothers_is_refused(sku: str) -> None:
    with pytest.raises(BadProduct) as refused:
        require_address(sku)
    assert refused.value.field == "sku"


@pytest.mark.parametrize("sku", ["...", "a.b", ".a", "a/..b", "1.", "pictures"])
def test_a_sku_with_dots_among_its_letters_has_an_address(sku: str) -> None:
    require_address(sku)
