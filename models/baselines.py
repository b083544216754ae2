"""What simpler eyes find, in one table with ours: what a figure is worth shows beside a baseline.

    python -m models.baselines ../shared/data --work build/baselines

Frozen tower: the cosine of the standardised features before the model's learned maps. Colour and
shape: a histogram of the thing's colours and of its edges' directions, as before networks.
The model's own column is taken from its card where the card measured it on people and products that
it did not learn from; `as shipped` says what the shipped file does, which has seen two of the sets.
Resumable: what was looked at lies in the work folder.
"""

import argparse
import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import cv2
import numpy as np

from models.adapt_lens import Floats, unit
from models.adapt_progress import bar
from models.adapt_sense import Senses, Told, open_photo
from models.captions import read_wordings
from models.examples import READERS, Example
from models.judge import Bools, Tally, read_judge
from models.registry import find_card
from vision.preprocess import preprocess
from vision.spec import EncoderSpec

CELLS, DIRECTIONS, SIDE_PX = 6, 8, 96
ROUND = 1  # of another view: what is asked where a set has one picture a product
CARD_KEYS = {
    "snap → myntra, same kind": "snap_to_same_kind_from_pictures",
    "luma, other view → that product": "luma_view_to_product_from_pictures",
}


@dataclass(frozen=True, slots=True)
class Set:
    """Queries and the products that they are asked of, by rows of one list of examples."""

    name: str
    examples: list[Example]
    queries: list[int]
    products: list[int]
    anew: bool = False


def shapes(examples: Sequence[Example], kept: Path, tell: Told) -> Floats:
    """(N, CELLS² × DIRECTIONS) root histograms of edges' directions in a grid, from `kept` where
    they lie there (Dalal and Triggs 2005, without its blocks)."""
    if kept.exists():
        return np.asarray(np.load(kept), np.float32)
    found = []
    for i, example in enumerate(examples):
        tell("Shapes", i, len(examples))
        pixels = preprocess(open_photo(example.path, 2 * SIDE_PX), SIDE_PX, "squash")
        grey = cv2.cvtColor(pixels, cv2.COLOR_RGB2GRAY).astype(np.float32)
        dx, dy = cv2.Sobel(grey, cv2.CV_32F, 1, 0), cv2.Sobel(grey, cv2.CV_32F, 0, 1)
        way = (np.arctan2(dy, dx) % np.pi / np.pi * DIRECTIONS).astype(int) % DIRECTIONS
        rows, columns = np.indices(grey.shape) * CELLS // SIDE_PX
        place = ((rows * CELLS + columns) * DIRECTIONS + way).ravel()
        held = np.bincount(place, np.hypot(dx, dy).ravel(), CELLS**2 * DIRECTIONS)
        found.append(np.sqrt(held / max(held.sum(), 1e-6)))
    whole = np.array(found, np.float32)
    np.save(kept, whole)
    return whole


def sets(shared: Path, most: int) -> list[Set]:
    """The three sets; of the measuring catalogue `most` products at the most."""
    judged = read_judge(read_wordings()).rules["types"]
    snaps = [e for e in READERS["snaps"](shared) if e.label in judged]
    market = READERS["myntra"](shared)[:most]
    luma, retail = READERS["luma"](shared), READERS["retail"](shared)
    found = [Set("snap → myntra, same kind", [*snaps, *market], list(range(len(snaps))),
                 list(range(len(snaps), len(snaps) + len(market))))]  # fmt: skip
    views = [i for i, e in enumerate(luma) if e.view != "main"]
    mains = [i for i, e in enumerate(luma) if e.view == "main"]
    found.append(Set("luma, other view → that product", luma, views, mains))
    everything = list(range(len(retail)))
    return [*found, Set("retail_demo, a crop → that product", retail, everything, everything, True)]


