"""Reads a shopper's words: the model's English and the price bounds out.

English, Spanish, French and German are read. The lexicon is data beside the model
(`lexicon.json`). English and Spanish are always understood; French or German where more of the
words are explained by it, so that "rock t-shirt" is no skirt and "schwarzer Rock" is one. What the
lexicon does not know passes through.
"""

import json
import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from vision.errors import BadModel
from vision.prices import take_prices

SHORTEST_PART: Final = 3  # letters before a compound's last noun
INFLECTED: Final = 0.9  # of a word met by its stem: "veste" is French before it is a vest
SURE_ENDING: Final = 5  # letters of a noun that closes a compound whose first part is unknown
COLOURS_FIRST: Final = ("german",)
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
class Tongue:
    """A language: folded phrases → English, and the nouns that close its compound words, longest
    first; `colours_first` if it says colours before the thing, as English does.

    Keys are without accents, in lower case; plurals and genders are met by stemming both sides.
    """

    phrases: Mapping[str, str]
    endings: Mapping[str, str]
    colours_first: bool

    def find(self, run: str) -> tuple[str, float] | None:
        """The English of a run of folded words and how surely it is meant; None without any."""
        if (english := self.phrases.get(run)) is not None:
            return english, 1.0
        english = self.phrases.get(stem(run))
        if english is None and " " not in run:
            english = self._compound(run)
        return None if english is None else (english, INFLECTED)

    def _compound(self, word: str) -> str | None:
        """The English of "sommerkleid": what the first part says, and its last noun."""
        for ending, noun in self.endings.items():
            first = word.removesuffix(ending)
            if first != word and len(first) >= SHORTEST_PART:
                said = self.phrases.get(first, self.phrases.get(first.removesuffix("s")))
                if said is not None:
                    return f"{said} {noun}".strip()
                return noun if len(ending) >= SURE_ENDING else None
        return None


