"""Rules are kept whole, in order, for every process on the shop."""

from collections.abc import Iterator
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from index import rules as store
from index.errors import BadRule, UnknownRule
from index.rule import Rule
from index.rules import Rules, copy_rules, rule_json, rule_of, rules_in
from index.shelf import Shelf
from tests.fakes import fake_spec

SALE = Rule("sale", "boost", "stock>0 brand='Acme Ltd'", strength=0.25, words=("red dress",))
PIN = Rule("front", "pin", skus=("b", "a"), kinds=("words", "like"), place=-3)
OLD = Rule(
    "autumn",
    "bury",
    "season=Summer",
    when="category=Coats",
    from_at=datetime(2026, 9, 1, tzinfo=UTC),
    until_at=datetime(2026, 12, 1, tzinfo=UTC),
    enabled=False,
)


@pytest.fixture
def shelf(tmp_path: Path) -> Iterator[Shelf]:
    with Shelf.open(tmp_path / "shop", fake_spec(), create=True) as opened:
        yield opened


def test_rules_come_back_as_they_were_put_in_their_order(shelf: Shelf) -> None:
    rules = Rules(shelf.database)
    assert [rules.put(rule) for rule in (SALE, PIN, OLD)] == [True, True, True]
    assert rules.all() == (PIN, OLD, SALE)
    assert not rules.put(Rule("sale", "boost", "stock>0"))
    assert rules.get("sale").words == ()


def test_another_opening_of_the_shop_sees_a_change_at_once(shelf: Shelf) -> None:
    with Shelf.open(shelf.folder, fake_spec()) as other:
        Rules(shelf.database).put(SALE)
        assert Rules(other.database).all() == (SALE,)
        Rules(other.database).delete("sale")
        assert Rules(shelf.database).all() == ()


def test_a_rule_that_is_not_there_is_told(shelf: Shelf) -> None:
    rules = Rules(shelf.database)
    with pytest.raises(UnknownRule, match="nobody"):
        rules.get("nobody")
    with pytest.raises(UnknownRule):
        rules.delete("nobody")


def test_a_shop_has_so_many_rules_and_no_more(
    shelf: Shelf, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(store, "RULES_MAX", 2)
    rules = Rules(shelf.database)
    rules.put(SALE)
    rules.put(PIN)
    with pytest.raises(BadRule):
        rules.put(OLD)
    rules.put(SALE)


def test_another_space_of_the_shop_gets_the_same_rules(shelf: Shelf, tmp_path: Path) -> None:
    for rule in (SALE, PIN):
        Rules(shelf.database).put(rule)
    with Shelf.open(tmp_path / "other", fake_spec("fake-2"), create=True) as other:
        Rules(other.database).put(OLD)
        with shelf.database.reading() as old, other.database.writing() as new:
            copy_rules(old, new)
        with other.database.reading() as connection:
            assert rules_in(connection) == (PIN, SALE)


@pytest.mark.parametrize("rule", [SALE, PIN, OLD])
def test_json_keeps_all_of_a_rule(rule: Rule) -> None:
    assert rule_of(rule_json(rule)) == rule


@pytest.mark.parametrize(
    ("told", "field"),
    [
        ({}, "name"),
        ({"name": 3, "act": "pin"}, "name"),
        ({"name": "n"}, "act"),
        ({"name": "n", "act": "boost", "products": "a=b", "colour": "red"}, "colour"),
        ({"name": "n", "act": "boost", "products": ["a"]}, "products"),
        ({"name": "n", "act": "boost", "products": "a=b", "strength": True}, "strength"),
        ({"name": "n", "act": "boost", "products": "a=b", "strength": "much"}, "strength"),
        ({"name": "n", "act": "boost", "products": "a=b", "enabled": 1}, "enabled"),
        ({"name": "n", "act": "boost", "products": "a=b", "place": 1.5}, "place"),
        ({"name": "n", "act": "boost", "products": "a=b", "from_at": "soon"}, "from_at"),
        ({"name": "n", "act": "boost", "products": "a=b", "from_at": "2026-01-01"}, "from_at"),
        ({"name": "n", "act": "pin", "skus": [1]}, "skus"),
        ({"name": "n", "act": "pin", "skus": {"a": 1}}, "skus"),
    ],
)
def test_json_that_is_no_rule_is_refused_by_its_field(told: dict[str, Any], field: str) -> None:
    with pytest.raises(BadRule) as refused:
        rule_of(told)
    assert refused.value.field == field


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner),
    max_leaves=4,
)
FIELDS = [
    "name", "act", "products", "skus", "strength", "kinds", "words", "when", "from_at",
    "until_at", "enabled", "place",
]  # fmt: skip


@given(st.dictionaries(st.sampled_from(FIELDS), JSON), st.sampled_from(["pin", "boost", "bury"]))
def test_whatever_json_says_it_is_a_rule_or_refused(told: dict[str, Any], act: str) -> None:
    with suppress(BadRule):
        rule_of({"name": "n", "act": act} | told)
