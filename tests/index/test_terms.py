"""What of a product can be filtered and counted."""

from index.product import Product
from index.terms import leaf_of, segments_of, terms_of


def values(product: Product, field: str) -> set[str]:
    return {t.value for t in terms_of(product) if t.field == field}


def shown(product: Product, field: str) -> set[str]:
    return {t.shown for t in terms_of(product) if t.field == field and t.shown is not None}


def test_a_category_is_found_whole_by_segment_and_by_path() -> None:
    product = Product("a", categories=("Gear/Bags/Totes",))
    assert values(product, "category") == {"gear/bags/totes", "gear", "bags", "totes", "gear/bags"}
    assert shown(product, "category") == {"Gear/Bags/Totes"}


def test_the_parts_of_a_category_are_the_same_whichever_sign_parts_them() -> None:
    for written in (
        "Gear/Bags/Totes",
        "Gear > Bags > Totes",
        " Gear /Bags>Totes/",
        "Gear//Bags>Totes",
    ):
        assert segments_of(written) == ["Gear", "Bags", "Totes"]
        assert leaf_of(written) == "Totes"
    assert (segments_of(" / "), leaf_of(" / "), leaf_of("")) == ([], " / ", "")


def test_several_sizes_or_stores_in_one_cell_are_found_one_by_one() -> None:
    product = Product("a", size="S, M,L", store="Boston|Austin")
    assert values(product, "size") == {"s", "m", "l", "s, m,l"}
    assert shown(product, "size") == {"S", "M", "L"}
    assert values(product, "store") >= {"boston", "austin"}


def test_numbers_are_numbers_in_attributes_too() -> None:
    product = Product("a", price=1299.99, stock=0, attributes={"Year": ("2011",), "fit": ("slim",)})
    numbers = {t.field: t.number for t in terms_of(product)}
    assert numbers == {"sku": None, "price": 1299.99, "stock": 0, "year": 2011, "fit": None}


def test_what_is_absent_has_no_term() -> None:
    assert [(t.field, t.value) for t in terms_of(Product("A 1"))] == [("sku", "a 1")]


def test_no_term_comes_twice() -> None:
    product = Product("a", categories=("Bags", "bags", "Gear/Bags"), attributes={"x": ("1", "1 ")})
    found = [(t.field, t.value) for t in terms_of(product)]
    assert len(found) == len(set(found))
