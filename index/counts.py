"""How many of the products that pass carry which value: facets of a result, from the masks.

A value costs 20 µs for a million products, so some hundreds of them a few milliseconds; what passes
is counted as it is, however large, and not by what a page happens to show.
"""

import sqlite3

from index import bits
from index.bits import Bits
from index.facets import ALWAYS, MAX_DISTINCT, MAX_VALUES, Facets
from index.masks import Fetched, Key, Masks, MaskSets, fetch
from index.slots import Slots
from index.terms import NOT_COUNTED

VALUES_MOST = 400  # of one field, the shop's most frequent; the rest is never counted
FEW = 8_192  # slots that are asked one by one instead of all bits of all values

Values = dict[str, dict[str, str]]
"""Of each field its folded values and how they are written; of what is no choice, none."""


def values_in(connection: sqlite3.Connection) -> Values:
    """The values that can be counted; reads every term (seconds for a million products, once)."""
    counted = ", ".join("?" for _ in NOT_COUNTED)
    rows = connection.execute(
        "SELECT field, value, min(shown), count(*) AS n FROM terms "
        f"WHERE shown IS NOT NULL AND field NOT IN ({counted}) "
        "GROUP BY field, value ORDER BY field, n DESC, value",
        sorted(NOT_COUNTED),
    )
    found: Values = {field: {} for field in ALWAYS}
    seen: dict[str, int] = {}
    for field, value, shown, _ in rows:
        seen[field] = seen.get(field, 0) + 1
        if seen[field] <= VALUES_MOST:
            found.setdefault(field, {})[value] = shown
    return {
        field: values if is_choice(field, seen.get(field, 0)) else {}
        for field, values in found.items()
    }


def is_choice(field: str, values: int) -> bool:
    """Whether a field with so many values is one to choose from, and no description."""
    return field in ALWAYS or values <= MAX_DISTINCT


def fetch_values(connection: sqlite3.Connection, masks: Masks, values: Values) -> Fetched:
    """What counting needs, read from the catalogue where it is not in memory."""
    keys: list[Key] = [
        (field, value)
        for field, shown in list(values.items())  # another thread may just learn of a value
        for value in list(shown)
    ]
    return fetch(connection, masks, keys, ())


def count_values(
    masks: Masks, slots: Slots, chosen: Bits | None, values: Values, fetched: Fetched
) -> Facets:
    """Values by field, the most frequent first, over the products in `chosen` (all, if None)."""
    leading = slots.leading & slots.alive
    if chosen is not None:
        leading &= chosen
    few = bits.slots_in(leading) if bits.count(leading) <= FEW else None
    sets = MaskSets(masks, slots, fetched)
    found: Facets = {}
    for field, shown in values.items():
        if not is_choice(field, len(shown)):
            continue
        counts = []
        for value, text in shown.items():
            theirs = sets.equal(field, value)
            if few is not None:
                count = int(bits.holds(theirs, few).sum())
            else:
                count = bits.count(theirs & leading)
            if count:
                counts.append((text, count, value))
        counts.sort(key=lambda one: (-one[1], one[2]))
        if counts or field in ALWAYS:
            found[field] = [(text, count) for text, count, _ in counts[:MAX_VALUES]]
    return found
