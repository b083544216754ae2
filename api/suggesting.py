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
_Key = tuple[str, str]


def suggested_filters(hits: Sequence[Hit], said: Iterable[str]) -> list[Suggested]:
    """Up to five of {field, value, share}, likeliest first, one a field; `share` in 0 … 1 is how
    much of the likeliest answers have it. Fields in `said` were decided by the shopper already."""
    near = hits[:LOOKED_AT]
    if len(near) < 2:
        return []
    decided = {fold_field(field) for field in said}
    best = max(hit.score for hit in near)  # a rule may have put another one first
    weights = [exp((hit.score - best) / NEAR) for hit in near]
    total = sum(weights)
    named, tally = _Named(), dict[_Key, _Tally]()
    for hit, weight in zip(near, weights, strict=True):
        for key, shown in dict([named[raw] for raw in _values(hit.product)]).items():
            counted = tally.get(key) or tally.setdefault(key, _Tally(shown))
            counted.share += weight / total
            counted.count += 1
    found: dict[str, Suggested] = {}
    for key in sorted(tally, key=lambda k: (-tally[k].share, k)):
        one = tally[key]
        likely = one.share >= LIKELY and one.count < len(near)
        if likely and key[0] not in decided and key[0] not in found:
            field, value = one.shown
            found[key[0]] = {"field": field, "value": value, "share": round(one.share, 3)}
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


class _Tally:
    """How much of the answers, and how many, have one value; and how it is written."""

    __slots__ = ("count", "share", "shown")

    def __init__(self, shown: tuple[str, str]) -> None:
        self.share, self.count, self.shown = 0.0, 0, shown


class _Named(dict[tuple[str, str], tuple[_Key, tuple[str, str]]]):
    """What a product says → as filters compare it, and as it is written. Hits that resemble each
    other say the same twenty times: it is worked out once for each answer."""

    def __missing__(self, raw: tuple[str, str]) -> tuple[_Key, tuple[str, str]]:
        field, value = raw
        shown = leaf_of(value) if field == "category" else value
        found = self[raw] = (fold_field(field), fold_value(shown)), (field, shown)
        return found


def _values(product: Product) -> list[tuple[str, str]]:
    said = [("category", category) for category in product.categories]
    if product.colour:
        said.append(("colour", product.colour))
    if product.brand:
        said.append(("brand", product.brand))
    for name, values in product.attributes.items():
        said += [(name, value) for value in values if len(value) <= 40]
    return said
