"""Judges what a shopper would: same kind, same colour; and sums judgements up with intervals."""

import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import torch

from models.captions import Wordings
from models.colour import bent, lab
from models.examples import Example

JUDGED = Path(__file__).with_name("judged.json")
Bools = npt.NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class Judge:
    """The rules of `judged.json` and the named shades against which an RGB is named."""

    rules: dict[str, Any]
    shades: torch.Tensor
    shade_families: list[str]

    def family(self, example: Example) -> str:
        """The colour family of an example: by its colour's name, else its mask's median RGB; ""
        where neither is known."""
        if example.colour:
            return self._by_name(example.colour.lower())
        if example.rgb is None:
            return ""
        here = bent(lab(torch.tensor(example.rgb) / 255.0))
        nearest = int(((self.shades - here) ** 2).sum(-1).argmin())
        return self.shade_families[nearest]

    def _by_name(self, name: str) -> str:
        families: dict[str, list[str]] = self.rules["families"]
        return next((f for f, names in families.items() if name in names), "")

    def types(self, kind: str) -> list[str]:
        """The measuring catalogue's product types that answer a kind."""
        found: list[str] = self.rules["kind_types"].get(kind, [])
        return found


def read_judge(wordings: Wordings, path: Path = JUDGED) -> Judge:
    """The judge, from its file of rules."""
    rules = json.loads(path.read_text(encoding="utf-8"))
    names = {n: f for f, held in rules["families"].items() for n in held}
    hexes = [(h, names[c]) for c, held in wordings.colours.items() if c in names for h in held]
    rgb = torch.tensor([[int(h[i : i + 2], 16) / 255 for i in (0, 2, 4)] for h, _ in hexes])
    return Judge(rules, bent(lab(rgb)), [f for _, f in hexes])


@dataclass(slots=True)
class Tally:
    """Hits by figure, gathered over folds; `groups` are what a bootstrap draws whole."""

    hits: dict[str, list[Bools]] = field(default_factory=dict)
    groups: dict[str, list[str]] = field(default_factory=dict)

    def add(self, figure: str, hits: Bools, groups: Sequence[str]) -> None:
        """More judgements for `figure`, one a query."""
        self.hits.setdefault(figure, []).append(np.asarray(hits, bool))
        self.groups.setdefault(figure, []).extend(groups)

    def figures(self) -> dict[str, dict[str, Any]]:
        """For each figure its mean, the number of queries and a 95 % interval by bootstrap over
        groups (senders, photos, products), 1,000 draws."""
        return {name: self._figure(name) for name in self.hits}

    def _figure(self, name: str) -> dict[str, Any]:
        hits = np.concatenate(self.hits[name])
        _, numbers = np.unique(self.groups[name], return_inverse=True)
        counts = np.bincount(numbers)
        wins = np.bincount(numbers, weights=hits)
        drawn = np.random.default_rng(0).integers(0, len(counts), (1000, len(counts)))
        means = wins[drawn].sum(1) / counts[drawn].sum(1)
        low, high = np.percentile(means, [2.5, 97.5])
        return {
            "value": round(float(hits.mean()), 3),
            "queries": len(hits),
            "interval": [round(float(low), 3), round(float(high), 3)],
        }
