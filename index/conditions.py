"""A filter in SQL: the pictures of the products that it lets through.

Every value travels as a parameter, never as text of the statement.
"""

import sqlite3

import numpy as np

from index.errors import BadFilter
from index.filters import All, Any, Filter, Not, Part, Term, number_of
from index.terms import FILTERABLE
from index.vectors import Ids


def allowed_pictures(connection: sqlite3.Connection, wanted: Filter) -> Ids:
    """Ids of all pictures of products that pass, ascending; raises BadFilter for unknown fields."""
    _require_known(connection, wanted)
    condition, values = _sql(wanted.root)
    rows = connection.execute(
        "SELECT group_concat(pictures.id) FROM products JOIN pictures "
        f"ON pictures.product_id = products.id WHERE {condition}",
        values,
    )  # one long text is read ten times faster than ten thousand rows
    (text,) = rows.fetchone()
    if text is None:
        return np.empty(0, np.int64)
    return np.sort(np.array(text.split(","), dtype=np.int64))


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


def _require_known(connection: sqlite3.Connection, wanted: Filter) -> None:
    used = _fields(wanted.root)
    if used <= set(FILTERABLE):
        return
    known = known_fields(connection)
    for field in sorted(used - set(known)):
        raise BadFilter(wanted.text, f"this shop has no field {field!r}; it has {', '.join(known)}")


def _fields(part: Part) -> set[str]:
    if isinstance(part, Term):
        return {part.field}
    if isinstance(part, Not):
        return _fields(part.part)
    return {field for inner in part.parts for field in _fields(inner)}


def _sql(part: Part) -> tuple[str, list[str | float]]:
    if isinstance(part, Term):
        return _term(part)
    if isinstance(part, Not):
        condition, values = _sql(part.part)
        return f"NOT ({condition})", values
    joined = [_sql(inner) for inner in part.parts]
    if not joined:
        return ("1" if isinstance(part, All) else "0"), []
    word = " OR " if isinstance(part, Any) else " AND "
    return (
        word.join(f"({condition})" for condition, _ in joined),
        [value for _, values in joined for value in values],
    )


def _term(term: Term) -> tuple[str, list[str | float]]:
    start = "products.id IN (SELECT product_id FROM terms WHERE field = ? AND"
    if term.operator in ("=", "!="):
        inner, values = _equals(start, term)
        return (inner if term.operator == "=" else f"NOT ({inner})"), values
    number = number_of(term.values[0])
    if number is None:
        raise BadFilter(f"{term.field}{term.operator}{term.values[0]}", "it wants one number")
    return f"{start} number {term.operator} ?)", [term.field, number]


def _equals(start: str, term: Term) -> tuple[str, list[str | float]]:
    """Equal as text or, so that price=34.00 finds 34, as numbers."""
    numbers = [n for n in map(number_of, term.values) if n is not None]
    texts = f"{start} value IN ({', '.join('?' * len(term.values))}))"
    values: list[str | float] = [term.field, *term.values]
    if not numbers:
        return texts, values
    same = f"{start} number IN ({', '.join('?' * len(numbers))}))"
    return f"{texts} OR {same}", [*values, term.field, *numbers]
