"""Answers: a neighbour is what the vectors know, a hit is what the shopper sees."""

from dataclasses import dataclass

from index.product import Product
from index.rule import Act


@dataclass(frozen=True, slots=True)
class Neighbour:
    """A SKU near the query. `score` is the cosine, in [-1, 1], of its best picture."""

    sku: str
    score: float


@dataclass(frozen=True, slots=True)
class Swatch:
    """Another colour of the same group, found near the query too or fetched beside it."""

    sku: str
    colour: str
    price: float | None


@dataclass(frozen=True, slots=True)
class Moved:
    """That the rule `rule` pinned, boosted or buried a hit, by `shift` (0 for a pin)."""

    rule: str
    act: Act
    shift: float


@dataclass(frozen=True, slots=True)
class Hit:
    """A product in answer to a query.

    `probability` in [0, 1]: how likely a shopper calls it the same kind and colour (calibrated);
    never under `exact`. `exact` in [0, 1]: how likely it is the very product in the picture; None
    where that cannot be said (no picture, words that ask for another, a model not calibrated for
    it, a far hit).
    `swatches`: the other products of its group. `identical`: SKUs folded into this hit because
    their picture is proven to be the same, pixel for pixel. `moved` names the merchandiser's rules
    that put it where it stands; they change its place and nothing else.
    """

    product: Product
    score: float
    probability: float
    swatches: tuple[Swatch, ...] = ()
    identical: tuple[str, ...] = ()
    moved: tuple[Moved, ...] = ()
    exact: float | None = None


@dataclass(frozen=True, slots=True)
class Answer:
    """What a search returns: the hits, best first, and whether the shop has nothing like it.

    `took_ms` holds a figure per room walked. `nothing_like_this` is judged without the
    merchandiser's rules, so that none of them can hide or make a refusal.
    """

    hits: tuple[Hit, ...]
    nothing_like_this: bool
    took_ms: dict[str, float]
