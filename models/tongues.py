"""Measures how well words of four languages find what their English ones find (torch).

    python -m models.tongues ../shared/data --work build/builtin

Each query goes through the lexicon of the built-in model and the folds' heads, as a shop reads it,
and is judged on the measuring catalogue with titles: kind and colour of the first ten.
"""

import argparse
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import torch

from models.captions import read_wordings
from models.folds import FOLDS, TITLE_WEIGHT, eye_of, train_fold
from models.judge import Judge, Tally, read_judge
from models.measure import Rack, rack
from models.prepare import Bench, prepare, prepare_pictures
from models.registry import BUILTIN
from models.train_heads import Schedule
from vision.lexicon import Lexicon

SPOKEN = Path(__file__).with_name("spoken.json")
FEWEST = 10  # products of a kind and colour, under which ten cannot be right
Query = tuple[str, str, str]


def main() -> None:
    """Read the arguments, measure, print a table as JSON."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("shared", type=Path, help="folder with snaps, street and catalogues")
    parser.add_argument("--work", type=Path, required=True, help="make_builtin's work folder")
    asked = parser.parse_args()
    torch.set_num_threads(1)
    print(json.dumps(measure(Bench(asked.shared, asked.work, 1)), indent=1))


def measure(bench: Bench) -> dict[str, Any]:
    """Figures by language: kind and colour precision@10, with intervals over pairs."""
    gaze, wordings, pictures, texts = prepare(bench)
    judge, tally = read_judge(read_wordings()), Tally()
    lexicon = Lexicon.load(BUILTIN / "lexicon.json")
    market = prepare_pictures(bench, gaze, wordings, ("myntra",), 1)
    titles = bench.sentences([e.title for e in market.examples])
    for fold in range(FOLDS):
        heads = train_fold(bench, pictures, texts, Schedule(), fold)
        shop = rack(heads, eye_of(bench, fold).seen(market), titles)
        for language in ("en", "es", "fr", "de"):
            asked = [q for q in spoken(language) if _enough(q, shop, judge)]
            read = [lexicon.read(text).words for text, _, _ in asked]
            _judge(heads.say(bench.sentences(read)), asked, shop, judge, tally, language)
    return tally.figures()


def spoken(language: str) -> Iterator[Query]:
    """(text, kind, colour family) of every query in a language."""
    held = json.loads(SPOKEN.read_text(encoding="utf-8"))
    for kind, names in held["kinds"].items():
        name, gender = names[language], ""
        if language != "en":
            name, _, gender = name.rpartition(" ")
        for colour, forms in held["colours"].items():
            form = forms[language] if language == "en" else forms[language][gender]
            for ask in held["asks"][language]:
                yield ask.format(kind=name, colour=form), kind, colour


def _enough(query: Query, shop: Rack, judge: Judge) -> bool:
    _, kind, colour = query
    types = judge.types(kind)
    fitting = (e.label.split("/")[-1] in types and judge.family(e) == colour for e in shop.examples)
    return sum(fitting) >= FEWEST


def _judge(
    said: torch.Tensor, asked: list[Query], shop: Rack, judge: Judge, tally: Tally, language: str
) -> None:
    best = (said @ shop.products(TITLE_WEIGHT).T).topk(10, 1).indices.tolist()
    for (_, kind, colour), hits in zip(asked, best, strict=True):
        found = [shop.examples[b] for b in hits]
        types, group = judge.types(kind), [f"{colour} {kind}"] * len(hits)
        right = np.array([e.label.split("/")[-1] in types for e in found])
        tally.add(f"{language}_kind_at_10", right, group)
        same = np.array([judge.family(e) == colour for e in found])
        tally.add(f"{language}_colour_at_10", same, group)


if __name__ == "__main__":
    main()
