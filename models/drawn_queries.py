"""What shoppers ask of the drawn shop: snaps, words in English and Spanish, and strangers."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from models.drawn_fields import rng_of
from models.drawn_product import Spec, stock
from models.drawn_range import Article

SNAPS_PER_PRODUCT = 0.4
WORDS_PER_PRODUCT = 0.2


@dataclass(frozen=True, slots=True)
class Query:
    """One row of queries.csv; `spec` and `view` say what the snap in `image` shows."""

    image: str
    text: str
    expect: str
    spec: Spec | None = None
    view: str = "front"

    def row(self) -> dict[str, str]:
        """The row as written."""
        return {"image": self.image, "text": self.text, "expect": self.expect}


def queries(seed: int, sold: Sequence[Article]) -> tuple[Query, ...]:
    """Snaps of two products in five, some with words; words alone; what the shop does not sell."""
    rng = rng_of("queries", seed)
    snapped = rng.permutation(len(sold))[: round(len(sold) * SNAPS_PER_PRODUCT)]
    asked = [_snap(i, sold[int(at)], int(rng.integers(2**31))) for i, at in enumerate(snapped)]
    asked.extend(_words(seed, sold))
    return tuple(asked)


def _snap(number: int, article: Article, seed: int) -> Query:
    """A snap of the article with other folds than in the studio; every sixth asks for the kind."""
    spec = replace(article.spec, seed=seed)
    expect = f"category={article.row['category']}" if number % 6 == 5 else article.sku
    return Query(f"snaps/{number:03d}-{article.sku}.jpg", "", expect, spec)


def _words(seed: int, sold: Sequence[Article]) -> list[Query]:
    """Words for a kind and colour, in English and Spanish, expecting every such product."""
    rng = rng_of("words", seed)
    asked: list[Query] = []
    for at in rng.permutation(len(sold))[: round(len(sold) * WORDS_PER_PRODUCT)]:
        article = sold[int(at)]
        kind, colour = article.spec.kind, article.row["colour"]
        same = [a.sku for a in sold if (a.spec.kind, a.row["colour"]) == (kind, colour)]
        row = stock()["kinds"][kind]
        asked.append(Query("", f"{colour} {row['noun']}", "|".join(same)))
    return asked
