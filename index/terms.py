"""What of a product can be filtered and counted: its terms."""

import re
from collections.abc import Iterator
from dataclasses import dataclass

from index.filters import fold_field, fold_value, number_of
from index.product import Product

FILTERABLE = (
    "sku", "title", "price", "currency", "brand", "category", "colour", "size", "group", "stock",
    "store", "url",
)  # fmt: skip
NOT_COUNTED = frozenset(("sku", "title", "price", "currency", "group", "stock", "url"))
MAX_VALUE_CHARS = 500  # longer is a description, which nobody filters by
LISTED = re.compile(r"[,;|]")  # "S, M, L" in one cell


@dataclass(frozen=True, slots=True)
class TermOf:
    """One filterable fact: `field` and `value` folded, `number` if it is one.

    `shown` is the value as the merchandiser wrote it, for facets; None for a mere part of a value
    ("Bags" of "Gear/Bags"), which filters find and facets do not count.
    """

    field: str
    value: str
    number: float | None
    shown: str | None


def terms_of(product: Product) -> list[TermOf]:
    """Every term of `product`, each (field, value) once, whole values before parts."""
    found: dict[tuple[str, str], TermOf] = {}
    for term in _all(product):
        found.setdefault((term.field, term.value), term)
    return list(found.values())


def number_term(field: str, number: float) -> TermOf:
    """The term of a price or a stock."""
    return TermOf(field, f"{number:.15g}", float(number), f"{number:.15g}")


def segments_of(category: str) -> list[str]:
    """Of "Gear / Bags > Totes": Gear, Bags, Totes. Sources write the one sign or the other."""
    return [segment.strip() for segment in re.split(r"[/>]", category) if segment.strip()]


def leaf_of(category: str) -> str:
    """A category as a shopper calls it: its last segment."""
    return next(reversed(segments_of(category)), category)


def _all(product: Product) -> Iterator[TermOf]:
    for field in ("sku", "title", "currency", "brand", "colour", "group", "url"):
        yield from _whole(field, getattr(product, field))
    for field, number in (("price", product.price), ("stock", product.stock)):
        if number is not None:
            yield number_term(field, number)
    for field in ("size", "store"):
        yield from _listed(field, getattr(product, field))
    for category in product.categories:
        yield from _whole("category", category)
    for category in product.categories:
        yield from _segments(category)
    for name, values in product.attributes.items():
        field = fold_field(name)
        for value in values:
            yield from _whole(field, value)


def _whole(field: str, shown: str) -> Iterator[TermOf]:
    value = fold_value(shown)
    if value and len(value) <= MAX_VALUE_CHARS:
        number = number_of(value)
        yield TermOf(field, value, number, shown.strip())


def _listed(field: str, shown: str) -> Iterator[TermOf]:
    parts = [part for part in LISTED.split(shown) if part.strip()]
    for part in parts:
        yield from _whole(field, part)
    if len(parts) > 1 and (value := fold_value(shown)):
        yield TermOf(field, value, None, None)


def _segments(category: str) -> Iterator[TermOf]:
    """Of "Gear/Bags/Totes": each segment, and the path down to it ("Gear/Bags")."""
    segments = [fold_value(segment) for segment in segments_of(category)]
    for depth, segment in enumerate(segments, start=1):
        yield TermOf("category", segment, None, None)
        yield TermOf("category", "/".join(segments[:depth]), None, None)
