"""What a merchandiser's rules do to one search: they act before candidates are cut.

The pictures of the shop fall into segments that rules move alike. Each segment is searched as an
allowed set, so a boosted product competes for all places however far down the vectors put it, and
a buried one leaves its place to the best of the others.
"""

import sqlite3
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

import numpy as np
import numpy.typing as npt

from index.catalogue import marks
from index.conditions import allowed_pictures
from index.errors import BadFilter
from index.filters import All, Filter, Part, Term
from index.hit import Moved
from index.owners import Owners
from index.query import Query
from index.replica import Chosen
from index.rule import Rule, filter_of, word_stems
from index.vectors import Ids

PIN = 1_000.0  # above whatever cosine and boosts can add up to
PIN_STEP = 100.0  # and between two pins: no boost changes their order
SHIFT_MOST = 40.0  # of all boosts and buries of one product together: under a pin's step
Shifts = npt.NDArray[np.float32]


@dataclass(frozen=True, slots=True, eq=False)
class Segment:
    """Pictures that are searched together: `allowed` (None: all), ranked `shift` higher.

    `whole` says that they are few and all of them are looked at.
    """

    allowed: Ids | Chosen | None
    shift: float = 0.0
    whole: bool = False


class Ruling:
    """The rules that act on one search, over the shop of one moment."""

    def __init__(
        self,
        connection: sqlite3.Connection,
        rules: Sequence[Rule],
        owners: Owners,
        allowed: Ids | None,
    ) -> None:
        self._owners = owners
        self._shifts: Shifts = np.zeros(len(owners.pictures), np.float32)
        self._pinned = np.zeros(len(owners.pictures), bool)
        self._touched: list[tuple[Rule, Ids]] = []
        for rule in (r for r in rules if r.act != "pin"):
            self._move(rule, connection)
        np.clip(self._shifts, -SHIFT_MOST, SHIFT_MOST, out=self._shifts)
        self._pin([r for r in rules if r.act == "pin"], connection)
        self.segments = self._segments(allowed)

    def shifts_of(self, pictures: Ids) -> Shifts:
        """What rules add to the rank of each of these pictures, all of them the shop's."""
        found: Shifts = self._shifts[np.searchsorted(self._owners.pictures, pictures)]
        return found

    def moved(self, picture: int) -> tuple[Moved, ...]:
        """The rules that moved the product of this picture."""
        return tuple(
            Moved(rule.name, rule.act, 0.0 if rule.act == "pin" else rule.shift)
            for rule, pictures in self._touched
            if _holds(pictures, picture)
        )

    def _move(self, rule: Rule, connection: sqlite3.Connection) -> None:
        try:
            pictures = allowed_pictures(connection, filter_of(rule.products), self._owners)
        except BadFilter:  # an attribute that no product has any more: nothing to move
            return
        self._shifts[np.searchsorted(self._owners.pictures, pictures)] += rule.shift
        self._touched.append((rule, pictures))

    def _pin(self, rules: Sequence[Rule], connection: sqlite3.Connection) -> None:
        """The first rule that names a SKU pins it; boosts and buries of it no longer count."""
        order = list(dict.fromkeys(sku for rule in rules for sku in rule.skus))
        products = _product_ids(connection, order)
        for n, sku in enumerate(order):
            at = np.flatnonzero(self._owners.products == products.get(sku, -1))
            self._shifts[at] = PIN + PIN_STEP * (len(order) - n)
            self._pinned[at] = True
        for rule in rules:
            ids = [products[sku] for sku in rule.skus if sku in products]
            theirs = np.isin(self._owners.products, ids)
            self._touched.insert(0, (rule, self._owners.pictures[theirs]))

    def _segments(self, allowed: Ids | None) -> list[Segment]:
        pictures = self._owners.pictures
        inside = np.ones(len(pictures), bool)
        if allowed is not None:
            inside = np.isin(pictures, allowed, assume_unique=True)
        segments = []
        if self._pinned.any():
            segments.append(Segment(pictures[inside & self._pinned], whole=True))
        moved = (self._shifts != 0) & ~self._pinned
        for shift in np.unique(self._shifts[moved]):
            alike = inside & moved & (self._shifts == shift)
            segments.append(Segment(pictures[alike], float(shift)))
        if (self._shifts < 0).any():
            rest: Ids | None = pictures[inside & (self._shifts == 0)]
        else:  # whatever stands above the moved ones' cosines is found among all as well
            rest = allowed
        return [*segments, Segment(rest)]


def why_idle(rule: Rule, query: Query, now: datetime) -> str:
    """Why the rule does not act on this query at this moment; "" if it does."""
    if not rule.enabled:
        return "it is switched off"
    if rule.from_at is not None and now < rule.from_at:
        return f"it begins at {rule.from_at.isoformat()}"
    if rule.until_at is not None and now >= rule.until_at:
        return f"it ended at {rule.until_at.isoformat()}"
    if rule.kinds and query.rule_kind not in rule.kinds:
        return f"it is for searches by {' or '.join(rule.kinds)}, not by {query.rule_kind}"
    if rule.words and not any(word_stems(p) <= word_stems(query.text) for p in rule.words):
        return "the query holds none of its words"
    if rule.when and not _demands(query.filter, filter_of(rule.when)):
        return "the query's filter does not demand what the rule is bound to"
    return ""


def acting(rules: Sequence[Rule], query: Query) -> list[Rule]:
    """Those of `rules` that act on `query`."""
    now = query.at or datetime.now(UTC)
    return [rule for rule in rules if not why_idle(rule, query, now)]


def _demands(asked: Filter | None, wanted: Filter) -> bool:
    """Whether everything that passes `asked` is plainly said to pass `wanted`."""
    said = [] if asked is None else _conjuncts(asked.root)
    return all(any(_implies(one, part) for one in said) for part in _conjuncts(wanted.root))


def _conjuncts(part: Part) -> list[Part]:
    if isinstance(part, All):
        return [one for inner in part.parts for one in _conjuncts(inner)]
    return [part]


def _implies(said: Part, wanted: Part) -> bool:
    if isinstance(said, Term) and isinstance(wanted, Term) and said.operator == "=":
        same = (said.field, said.operator) == (wanted.field, wanted.operator)
        return same and set(said.values) <= set(wanted.values)
    return said == wanted


def _product_ids(connection: sqlite3.Connection, skus: Sequence[str]) -> dict[str, int]:
    rows = connection.execute(f"SELECT sku, id FROM products WHERE sku IN ({marks(skus)})", skus)
    return dict(rows.fetchall())


def _holds(pictures: Ids, picture: int) -> bool:
    at = int(np.searchsorted(pictures, picture))
    return at < len(pictures) and int(pictures[at]) == picture
