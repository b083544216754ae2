"""How many products carry which value: what a page offers to choose from."""

import sqlite3
from collections.abc import Sequence

from index.catalogue import marks
from index.terms import NOT_COUNTED

MAX_VALUES = 50  # of one field; a page shows fewer
MAX_DISTINCT = 200  # an attribute with more values is a description, not a choice
ALWAYS = ("category", "colour", "brand")  # offered however many values they have

Facets = dict[str, list[tuple[str, int]]]


def count_facets(connection: sqlite3.Connection, skus: Sequence[str] | None) -> Facets:
    """Values by field, most frequent first, over `skus` or (None) the whole shop."""
    chosen, values = "", tuple(skus or ())
    if skus is not None:
        chosen = f"AND product_id IN (SELECT id FROM products WHERE sku IN ({marks(values)}))"
    rows = connection.execute(
        f"SELECT field, min(shown), count(*) AS n FROM terms "
        f"WHERE shown IS NOT NULL AND field NOT IN ({marks(NOT_COUNTED)}) {chosen} "
        "GROUP BY field, value ORDER BY field, n DESC, value",
        (*sorted(NOT_COUNTED), *values),
    )
    facets: Facets = {field: [] for field in ALWAYS}
    for field, shown, count in rows:
        facets.setdefault(field, []).append((shown, count))
    return {
        field: counts[:MAX_VALUES]
        for field, counts in facets.items()
        if len(counts) <= MAX_DISTINCT or field in ALWAYS
    }
