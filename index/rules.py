"""The rules of a shop, kept in its database, so that every process and every copy has the same.

Promise: a rule that was put or deleted acts (or no longer) from the next search on, in every
process on the shop. These functions work inside a transaction that the caller holds.
"""

import json
import sqlite3
from dataclasses import asdict, fields
from datetime import datetime
from functools import lru_cache
from typing import Any

from index.database import Database
from index.errors import BadRule, UnknownRule
from index.rule import Rule

RULES_MAX = 200  # of one shop; each costs a search half a millisecond for 10,000 products
LISTS = ("skus", "kinds", "words")
MOMENTS = ("from_at", "until_at")


def rules_in(connection: sqlite3.Connection) -> tuple[Rule, ...]:
    """All rules in their order; a shop without any is asked for 4 µs."""
    rows = connection.execute("SELECT body FROM rules ORDER BY place, name").fetchall()
    return tuple(_stored(body) for (body,) in rows) if rows else ()


class Rules:
    """A shop's rules, one by one; may be used from any thread."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def all(self) -> tuple[Rule, ...]:
        """Every rule, in order."""
        with self._database.reading() as connection:
            return rules_in(connection)

    def get(self, name: str) -> Rule:
        """The rule; raises UnknownRule."""
        found = next((rule for rule in self.all() if rule.name == name), None)
        if found is None:
            raise UnknownRule(name)
        return found

    def put(self, rule: Rule) -> bool:
        """Add the rule, or put it in the place of the one with its name; True if it is new.

        Raises BadRule when the shop has too many, ShopBusy. Durable when this returns.
        """
        with self._database.writing() as connection:
            names = {name for (name,) in connection.execute("SELECT name FROM rules")}
            if rule.name not in names and len(names) >= RULES_MAX:
                raise BadRule("name", f"a shop has at most {RULES_MAX} rules: delete one first")
            write_rule(connection, rule)
        return rule.name not in names

    def delete(self, name: str) -> None:
        """Remove the rule; raises UnknownRule, ShopBusy. Durable when this returns."""
        with self._database.writing() as connection:
            gone = connection.execute("DELETE FROM rules WHERE name = ?", (name,)).rowcount
        if not gone:
            raise UnknownRule(name)


def write_rule(connection: sqlite3.Connection, rule: Rule) -> None:
    """Write the rule over one of its name."""
    connection.execute(
        "INSERT OR REPLACE INTO rules (name, place, body) VALUES (?, ?, ?)",
        (rule.name, rule.place, json.dumps(rule_json(rule), ensure_ascii=False, sort_keys=True)),
    )


def rule_json(rule: Rule) -> dict[str, Any]:
    """The rule as JSON knows it: lists, and moments as text."""
    told = asdict(rule)
    for name in LISTS:
        told[name] = list(told[name])
    for name in MOMENTS:
        told[name] = None if told[name] is None else told[name].isoformat()
    return told


def rule_of(told: dict[str, Any]) -> Rule:
    """The rule that JSON tells, an absent field as its default; raises BadRule."""
    known = {field.name for field in fields(Rule)}
    for name in told.keys() - known:
        raise BadRule(str(name)[:40], f"it is not known; there are {', '.join(sorted(known))}")
    for name in ("name", "act"):
        if not isinstance(told.get(name), str):
            raise BadRule(name, "it is missing, or no text")
    kept = {name: _value(name, value) for name, value in told.items() if value is not None}
    return Rule(**kept)  # type: ignore[arg-type] # each of the type that _value demands


def _value(name: str, value: object) -> object:
    """One member of the JSON, of the type that a Rule wants."""
    if name in LISTS:
        if isinstance(value, str):
            value = [value]
        if not isinstance(value, list) or not all(isinstance(one, str) for one in value):
            raise BadRule(name, "a list of texts is wanted")
        return tuple(dict.fromkeys(one.strip() for one in value))
    if name in MOMENTS:
        return _moment(name, value)
    if name == "enabled":
        wanted: tuple[type, ...] = (bool,)
    elif name == "strength":
        wanted = (int, float)
    else:
        wanted = (int,) if name == "place" else (str,)
    if not isinstance(value, wanted) or (isinstance(value, bool) and bool not in wanted):
        raise BadRule(name, f"{str(value)[:40]!r} is of another type than it is")
    if name == "strength" and isinstance(value, int):
        try:
            return float(value)
        except OverflowError as endless:
            raise BadRule(name, "the number is too large") from endless
    return value


def _moment(name: str, value: object) -> datetime:
    try:
        return datetime.fromisoformat(str(value))
    except ValueError as strange:
        raise BadRule(name, "a moment is written 2026-12-01T00:00:00Z") from strange


@lru_cache(maxsize=2 * RULES_MAX)  # every search reads the same ones
def _stored(body: str) -> Rule:
    return rule_of(json.loads(body))


def copy_rules(old: sqlite3.Connection, new: sqlite3.Connection) -> None:
    """Give another shop (the same products in another model's space) the same rules."""
    new.execute("DELETE FROM rules")
    for rule in rules_in(old):
        write_rule(new, rule)
