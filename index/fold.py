"""From pictures near the query to the hits a shopper wants to see: one for each article.

Pure: candidates in, standings out. A product counts by its best picture; the best-ranked product
of a group stands for it; a product whose best picture is pixel for pixel that of a better hit is
folded into that hit.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import NamedTuple


class Candidate(NamedTuple):
    """A picture near the query and the product it shows; `pixel_digest` may be "" (not known).

    `shift` is what rules add to the score that it is ranked by. A tuple because each search makes
    a hundred of them: a frozen dataclass takes four times as long.
    """

    picture_id: int
    product_id: int
    sku: str
    group: str
    pixel_digest: str
    score: float
    shift: float = 0.0

    @property
    def rank(self) -> float:
        """What it competes with."""
        return self.score + self.shift


@dataclass(slots=True)
class Standing:
    """A product that stands in the answer, and the SKUs folded into it as identical."""

    candidate: Candidate
    identical: list[str] = field(default_factory=list)


def fold(candidates: Iterable[Candidate], *, unfold: bool) -> list[Standing]:
    """One Standing for each article, best first; for each product if `unfold`."""
    standings: list[Standing] = []
    products: set[int] = set()
    groups: set[str] = set()
    by_digest: dict[str, Standing] = {}
    for candidate in sorted(candidates, key=lambda c: (-c.rank, c.picture_id)):
        if candidate.product_id in products:
            continue  # an earlier picture of it scored higher
        products.add(candidate.product_id)
        if unfold:
            standings.append(Standing(candidate))
            continue
        if candidate.group and candidate.group in groups:
            continue  # a better-matching colour stands for the group
        if candidate.pixel_digest and candidate.pixel_digest in by_digest:
            by_digest[candidate.pixel_digest].identical.append(candidate.sku)
            continue
        standing = Standing(candidate)
        standings.append(standing)
        groups.add(candidate.group)
        by_digest.setdefault(candidate.pixel_digest, standing)
    return standings
