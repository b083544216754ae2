"""Filters suggest themselves from what the likeliest answers are."""

from hypothesis import given
from hypothesis import strategies as st

from api.suggesting import MOST, suggested_filters
from index.hit import Hit
from index.product import Product


def hit(score: float, colour: str = "red", category: str = "Gear/Bags", **more: str) -> Hit:
    attributes = {name: (value,) for name, value in more.items()}
    product = Product(sku=f"{score}", colour=colour, categories=(category,), attributes=attributes)
    return Hit(product, score, 0.5)


def test_what_most_near_answers_are_is_offered_and_what_all_are_is_not() -> None:
    hits = [hit(0.9), hit(0.88), hit(0.87, "blue"), hit(0.6, "green"), hit(0.6, "green")]
    assert [(s["field"], s["value"]) for s in suggested_filters(hits, ())] == [("colour", "red")]


def test_near_answers_speak_louder_than_many() -> None:
    hits = [hit(0.9), hit(0.89)] + [hit(0.5, "green", "Home/Lamps")] * 10
    found = {s["field"]: s for s in suggested_filters(hits, ())}
    assert found["colour"]["value"] == "red"
    assert found["category"]["value"] == "Bags"
    assert float(found["colour"]["share"]) > 0.9


def test_a_category_is_offered_by_its_last_part_whichever_sign_parts_it() -> None:
    hits = [hit(0.9, category="Gear > Bags"), hit(0.89, category="Gear/Bags/")]
    hits.append(hit(0.5, category="Home > Lamps"))
    (found,) = [s for s in suggested_filters(hits, ()) if s["field"] == "category"]
    assert (found["value"], float(found["share"]) > 0.9) == ("Bags", True)


def test_what_the_shopper_decided_is_not_offered_again() -> None:
    hits = [hit(0.9), hit(0.8, "blue", "Home/Lamps")]
    assert [s["field"] for s in suggested_filters(hits, ("Colour",))] == ["category"]


def test_attributes_of_the_shop_are_offered_by_their_own_names() -> None:
    hits = [hit(0.9, Pattern="Striped"), hit(0.88, Pattern="striped"), hit(0.7, Pattern="plain")]
    (found,) = [s for s in suggested_filters(hits, ()) if s["field"] == "Pattern"]
    assert found["value"] == "Striped"


def test_one_answer_suggests_nothing() -> None:
    assert suggested_filters([], ()) == []
    assert suggested_filters([hit(0.9)], ()) == []


@given(
    st.lists(st.tuples(st.floats(-1, 1), st.sampled_from("abc"), st.text(max_size=3)), max_size=30)
)
def test_shares_are_shares_one_a_field(rows: list[tuple[float, str, str]]) -> None:
    hits = [
        hit(score, colour, f"x/{category}") if "\0" not in category else hit(score)
        for score, colour, category in sorted(rows, reverse=True)
        if category.isprintable()
    ]
    found = suggested_filters(hits, ())
    assert len(found) <= MOST
    assert len({s["field"] for s in found}) == len(found)
    assert all(0 <= float(s["share"]) <= 1.0001 for s in found)
