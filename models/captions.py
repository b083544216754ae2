"""What a training photo may be called: kind × colour in several templates (data: wordings.json)."""

import json
from dataclasses import dataclass
from pathlib import Path

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
        """Every kind's every wording in every template, every colour alone; both, each kind's
        wordings with every colour, in one template chosen in turn."""
        found = [
            Caption(t.format(kind=w), kind, "")
            for kind, words in self.kinds.items() for w in words for t in self.templates["kind"]
        ]  # fmt: skip
        found += [
            Caption(t.format(colour=c), "", c)
            for c in self.colours for t in self.templates["colour"]
        ]  # fmt: skip
        rng, both = np.random.default_rng(0), self.templates["both"]
        for kind, words in self.kinds.items():
            for word in words:
                for colour in self.colours:
                    template = both[int(rng.integers(len(both)))]
                    found.append(Caption(template.format(kind=word, colour=colour), kind, colour))
        return found


def read_wordings(path: Path = WORDINGS) -> Wordings:
    """The vocabulary from its file."""
    held = json.loads(path.read_text(encoding="utf-8"))
    return Wordings(held["kinds"], held["labels"], held["colours"], held["templates"])