@dataclass(frozen=True, slots=True)
class Lexicon:
    """`plain` is what is always understood, `others` what else may be spoken, one a query.

    `english`: words that are surely English; `also_english`: words of the others that mean
    something else in English. `colours` and `kinds` are the English words that count as such.
    """

    plain: Tongue
    others: tuple[Tongue, ...]
    english: frozenset[str]
    also_english: frozenset[str]
    colours: frozenset[str]
    kinds: Mapping[str, str]
    longest: int

    @classmethod
    def load(cls, path: Path) -> "Lexicon":
        """Read `lexicon.json`; raises BadModel when it cannot be read."""
        try:
            held = json.loads(path.read_text(encoding="utf-8"))
            plain = _tongue(held, plain=True)
            others = tuple(
                _tongue(other, colours_first=name in COLOURS_FIRST)
                for name, other in held.get("tongues", {}).items()
            )
            kinds = {stem(k): v for k, v in held["kinds"].items()}
            colours = frozenset(held["colours"])
            english = frozenset(fold(word) for word in held["phrases"].get("english", ()))
            ambiguous = frozenset(fold(word) for word in held.get("also_english", ()))
        except (OSError, ValueError, KeyError, AttributeError, TypeError) as cause:
            raise BadModel(path.name, f"its lexicon cannot be read ({cause})") from cause
        phrases = [k for tongue in (plain, *others) for k in tongue.phrases]
        longest = max((len(k.split()) for k in (*phrases, *kinds, *colours)), default=1)
        return cls(plain, others, english, ambiguous, colours, kinds, longest)

    def read(self, text: str) -> Reading:
        """Never raises; unknown words stay as they are."""
        folded, below, above = take_prices(fold(text))
        tokens = _WORD.findall(folded)
        if not tokens and below is None and above is None:  # signs only: the tower may know them
            return Reading(text.strip(), None, None, (), ())
        said = self._in_english(tokens)
        if not said and below is None and above is None:  # filler alone, such as "uno" or "color"
            said = tokens
        return Reading(
            " ".join(said), below, above, self._named_colours(said), self._named_kinds(said)
        )

    def _in_english(self, tokens: list[str]) -> list[str]:
        """The words in English: as the plain tongue reads them, or another that explains more."""
        met: _Met = {}
        matches = self._matches(tokens, (self.plain,), met)
        most = sum(m.surely for m in matches)
        known = [m for m in matches if m.surely]
        if len(tokens) > 1 and all(m.run in self.english for m in known):
            most += sum(not m.surely and m.run in self.also_english for m in matches)
        gaps = len(tokens) > 1 and any(not m.surely for m in matches)
        for other in self.others:
            found = self._matches(tokens, (other, self.plain), met)
            explained = sum(m.surely for m in found)
            alone = gaps and all(_found(other, m.run, met) for m in found)  # "robe rose"
            if explained > most or (alone and explained == most):
                matches, most = found, explained
        return [word for m in self._ordered(matches) for word in m.english.split()]

    def _ordered(self, matches: list["_Match"]) -> list["_Match"]:
        """Colours before the thing, as English has them: "camisa roja" is a red shirt.

        Where another thing follows, a colour of English or German is that one's: "dress black
        belt" names no black dress."""
        ordered = list(matches)
        for at in range(1, len(ordered)):
            before, here = ordered[at - 1], ordered[at]
            if here.english not in self.colours or not self._is_kind(before):
                continue
            its_own = here.colours_first or stem(here.run) == stem(here.english)
            if its_own and at + 1 < len(ordered) and self._is_kind(ordered[at + 1]):
                continue
            ordered[at - 1 : at + 1] = here, before
        return ordered

    def _is_kind(self, match: "_Match") -> bool:
        return stem(match.english) in self.kinds

    def _matches(
        self, tokens: list[str], tongues: tuple[Tongue, ...], met: "_Met"
    ) -> list["_Match"]:
        """The tokens as runs, each as long as is understood, unknown ones as they are."""
        found, at = [], 0
        while at < len(tokens):
            match = self._longest_match(tokens, at, tongues, met)
            found.append(match)
            at += len(match.run.split())
        return found

    def _longest_match(
        self, tokens: list[str], at: int, tongues: tuple[Tongue, ...], met: "_Met"
    ) -> "_Match":
        for count in range(min(self.longest, len(tokens) - at), 0, -1):
            run = " ".join(tokens[at : at + count])
            for tongue in tongues:
                if (known := _found(tongue, run, met)) is not None:
                    return _Match(run, known[0], count * known[1], tongue.colours_first)
        return _Match(tokens[at], tokens[at], 0.0, colours_first=True)

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


@dataclass(frozen=True, slots=True)
class _Match:
    """A run of tokens, its English, and how surely it is meant (0: nobody knows it); whether its
    tongue says colours first."""

    run: str
    english: str
    surely: float
    colours_first: bool


_Met = dict[tuple[int, str], tuple[str, float] | None]
"""What a tongue (its id) made of a run, while one query is read."""


def _found(tongue: Tongue, run: str, met: _Met) -> tuple[str, float] | None:
    """As Tongue.find, but once: each run is looked for several times, and a query may repeat it."""
    key = id(tongue), run
    if key not in met:
        met[key] = tongue.find(run)
    return met[key]


def _tongue(held: Mapping[str, Any], *, plain: bool = False, colours_first: bool = False) -> Tongue:
    """One of `held`; of another tongue's words those that are English anyway explain nothing."""
    exact = {
        fold(k): v
        for group in held["phrases"].values() for k, v in group.items()
        if plain or stem(k) != stem(v)
    }  # fmt: skip
    endings = {fold(k): v for k, v in held.get("endings", {}).items()}
    longest_first = {k: endings[k] for k in sorted(endings, key=len, reverse=True)}
    return Tongue({stem(k): v for k, v in exact.items()} | exact, longest_first, colours_first)


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
