"""What a filter means: and, or and not over sets of products, one set for each thing it names.

The sets come from whoever keeps them: from masks in memory (`masks`), or straight from the
catalogue, where every value travels as a parameter.
"""

import operator
import sqlite3
from collections.abc import Callable, Sequence
from functools import reduce
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt

from index.errors import BadFilter
from index.filters import All, Filter, Not, Operator, Part, Term, number_of
from index.owners import Mask, Owners
from index.terms import FILTERABLE
from index.vectors import Ids

Set = npt.NDArray[Any]
"""Bits or truth values; `&`, `|` and `~` do to them what they say."""


class Sets(Protocol):
    """Sets of products, all of one length."""

    def everything(self) -> Set:
        """Every product."""

    def having(self, field: str) -> Set:
        """Those with any value in `field`."""

    def equal(self, field: str, value: str) -> Set:
        """Those with the folded `value` in `field`."""

    def number(self, field: str, order: Operator, number: float) -> Set:
        """Those with a number in `field` that stands in this order to `number`."""


def set_of(part: Part, sets: Sets) -> Set:
    """What passes `part`; what stands at ids of no product is no matter."""
    if isinstance(part, Term):
        return _of_term(part, sets)
    if isinstance(part, Not):
        return ~set_of(part.part, sets)
    if not part.parts:
        return sets.everything()
    join: Callable[[Set, Set], Set] = operator.and_ if isinstance(part, All) else operator.or_
    return reduce(join, (set_of(inner, sets) for inner in part.parts))


def _of_term(term: Term, sets: Sets) -> Set:
    if term.operator not in ("=", "!="):
        number = number_of(term.values[0])
        assert number is not None  # the parser saw to it
        return sets.number(term.field, term.operator, number)
    found = [
        ~sets.having(term.field) if value == "" else sets.equal(term.field, value)
        for value in term.values  # brand='' finds what has no brand
    ]
    for number in map(number_of, term.values):
        if number is not None:  # so that price=34.00 finds 34
            found.append(sets.number(term.field, "=", number))
    equal = reduce(operator.or_, found)
    return equal if term.operator == "=" else ~equal


def terms_in(part: Part) -> list[Term]:
    """Every term of `part`."""
    if isinstance(part, Term):
        return [part]
    if isinstance(part, Not):
        return terms_in(part.part)
    return [term for inner in part.parts for term in terms_in(inner)]


def allowed_pictures(connection: sqlite3.Connection, wanted: Filter, owners: Owners) -> Ids:
    """Ids of all pictures of products that pass, ascending, by asking the catalogue alone.

    `owners` is of the moment that `connection`'s transaction sees. Raises BadFilter for unknown
    fields.
    """
    require_known(connection, wanted)
    stored = _StoredSets(connection, owners.highest_product + 1)
    return owners.pictures_of(set_of(wanted.root, stored))


def known_fields(connection: sqlite3.Connection) -> list[str]:
    """Every field that can be filtered: the standard ones, then the shop's attributes."""
    rows = connection.execute(
        # steps from field to field through the index instead of reading every term
        "WITH RECURSIVE fields(field) AS ("
        " SELECT min(field) FROM terms UNION ALL"
        " SELECT (SELECT min(field) FROM terms WHERE field > fields.field) FROM fields"
        " WHERE fields.field IS NOT NULL) "
        "SELECT field FROM fields WHERE field IS NOT NULL"
    )
    return [*FILTERABLE, *(field for (field,) in rows if field not in FILTERABLE)]


def require_known(connection: sqlite3.Connection, wanted: Filter) -> None:
    """Raise BadFilter if it names a field that neither products have nor this shop's do."""
    used = {term.field for term in terms_in(wanted.root)} - set(FILTERABLE)
    found = "SELECT EXISTS (SELECT 1 FROM terms WHERE field = ?)"  # one step each, not one a field
    for field in sorted(used):
        if connection.execute(found, (field,)).fetchone() != (0,):
            continue
        known = known_fields(connection)
        raise BadFilter(wanted.text, f"this shop has no field {field!r}; it has {', '.join(known)}")


def products_where(connection: sqlite3.Connection, condition: str, values: Sequence[object]) -> Ids:
    """Ids of the products with a term of which `condition` holds; one may come twice."""
    (text,) = connection.execute(
        # one long text is read four times faster than as many rows
        f"SELECT group_concat(product_id) FROM terms WHERE {condition}",
        tuple(values),
    ).fetchone()
    if text is None:
        return np.empty(0, np.int64)
    return np.fromstring(text, dtype=np.int64, sep=",")


class _StoredSets:
    """Truth values by product id, read from the catalogue each time."""

    def __init__(self, connection: sqlite3.Connection, size: int) -> None:
        self._connection = connection
        self._size = size

    def everything(self) -> Mask:
        return np.ones(self._size, dtype=bool)

    def having(self, field: str) -> Mask:
        return self._where("field = ?", field)

    def equal(self, field: str, value: str) -> Mask:
        return self._where("field = ? AND value = ?", field, value)

    def number(self, field: str, order: Operator, number: float) -> Mask:
        return self._where(f"field = ? AND number {order} ?", field, number)

    def _where(self, condition: str, *values: object) -> Mask:
        ids = products_where(self._connection, condition, values)
        mask = np.zeros(self._size, dtype=bool)
        mask[ids[ids < self._size]] = True
        return mask
