"""What shoppers ask of the drawn shop: snaps, words in English and Spanish, and strangers.

Expected are terms of `vistazo eval`: a SKU, `category=…`, or `none` for what the shop lacks.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from models.drawn_fields import rng_of
from models.drawn_product import Spec, stock
from models.drawn_range import Article, ink_of

SNAPS_A_PRODUCT = 0.3
WORDS_A_PRODUCT = 0.2
STRANGERS_A_PRODUCT = 0.04
KIND_ASKED_EVERY = 6  # each so-manieth snap asks for the kind, the others for the very product


@dataclass(frozen=True, slots=True)
class Query:
    """One row of queries.csv; `spec` is what the snap in `image` shows, None without a snap."""

    image: str
    text: str
    expect: str
    spec: Spec | None = None

    def row(self) -> dict[str, str]:
        """The row as written."""
        return {"image": self.image, "text": self.text, "expect": self.expect}


def queries(seed: int, sold: Sequence[Article]) -> tuple[Query, ...]:
    """Snaps of three products in ten, words for a fifth, and some things never sold."""
    rng = rng_of("queries", seed)
    snapped = rng.permutation(len(sold))[: max(2, round(len(sold) * SNAPS_A_PRODUCT))]
    asked = [_snap(i, sold[int(at)], int(rng.integers(2**31))) for i, at in enumerate(snapped)]
    return (*asked, *_words(seed, sold), *_strangers(seed, len(sold)))


def softness(kind: str) -> float:
    """How much a thing of this kind crumples: 1 cloth, 0.3 leather goods, 0 china and metal."""
    if kind in stock()["rigid"]:
        return 0.0
    return 0.3 if kind in stock()["firm"] else 1.0


def _snap(number: int, article: Article, seed: int) -> Query:
    """A snap of the article with other folds than in the studio."""
    ask_kind = number % KIND_ASKED_EVERY == KIND_ASKED_EVERY - 1
    expect = f"category={article.row['category']}" if ask_kind else article.sku
    spec = replace(article.spec, seed=seed)
    return Query(f"snaps/{number:03d}-{article.sku}.jpg", "", expect, spec)


def _words(seed: int, sold: Sequence[Article]) -> list[Query]:
    """Words for a kind, mostly with a colour or pattern, expecting every such product."""
    rng = rng_of("words", seed)
    asked: dict[str, Query] = {}
    for i, at in enumerate(rng.permutation(len(sold))[: round(len(sold) * WORDS_A_PRODUCT)]):
        article = sold[int(at)]
        wanted = {"category": article.row["category"]}
        if i % 3 == 1 and article.spec.pattern not in ("plain", "print"):
            wanted["pattern"] = article.spec.pattern
        elif i % 3 != 2:
            wanted["colour"] = article.row["colour"]
        text = _english(article, wanted) if i % 2 == 0 else _spanish(article, wanted)
        same = [a.sku for a in sold if all(a.row[f] == v for f, v in wanted.items())]
        only = wanted.keys() == {"category"}
        expect = f"category={wanted['category']}" if only else "|".join(same)
        asked[text] = Query("", text, expect)
    return list(asked.values())


def _english(article: Article, wanted: dict[str, str]) -> str:
    pattern = stock()["words"].get(wanted.get("pattern", ""), "")
    words = (wanted.get("colour", ""), pattern, stock()["kinds"][article.spec.kind]["noun"])
    return " ".join(word for word in words if word)


def _spanish(article: Article, wanted: dict[str, str]) -> str:
    """Spanish puts the noun first: `camiseta azul marino`, `vestido de flores`."""
    colour = stock()["spanish"].get(wanted.get("colour", ""), "")
    pattern = stock()["spanish_patterns"].get(wanted.get("pattern", ""), "")
    words = (stock()["kinds"][article.spec.kind]["spanish"], colour, pattern)
    return " ".join(word for word in words if word)


def _strangers(seed: int, products: int) -> list[Query]:
    """Snaps and words of things that the shop does not sell."""
    rng = rng_of("strangers", seed)
    rows = list(stock()["strangers"].items())
    asked: list[Query] = []
    for i in range(max(2, round(products * STRANGERS_A_PRODUCT))):
        kind, row = rows[i % len(rows)]
        colour = row["colours"][(i // len(rows)) % len(row["colours"])]
        main = ink_of(colour)
        spec = Spec(
            kind, (), (main, ink_of("cream"), main), row["material"], seed=int(rng.integers(2**31))
        )
        asked.append(Query(f"snaps/none-{i:02d}-{kind}.jpg", "", "none", spec))
    asked.extend(Query("", row["words"]["en"], "none") for _, row in rows[::2])
    asked.extend(Query("", row["words"]["es"], "none") for _, row in rows[1::2])
    return asked
