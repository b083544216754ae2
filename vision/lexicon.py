"""Reads a shopper's words: Spanish or English in, the model's English and the price bounds out.

The lexicon is data beside the model (`lexicon.json`). What it does not know passes through.
"""

import json
import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from vision.errors import BadModel

_MONEY = r"(?:€|\$|£|euros?|eur|dollars?|dolares|usd|pounds?|gbp|libras?|pesos?|bucks)"
_NUMBER = rf"{_MONEY}?\s*(\d{{1,3}}(?:[.,]\d{{3}})+|\d{{1,6}}(?:[.,]\d{{1,2}})?)\s*{_MONEY}?"
# A bare number after "under" is a price, but not where it measures something else.
_NO_MEASURE = (
    r"(?![\d.,]*\d|\s*(?:years?|anos?|months?|meses|cm|mm|m\b|kg|g\b|ml|l\b|inch|inches|pulgadas|"
    r"%|percent|degrees|grados|denier|colou?rs?|colores|pieces?|piezas?|pockets?|bolsillos?|"
    r"pairs?|pares|pack|th\b|st\b))"
)
_BETWEEN = re.compile(
    rf"\b(?:between|from|entre|desde)\s+{_NUMBER}\s*(?:and|to|y|e|hasta|a|-|–)\s*{_NUMBER}{_NO_MEASURE}"
)
_BELOW = re.compile(
    rf"(?:\b(?:under|below|less than|cheaper than|up to|at most|maximum|bajo|debajo de|"
    rf"por debajo de|menos de|mas barat[oa]s? que|hasta|maximo|como mucho|inferior a)|<=?)"
    rf"\s*(?:de\s+)?{_NUMBER}{_NO_MEASURE}"
)
_ABOVE = re.compile(
    rf"(?:\b(?:over|above|more than|at least|minimum|mas de|por encima de|encima de|"
    rf"desde|minimo|como minimo|superior a)|>=?)\s*(?:de\s+)?{_NUMBER}{_NO_MEASURE}"
)
_OR_LESS = re.compile(
    rf"{_NUMBER}\s*(?:or less|or under|or below|max|o menos|como maximo|maximo)\b"
)
_OR_MORE = re.compile(rf"{_NUMBER}\s*(?:or more|or over|and up|o mas|como minimo|minimo)\b")
_THOUSANDS = re.compile(r"\d{1,3}(?:[.,]\d{3})+")
_WORD = re.compile(r"[^\W_]+(?:[-'’][^\W_]+)*", re.UNICODE)


@dataclass(frozen=True, slots=True)
class Reading:
    """What words mean: `words` for the tower (English where known; may be empty when only a price
    was named), price bounds in the shop's currency, the colours and kinds named (English)."""

    words: str
    price_below: float | None
    price_above: float | None
    colours: tuple[str, ...]
    kinds: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Lexicon:
    """Folded phrases → English. `colours` and `kinds` are the English words that count as such.

    Keys are without accents, in lower case; plurals and genders are met by stemming both sides.
    """

    phrases: Mapping[str, str]
    colours: frozenset[str]
    kinds: Mapping[str, str]
    longest: int

    @classmethod
    def load(cls, path: Path) -> "Lexicon":
        """Read `lexicon.json`; raises BadModel when it cannot be read."""
        try:
            held = json.loads(path.read_text(encoding="utf-8"))
            exact = {fold(k): v for group in held["phrases"].values() for k, v in group.items()}
            phrases = {stem(k): v for k, v in exact.items()} | exact
            kinds = {stem(k): v for k, v in held["kinds"].items()}
            colours = frozenset(held["colours"])
        except (OSError, ValueError, KeyError, AttributeError, TypeError) as cause:
            raise BadModel(path.name, f"its lexicon cannot be read ({cause})") from cause
        longest = max((len(k.split()) for k in (*phrases, *kinds, *colours)), default=1)
        return cls(phrases, colours, kinds, longest)

    def read(self, text: str) -> Reading:
        """Never raises; unknown words stay as they are."""
        folded, below, above = _prices(fold(text))
        tokens = _WORD.findall(folded)
        if not tokens and below is None and above is None:  # signs only: the tower may know them
            return Reading(text.strip(), None, None, (), ())
        said: list[str] = []
        at = 0
        while at < len(tokens):
            taken, english = self._longest_match(tokens, at)
            said += english.split() if english is not None else tokens[at : at + 1]
            at += taken
        if not said and below is None and above is None:  # filler alone, such as "uno" or "color"
            said = tokens
        return Reading(
            " ".join(said), below, above, self._named_colours(said), self._named_kinds(said)
        )

    def _longest_match(self, tokens: list[str], at: int) -> tuple[int, str | None]:
        for count in range(min(self.longest, len(tokens) - at), 0, -1):
            run = " ".join(tokens[at : at + count])
            english = self.phrases.get(run, self.phrases.get(stem(run)))
            if english is not None:
                return count, english
        return 1, None

    def _named_colours(self, said: list[str]) -> tuple[str, ...]:
        return tuple(dict.fromkeys(w for w in self._runs(said) if w in self.colours))

    def _named_kinds(self, said: list[str]) -> tuple[str, ...]:
        stems = (stem(w) for w in self._runs(said))
        return tuple(dict.fromkeys(self.kinds[s] for s in stems if s in self.kinds))

    def _runs(self, said: list[str]) -> list[str]:
        """Words and runs of words, longest match first, no word counted twice."""
        found, at = [], 0
        while at < len(said):
            for count in range(min(self.longest, len(said) - at), 0, -1):
                run = " ".join(said[at : at + count])
                if count == 1 or run in self.colours or stem(run) in self.kinds:
                    found.append(run)
                    at += count
                    break
        return found


def fold(text: str) -> str:
    """Lower case without accents, ñ kept apart from n by nobody who types on a phone."""
    plain = unicodedata.normalize("NFKD", text.replace("’", "'")).casefold()
    return "".join(c for c in plain if not unicodedata.combining(c))


def stem(phrase: str) -> str:
    """Each word of a folded phrase without its Spanish or English plural and gender ending."""
    return " ".join(_stem_word(w) for w in fold(phrase).split())


def _stem_word(word: str) -> str:
    for ending in ("es", "s"):
        if len(word) > len(ending) + 2 and word.endswith(ending) and not word.endswith("ss"):
            word = word[: -len(ending)]
            break
    return word[:-1] if len(word) > 4 and word[-1] in "aoe" else word


def _prices(text: str) -> tuple[str, float | None, float | None]:
    """`text` without its price phrases, and the bounds that they set."""
    below = above = None
    if found := _BETWEEN.search(text):
        low, high = sorted(_amount(g) for g in found.groups())
        return _without(text, found), high, low
    if found := _OR_LESS.search(text) or _BELOW.search(text):
        below, text = _amount(found.group(1)), _without(text, found)
    if found := _OR_MORE.search(text) or _ABOVE.search(text):
        above, text = _amount(found.group(1)), _without(text, found)
    return text, below, above


def _amount(digits: str) -> float:
    if _THOUSANDS.fullmatch(digits):
        return float(re.sub("[.,]", "", digits))
    return float(digits.replace(",", "."))


def _without(text: str, found: re.Match[str]) -> str:
    return f"{text[: found.start()]} {text[found.end() :]}"
