"""A merchandiser's rule: which products stand higher or lower, for which searches, and when.

A rule moves products in an answer. It never changes what the answer says of them: score and
probability stay what the vectors found, and whatever a rule moved is told as moved.
"""

import re
import unicodedata
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from typing import Literal, get_args

from index.errors import BadFilter, BadRule
from index.filters import Filter, parse_filter
from index.product import SKU_MAX_CHARS

Act = Literal["pin", "boost", "bury"]
RuleKind = Literal["picture", "words", "both", "like"]
NAME_MAX_CHARS = 80
PINS_MAX = 20
WORDS_MAX = 50
WORDS_MAX_CHARS = 100
BOOST = 0.05  # of a cosine: docs/catalogue.md says how many places that is
STRENGTH_MOST = 2.0  # no two cosines are further apart
BURY = 4.0  # nor does a closer look lift by more than 2 (index/closer.py): behind everything else
PLACE_MAX = 1_000_000
ENDING = re.compile(r"(?:e?s)+$|e$")


@dataclass(frozen=True, slots=True)
class Rule:
    """One rule, by its `name`.

    `pin` puts `skus` first, in their order; `boost` and `bury` move the products that the filter
    `products` names up or down by `strength`, a piece of cosine in (0, 2] (None: .05 up, or behind
    all others). It acts on queries of these `kinds` (none named: on all), that hold all words of
    one of `words` (none: any), whose filter demands all that the filter `when` demands (""), from
    `from_at` until before `until_at`. `place` orders rules in lists and pins among each other.
    Raises BadRule.
    """

    name: str
    act: Act
    products: str = ""
    skus: tuple[str, ...] = ()
    strength: float | None = None
    kinds: tuple[RuleKind, ...] = ()
    words: tuple[str, ...] = ()
    when: str = ""
    from_at: datetime | None = None
    until_at: datetime | None = None
    enabled: bool = True
    place: int = 0

    def __post_init__(self) -> None:
        if not self.name.strip() or len(self.name) > NAME_MAX_CHARS or not self.name.isprintable():
            raise BadRule("name", f"it holds 1 to {NAME_MAX_CHARS} characters that can be shown")
        if "/" in self.name:  # else its address would be another's
            raise BadRule("name", "it holds no /")
        if self.act not in get_args(Act):
            raise BadRule("act", f"it is one of {', '.join(get_args(Act))}")
        if self.act == "pin":
            self._check_pins()
        else:
            self._check_move()
        strange = set(self.kinds) - set(get_args(RuleKind))
        if strange:
            raise BadRule("kinds", f"they are of {', '.join(get_args(RuleKind))}")
        if not -PLACE_MAX <= self.place <= PLACE_MAX:
            raise BadRule("place", f"it lies between -{PLACE_MAX:,} and {PLACE_MAX:,}")
        self._check_words()
        _demand_filter("when", self.when)
        self._check_dates()

    @property
    def shift(self) -> float:
        """What is added to the cosine that a product of a boost or bury is ranked by."""
        if self.act == "boost":
            return BOOST if self.strength is None else self.strength
        return -(BURY if self.strength is None else self.strength)

    def _check_pins(self) -> None:
        if not 1 <= len(self.skus) <= PINS_MAX:
            raise BadRule("skus", f"a pin names 1 to {PINS_MAX} SKUs")
        if any(not sku.strip() or len(sku) > SKU_MAX_CHARS for sku in self.skus):
            raise BadRule("skus", "one of them is no SKU")
        if self.products or self.strength is not None:
            raise BadRule("products", "a pin names `skus`, neither `products` nor a `strength`")

    def _check_move(self) -> None:
        if self.skus:
            raise BadRule("skus", f"only a pin names SKUs; a {self.act} names `products`")
        if not self.products.strip():
            raise BadRule("products", "say which, as a filter: stock>0, or brand=Acme")
        _demand_filter("products", self.products)
        if self.strength is not None and not 0 < self.strength <= STRENGTH_MOST:
            raise BadRule("strength", f"it is more than 0 and at most {STRENGTH_MOST:g}")

    def _check_words(self) -> None:
        if len(self.words) > WORDS_MAX:
            raise BadRule("words", f"they are at most {WORDS_MAX}")
        for phrase in self.words:
            if len(phrase) > WORDS_MAX_CHARS or not word_stems(phrase):
                raise BadRule("words", f"{phrase[:40]!r} holds no words, or too many")

    def _check_dates(self) -> None:
        for field, moment in (("from_at", self.from_at), ("until_at", self.until_at)):
            if moment is not None and moment.utcoffset() is None:
                raise BadRule(field, "say its time zone: 2026-12-01T00:00:00Z")
        if self.from_at and self.until_at and self.from_at >= self.until_at:
            raise BadRule("until_at", "it comes before from_at")


@lru_cache(maxsize=1_000)  # every search asks for the same few
def filter_of(text: str) -> Filter:
    """`text` understood; raises BadFilter."""
    return parse_filter(text)


@lru_cache(maxsize=1_000)
def word_stems(text: str) -> frozenset[str]:
    """The words in `text` without case, accents and the endings of plurals, English or Spanish:
    "red dresses" holds the words of "Red dress", "Vestidos" those of "vestido"."""
    plain = unicodedata.normalize("NFKD", text.casefold())
    plain = "".join(c for c in plain if not unicodedata.combining(c))
    return frozenset(_stem(word) for word in re.findall(r"\w+", plain))


def _stem(word: str) -> str:
    short = ENDING.sub("", word)
    return short if len(short) > 1 else word


def _demand_filter(field: str, text: str) -> None:
    try:
        filter_of(text)
    except BadFilter as bad:
        raise BadRule(field, str(bad)) from bad
