"""What callers read."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from api.replies import HitReply, facets_of, hit_json, picture_path, product_json, safe_url
from index.hit import Hit
from index.product import Product


@pytest.mark.parametrize(
    "url", ["https://shop.example/a?b=c:d", "HTTP://x", "/p/1", "p/1.html", "?sku=1", ""]
)
def test_a_link_that_only_leads_somewhere_passes(url):
    assert safe_url(url) == url


@pytest.mark.parametrize(
    "url",
    [
        "javascript:alert(1)", "JaVaScRiPt:alert(1)", "java\tscript:alert(1)", " javascript:x",
        "data:text/html,x", "vbscript:x", "//evil.example", "\\\\evil", "/\\evil",
        "\x01javascript:x", "file:///etc/passwd",
    ],
)  # fmt: skip
def test_a_link_that_could_do_more_is_left_out(url):
    assert safe_url(url) == ""
    assert product_json(Product("a", url=url))["url"] == ""


@given(st.text(min_size=1, max_size=30))
def test_a_pictures_address_holds_its_sku_in_one_segment(sku):
    address = picture_path(sku, 3)
    assert address.isascii()
    assert address.count("/") == 5


def test_facets_count_what_there_is_most_frequent_first():
    products = [
        Product("a", colour="red", categories=("X", "Y"), brand="B"),
        Product("b", colour="red", categories=("Y",)),
        Product("c"),
    ]
    assert facets_of(products) == {
        "category": [["Y", 2], ["X", 1]], "colour": [["red", 2]], "brand": [["B", 1]],
    }  # fmt: skip


@given(exact=st.floats(0, 1), above=st.floats(0, 1))
def test_what_is_told_of_a_hit_agrees_with_itself_after_rounding(
    exact: float, above: float
) -> None:
    told = hit_json(Hit(Product("a"), 0.5, max(exact, above), exact=exact))
    assert 0 <= told["exact"] <= told["probability"] <= 1


def test_the_documents_example_of_a_hit_is_one_that_can_be() -> None:
    told = HitReply.model_json_schema()["properties"]
    assert told["exact"]["examples"][0] <= told["probability"]["examples"][0]