def judged(asked: Set, best: Sequence[int]) -> Bools:
    """Whether each query's first hit is right."""
    types = read_judge(read_wordings()).rules["types"]
    right = []
    for query, hit in zip(asked.queries, best, strict=True):
        one, other = asked.examples[query], asked.examples[asked.products[hit]]
        if one.source == "snaps":
            right.append(other.label.split("/")[-1] in types[one.label])
        else:
            right.append(one.sku == other.sku)
    return np.array(right)


def measure(asked: Set, spec: EncoderSpec, work: Path, threads: int, tell: Told) -> dict[str, Any]:
    """Each eye's first hits on a set, with intervals by sender or product."""
    senses = Senses(spec, [e.path for e in asked.examples], work, 0, threads)
    clean = senses.round(0, tell)
    queries = senses.round(ROUND, tell) if asked.anew else clean
    features = [_standard(s.features, clean.features) for s in (queries, clean)]
    colours = [unit(s.colours - clean.colours.mean(0)) for s in (queries, clean)]
    eyes = {"as shipped": (queries.vectors, clean.vectors), "frozen tower": tuple(features)}
    if asked.anew:  # crops of known pictures: edges in a grid would be of another grid
        eyes["colour"] = tuple(colours)
    else:
        edges = shapes(asked.examples, work / "shapes.npy", tell)
        edges = unit(edges - edges.mean(0))
        both = unit(np.concatenate([colours[1], edges], 1))
        eyes |= {"colour": tuple(colours), "colour and shape": (both, both)}
    tally = Tally()
    groups = [asked.examples[i].group for i in asked.queries]
    for name, (left, right) in eyes.items():
        best = (left[asked.queries] @ right[asked.products].T).argmax(1)
        tally.add(name, judged(asked, best.tolist()), groups)
    return tally.figures()


def _standard(features: Floats, all_of_them: Floats) -> Floats:
    spread = all_of_them.std(0) + 1e-3
    return unit(np.asarray(((features - all_of_them.mean(0)) / spread).clip(-6, 6), np.float32))


def table(found: dict[str, dict[str, Any]]) -> str:
    """The figures as a table for docs/eval.md."""
    eyes = list(dict.fromkeys(name for held in found.values() for name in held))
    lines = [f"| first hit right | {' | '.join(eyes)} |", f"|---|{'---|' * len(eyes)}"]
    for name, held in found.items():
        cells = [_cell(held.get(eye)) for eye in eyes]
        lines.append(f"| {name} | {' | '.join(cells)} |")
    return "\n".join(lines)


def _cell(figure: dict[str, Any] | None) -> str:
    if figure is None:
        return "–"
    low, high = figure["interval"]
    return f"{figure['value']:.3f} ({low:.3f}–{high:.3f})"


def main() -> None:
    """Read the arguments, measure, print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("shared", type=Path, help="folder with snaps and catalogues")
    parser.add_argument("--work", type=Path, required=True, help="kept between runs")
    parser.add_argument("--model", default="builtin")
    parser.add_argument("--most", type=int, default=10_000, help="products of myntra")
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--out", type=Path, default=Path("benchmarks/results/baselines.json"))
    asked = parser.parse_args()
    card = find_card(asked.model)
    found: dict[str, dict[str, Any]] = {}
    with bar(quiet=False) as tell:
        for i, one in enumerate(sets(asked.shared, asked.most)):
            own = card.measured.get(CARD_KEYS.get(one.name, ""))
            known = {} if own is None else {"the model, others learned from": own}
            work = asked.work / f"set-{i}-{len(one.examples)}"
            found[one.name] = known | measure(one, card.spec, work, asked.threads, tell)
    asked.out.parent.mkdir(parents=True, exist_ok=True)
    told = {"model": f"{card.name}@{card.version}", "found": found}
    asked.out.write_text(json.dumps(told, indent=1, ensure_ascii=False) + "\n", "utf-8")
    print(table(found))


if __name__ == "__main__":
    main()
