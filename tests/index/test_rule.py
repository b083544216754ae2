"""A rule says what it means, and refuses what means nothing."""

from datetime import UTC, datetime
from typing import Any

import pytest

from index.errors import BadRule
from index.rule import Rule, word_stems

BOOST: dict[str, Any] = {"name": "n", "act": "boost", "products": "stock>0"}
FIRST = datetime(2026, 1, 1, tzinfo=UTC)
PIN: dict[str, Any] = {"name": "n", "act": "pin", "skus": ("a",)}


@pytest.mark.parametrize(
    ("fields", "field"),
    [
        ({"name": " "}, "name"),
        ({"name": "x" * 81}, "name"),
        ({"name": "a\nb"}, "name"),
        ({"name": "a/b"}, "name"),
        ({"act": "hide"}, "act"),
        ({"products": ""}, "products"),
        ({"products": "stock>>"}, "products"),
        ({"skus": ("a",)}, "skus"),
        ({"strength": 0.0}, "strength"),
        ({"strength": 2.1}, "strength"),
        ({"strength": float("nan")}, "strength"),
        ({"kinds": ("smell",)}, "kinds"),
        ({"words": ("?!",)}, "words"),
        ({"words": ("x" * 101,)}, "words"),
        ({"when": "((("}, "when"),
        ({"from_at": datetime(2026, 1, 1)}, "from_at"),  # noqa: DTZ001 # naive on purpose
        ({"place": 2_000_000}, "place"),
        (
            {"from_at": datetime(2026, 1, 2, tzinfo=UTC), "until_at": FIRST},
            "until_at",
        ),
    ],
)  # fmt: skip
def test_a_rule_without_sense_is_refused_by_its_field(fields: dict[str, Any], field: str) -> None:
    with pytest.raises(BadRule) as refused:
        Rule(**(BOOST | fields))
    assert refused.value.field == field


@pytest.mark.parametrize(
    ("fields", "field"),
    [
        ({"skus": ()}, "skus"),
        ({"skus": tuple(map(str, range(21)))}, "skus"),
        ({"skus": ("a", " ")}, "skus"),
        ({"products": "stock>0"}, "products"),
        ({"strength": 0.1}, "products"),
    ],
)
def test_a_pin_names_some_skus_and_nothing_else(fields: dict[str, Any], field: str) -> None:
    with pytest.raises(BadRule) as refused:
        Rule(**(PIN | fields))
    assert refused.value.field == field


def test_a_boost_lifts_a_little_and_a_bury_sinks_to_the_bottom_unless_told() -> None:
    assert Rule(**BOOST).shift == 0.05
    assert Rule(**(BOOST | {"act": "bury"})).shift == -4  # past any cosine and lift
    assert Rule(**(BOOST | {"act": "bury", "strength": 0.1})).shift == -0.1


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Red Dresses", "red dress"), ("zapatos rojos", "Zapato rojo"), ("CAMISÓN", "camison"),
        ("shoes", "shoe"), ("pantalones", "pantalón"), ("café-crème", "cafe creme"),
    ],
)  # fmt: skip
def test_case_accents_and_plurals_do_not_count(one: str, other: str) -> None:
    assert word_stems(one) == word_stems(other)


@pytest.mark.parametrize(("one", "other"), [("red", "bed"), ("hat", "coat"), ("es", "s")])
def test_other_words_stay_other_words(one: str, other: str) -> None:
    assert word_stems(one) != word_stems(other)
