"""What the drawn shop sells."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.drawn_product import stock
from models.drawn_range import articles


@given(st.integers(0, 2**31), st.integers(1, 60))
def test_a_shop_has_as_many_products_as_asked_and_no_sku_twice(seed: int, products: int) -> None:
    sold = articles(seed, products)
    assert len({a.sku for a in sold}) == len(sold) == products


def test_a_full_shop_sells_every_kind_in_several_colours_of_a_group() -> None:
    sold = articles(0, 300)
    assert {a.spec.kind for a in sold} == set(stock()["kinds"])
    groups = [a.row["group"] for a in sold]
    assert sum(groups.count(g) > 1 for g in set(groups)) > 0.9 * len(set(groups))


def test_an_article_differs_from_its_group_in_colour_alone() -> None:
    sold = articles(0, 60)
    for group in {a.row["group"] for a in sold}:
        alike = [a for a in sold if a.row["group"] == group]
        assert len({(a.row["price"], a.row["brand"], a.spec.options) for a in alike}) == 1
        assert len({a.row["colour"] for a in alike}) == len(alike)


def test_a_shop_without_products_is_refused() -> None:
    with pytest.raises(ValueError, match="at least one"):
        articles(0, 0)
