"""What a training photo may be called: kind × colour in several templates (data: wordings.json)."""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from models.examples import Example

WORDINGS = Path(__file__).with_name("wordings.json")


@dataclass(frozen=True, slots=True)
class Caption:
    """A text, and which kind and colour it names (empty: it names none)."""

    text: str
    kind: str
    colour: str


@dataclass(frozen=True, slots=True)
class Wordings:
    """The workshop's vocabulary: kinds with their synonyms, the sources' labels, named colours
    (sRGB hex, several shades each), templates."""

    kinds: dict[str, list[str]]
    labels: dict[str, dict[str, str] | list[list[str]]]
    colours: dict[str, list[str]]
    templates: dict[str, list[str]]
    titles: dict[str, Any]

    def kind_of(self, example: Example) -> str:
        """The kind that the source's label stands for, or "" where it says nothing useful."""
        rules = self.labels.get(example.source)
        if isinstance(rules, dict):
            return rules.get(example.label, "")
        for text in (example.title.lower(), example.label.lower()):  # the title knows better
            for part, kind in rules or []:
                if part.lower() in text:
                    return kind
        return ""

    def all_captions(self) -> list[Caption]:
        """Every kind's every wording in every template, every colour alone; each wording with
        each colour in one template drawn at random; and titles as shops write them."""
        rng = np.random.default_rng(0)
        found = [
            Caption(t.format(kind=word), kind, "")
            for kind, words in self.kinds.items() for word in words
            for t in self.templates["kind"]
        ]  # fmt: skip
        found += [
            Caption(t.format(colour=c), "", c)
            for c in self.colours
            for t in self.templates["colour"]
        ]
        for kind, words in self.kinds.items():
            for word in words:
                for colour in self.colours:
                    template = str(rng.choice(self.templates["both"]))
                    found.append(Caption(template.format(kind=word, colour=colour), kind, colour))
                found += [self.title(kind, word, None, rng) for _ in range(self.titles["each"])]
        return found

    def title(self, kind: str, word: str, colour: str | None, rng: np.random.Generator) -> Caption:
        """A shop's title: names nobody knows, whom it is for, what it is, perhaps its colour
        (drawn, or none, where `colour` is None)."""
        template = str(rng.choice(self.templates["title"]))
        if colour is None:
            colour = str(rng.choice(list(self.colours))) if rng.random() < 0.6 else ""
        text = template.format(
            name=rng.choice(self.titles["names"]), who=rng.choice(self.titles["who"]),
            adjective=rng.choice(self.titles["adjectives"]), colour=colour, kind=word,
        )  # fmt: skip
        return Caption(" ".join(text.split()), kind, colour if "{colour}" in template else "")


def read_wordings(path: Path = WORDINGS) -> Wordings:
    """The vocabulary from its file."""
    held = json.loads(path.read_text(encoding="utf-8"))
    return Wordings(
        held["kinds"], held["labels"], held["colours"], held["templates"], held["titles"]
    )
