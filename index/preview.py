"""A look at what rules would do to a query, before a shopper sees it."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime

from index.catalogue import owners_of
from index.conditions import allowed_pictures
from index.errors import BadFilter
from index.hit import Answer
from index.query import Query
from index.rule import Rule, filter_of
from index.ruling import why_idle
from index.shelf import Shelf


@dataclass(frozen=True, slots=True)
class Preview:
    """The answer without any rule and with these; `acted` names those that acted on the query, and
    `notes` says by name why a rule did not, or which of its products the shop does not have."""

    before: Answer
    after: Answer
    acted: tuple[str, ...]
    notes: dict[str, str]

    def place_before(self, sku: str) -> int | None:
        """Where the product stood without rules, from 1; None if it was not among the hits."""
        skus = [hit.product.sku for hit in self.before.hits]
        return skus.index(sku) + 1 if sku in skus else None


def preview(shelf: Shelf, query: Query, rules: Sequence[Rule]) -> Preview:
    """What `rules`, and no others, do to `query`; raises what Shelf.search raises."""
    now = query.at or datetime.now(UTC)
    notes: dict[str, str] = {}
    acted: list[str] = []
    for rule in rules:
        idle = why_idle(rule, query, now)
        note = idle or _missing(shelf, rule)
        if note:
            notes[rule.name] = note
        if not idle and (rule.act == "pin" or not note):
            acted.append(rule.name)
    return Preview(
        shelf.search(replace(query, rules=(), at=now)),
        shelf.search(replace(query, rules=tuple(rules), at=now)),
        tuple(acted),
        notes,
    )


def _missing(shelf: Shelf, rule: Rule) -> str:
    """What of the rule's products the shop does not have; "" if nothing is missing."""
    if rule.act == "pin":
        absent = [sku for sku in rule.skus if shelf.find(sku) is None]
        return f"not in the shop: {', '.join(absent)}" if absent else ""
    try:
        if _passes_none(shelf, rule):
            return f"no product passes {rule.products}"
    except BadFilter as unknown:
        return unknown.reason
    return ""


def _passes_none(shelf: Shelf, rule: Rule) -> bool:
    with shelf.database.reading() as connection:
        owners = owners_of(connection)
        return not len(allowed_pictures(connection, filter_of(rule.products), owners))
