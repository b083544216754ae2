"""`vistazo product`: one product from the command line."""

import json

import pytest

pytestmark = pytest.mark.usefixtures("workplace")


def shown(call, sku="bag-red"):
    return json.loads(call("product", "show", sku, "--json")[1])


def test_a_product_is_shown(call, catalogue):
    call("index", catalogue)
    code, out, _ = call("product", "show", "bag-red")
    assert (code, "title          Red bag" in out.splitlines()) == (0, True)
    assert shown(call)["attributes"] == {"season": ["Fall"]}
    assert call("product", "show", "none")[0] == 1


def test_fields_and_attributes_are_set_as_people_write_them(call, catalogue):
    call("index", catalogue)
    changes = ("price=€ 1.299,00", "stock=in stock", "season=Fall|Winter", "title=Sack", "group=")
    code, _, _ = call("product", "set", "bag-red", *changes)
    found = shown(call)
    assert (code, found["price"], found["currency"], found["stock"]) == (0, 1299.0, "EUR", 1)
    assert (found["title"], found["group"]) == ("Sack", "")
    assert found["attributes"] == {"season": ["Fall", "Winter"]}
    call("product", "set", "bag-red", "season=", "stock=")
    assert (shown(call)["attributes"], shown(call)["stock"]) == ({}, None)
    hits = json.loads(call("search", "--text", "sack", "--filter", "price>1000", "--json")[1])[
        "hits"
    ]
    assert [hit["sku"] for hit in hits] == ["bag-red"]


@pytest.mark.parametrize("change", ["price", "=3", "price=cheap", "stock=some", "sku="])
def test_what_makes_no_sense_changes_nothing(call, catalogue, change):
    call("index", catalogue)
    before = shown(call)
    assert call("product", "set", "bag-red", "stock=7", change)[0] in (1, 2)
    assert shown(call) == before


def test_a_product_is_deleted_when_that_is_meant(call, catalogue):
    call("index", catalogue)
    assert call("product", "delete", "bag-red")[0] != 0  # nobody said yes
    assert call("product", "delete", "bag-red", "--yes")[0] == 0
    assert call("product", "show", "bag-red")[0] == 1
    assert call("product", "delete", "bag-red", "--yes")[0] == 1
