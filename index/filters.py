"""The filter language: which products may answer.

    category=Bags price<100 stock>0 colour='navy blue' brand!=Nike size=M,L
    (store=Boston or store=Austin) not season=Winter

Terms side by side must all hold (`and` may be written), `or` binds weaker, `not` and parentheses do
as they say. A comma between values means any of them. Values with blanks, commas or quotes are
quoted. Case does not count. `category=Bags` also finds "Gear/Bags": any segment of a path matches.
This file only reads; `conditions` says what a filter means in SQL.
"""

import math
import re
from dataclasses import dataclass
from functools import lru_cache
from typing import Literal

from index.errors import BadFilter

Operator = Literal["=", "!=", "<", "<=", ">", ">="]
MAX_CHARS = 4_000
MAX_TERMS = 200
MAX_DEPTH = 20
ALIASES = {"color": "colour", "categories": "category"}

TOKEN = re.compile(
    r"""\s*(?:
        (?P<quoted>"(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*')
      | (?P<operator><=|>=|!=|=|<|>)
      | (?P<mark>[(),])
      | (?P<word>[^\s"'(),<>=!][^\s"(),<>=!]*)
    )""",
    re.VERBOSE,
)
NUMBER = re.compile(r"[+-]?(\d+(\.\d*)?|\.\d+)\Z")


@dataclass(frozen=True, slots=True)
class Term:
    """`field` (folded) compared with any of `values` (folded); an order has one numeric value."""

    field: str
    operator: Operator
    values: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Not:
    """What does not hold."""

    part: "Part"


@dataclass(frozen=True, slots=True)
class All:
    """Every part holds; with no parts, always."""

    parts: tuple["Part", ...]


@dataclass(frozen=True, slots=True)
class Any:
    """At least one part holds."""

    parts: tuple["Part", ...]


Part = Term | Not | All | Any


@dataclass(frozen=True, slots=True)
class Filter:
    """A filter as written and as understood."""

    text: str
    root: Part


@lru_cache(maxsize=1_000)  # a catalogue repeats its columns in every row
def fold_field(name: str) -> str:
    """A field's name as filters know it: case, blanks and hyphens do not count ("Fabric Type")."""
    folded = re.sub(r"[\s\-]+", "_", name.strip().casefold())
    return ALIASES.get(folded, folded)


def fold_value(value: str) -> str:
    """A value as filters compare it: case and repeated blanks do not count."""
    return " ".join(value.casefold().split())


def number_of(text: str) -> float | None:
    """The number that `text` is, or None. Neither nan nor 1e5 nor 1_000 is one here."""
    if not NUMBER.match(text.strip()):
        return None
    number = float(text)
    return number if math.isfinite(number) else None


def parse_filter(text: str) -> Filter:
    """Understand `text`; the empty filter lets everything through. Raises BadFilter."""
    if len(text) > MAX_CHARS:
        raise BadFilter(text[:60] + "…", f"it is longer than {MAX_CHARS:,} characters")
    readable = text.encode("utf-8", "replace").decode()
    if readable != text:
        raise BadFilter(readable, "it holds half a Unicode character")
    return Filter(text.strip(), _Reader(text).read())


@dataclass(frozen=True, slots=True)
class _Token:
    kind: str
    text: str

    def says(self, word: str) -> bool:
        return self.kind == "word" and self.text.casefold() == word


class _Reader:
    """Recursive descent.

    any := all ("or" all)*;  all := one ("and"? one)*;  one := "not" one | "(" any ")" | term
    """

    def __init__(self, text: str) -> None:
        self._text = text
        self._tokens = self._split()
        self._at = 0
        self._terms = 0

    def read(self) -> Part:
        if not self._tokens:
            return All(())
        root = self._any(0)
        if (left := self._peek()) is not None:
            raise self._bad(f"there is a {left.text!r} too many")
        return root

    def _split(self) -> list[_Token]:
        tokens, at, text = [], 0, self._text.rstrip()
        while at < len(text):
            match = TOKEN.match(text, at)
            if match is None:
                raise self._bad(f"nothing fits at {text[at:].strip()[:20]!r} (a quote left open?)")
            kind = str(match.lastgroup)
            shown = match.group(kind)
            if kind == "quoted":
                shown = re.sub(r"\\(.)", r"\1", shown[1:-1])
            tokens.append(_Token(kind, shown))
            at = match.end()
        return tokens

    def _any(self, depth: int) -> Part:
        if depth > MAX_DEPTH:
            raise self._bad(f"it is nested deeper than {MAX_DEPTH} times")
        parts = [self._all(depth)]
        while (token := self._peek()) is not None and token.says("or"):
            self._at += 1
            parts.append(self._all(depth))
        return parts[0] if len(parts) == 1 else Any(tuple(parts))

    def _all(self, depth: int) -> Part:
        parts = [self._one(depth)]
        while (token := self._peek()) is not None and not token.says("or") and token.text != ")":
            if token.says("and"):
                self._at += 1
            parts.append(self._one(depth))
        return parts[0] if len(parts) == 1 else All(tuple(parts))

    def _one(self, depth: int) -> Part:
        token = self._next("a condition")
        follows = self._peek()
        names_a_field = follows is not None and follows.kind == "operator"
        if token.says("not") and not names_a_field:
            if depth > MAX_DEPTH:
                raise self._bad(f"it is nested deeper than {MAX_DEPTH} times")
            return Not(self._one(depth + 1))
        if token.kind == "mark" and token.text == "(":
            inner = self._any(depth + 1)
            closing = self._next("a )")
            if closing.kind != "mark" or closing.text != ")":
                raise self._bad(f"a ) is missing before {closing.text!r}")
            return inner
        if token.kind not in ("word", "quoted") or not names_a_field:
            raise self._bad(
                f"{token.text!r} stands alone; a condition is field=value, and a value with blanks "
                "is written in quotes"
            )
        return self._term(token.text)

    def _term(self, name: str) -> Term:
        self._terms += 1
        if self._terms > MAX_TERMS:
            raise self._bad(f"it has more than {MAX_TERMS} conditions")
        operator: Operator = self._next("an operator").text  # type: ignore[assignment] # by TOKEN
        values = [self._value(name)]
        while (token := self._peek()) is not None and token.kind == "mark" and token.text == ",":
            self._at += 1
            values.append(self._value(name))
        if operator in ("<", "<=", ">", ">=") and (len(values) > 1 or number_of(values[0]) is None):
            raise self._bad(f"{name}{operator} wants one number")
        return Term(fold_field(name), operator, tuple(fold_value(v) for v in values))

    def _value(self, name: str) -> str:
        token = self._next(f"a value for {name}")
        if token.kind not in ("word", "quoted"):
            raise self._bad(f"a value for {name} is missing before {token.text!r}")
        return token.text

    def _peek(self) -> _Token | None:
        return self._tokens[self._at] if self._at < len(self._tokens) else None

    def _next(self, wanted: str) -> _Token:
        token = self._peek()
        if token is None:
            raise self._bad(f"it ends where {wanted} should follow")
        self._at += 1
        return token

    def _bad(self, reason: str) -> BadFilter:
        return BadFilter(self._text, reason)
