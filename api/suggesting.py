"""Filters that suggest themselves: what most of the likeliest answers are.

Near hits speak louder than far ones. A value is offered where it is likely but not certain: one
that every hit has would change nothing in what is seen.
"""

from collections.abc import Iterable, Iterator, Sequence
from math import exp

from index.filters import Not, Part, Term, fold_field, fold_value
from index.hit import Hit
from index.product import Product
from index.terms import leaf_of

LOOKED_AT = 20
NEAR = 0.06
"""Of the score: a hit so much further than the first counts for 1/e of it."""
LIKELY = 0.4
MOST = 5

Suggested = dict[str, str | float]


def suggested_filters(hits: Sequence[Hit], said: Iterable[str]) -> list[Suggested]:
    """Up to five of {field, value, share}, likeliest first, one a field; `share` in 0 … 1 is how
    much of the likeliest answers have it. Fields in `said` were decided by the shopper already."""
    near = hits[:LOOKED_AT]
    if len(near) < 2:
        return []
    decided = {fold_field(field) for field in said}
    best = max(hit.score for hit in near)  # a rule may have put another one first
    weights = [exp((hit.score - best) / NEAR) for hit in near]
    shares: dict[tuple[str, str], float] = {}
    counts: dict[tuple[str, str], int] = {}
    shown: dict[tuple[str, str], tuple[str, str]] = {}
    for hit, weight in zip(near, weights, strict=True):
        for key, named in {_key(f, v): (f, v) for f, v in _values(hit.product)}.items():
            shares[key] = shares.get(key, 0.0) + weight / sum(weights)
            counts[key] = counts.get(key, 0) + 1
            shown.setdefault(key, named)
    found: dict[str, Suggested] = {}
    for key in sorted(shares, key=lambda k: (-shares[k], k)):
        field, value = shown[key]
        likely = shares[key] >= LIKELY and counts[key] < len(near)
        if likely and key[0] not in decided and key[0] not in found:
            found[key[0]] = {"field": field, "value": value, "share": round(shares[key], 3)}
    return list(found.values())[:MOST]


def fields_in(part: Part) -> Iterator[str]:
    """The fields that a filter speaks of."""
    if isinstance(part, Term):
        yield part.field
    elif isinstance(part, Not):
        yield from fields_in(part.part)
    else:
        for inner in part.parts:
            yield from fields_in(inner)


def _key(field: str, value: str) -> tuple[str, str]:
    return fold_field(field), fold_value(value)


def _values(product: Product) -> Iterator[tuple[str, str]]:
    for category in product.categories:
        yield "category", leaf_of(category)
    for field in ("colour", "brand"):
        if value := getattr(product, field):
            yield field, value
    for name, values in product.attributes.items():
        for value in values:
            if len(value) <= 40:
                yield name, value
