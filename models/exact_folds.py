"""Which queries "exactly this product" is fitted on and measured with, fold by fold (torch).

Other views of luma's products; phone-like renditions of its pictures, of snaps, street garments and
the small shop's things, among all others of the fold; and snaps, of which luma has none.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch

from models.calibrate import Bools, Floats, calibration_error
from models.corpus import Pictures
from models.exact import Asked, by_fold, chances
from models.heads import INSTANCE, KIND, Seen, picture_vector, unit
from models.judge import Judge, Tally
from models.measure import Heads, Rack
from vision.agreement import EXACT_LIFT

NAMES = ("kind", "instance", "colour")
NEAREST = 50
MOST = 250  # renditions asked of a source in a fold: all of them say no more
SAY = {"views": 1.0, "luma": 1.0, "snaps": 0.25, "street": 0.25, "retail": 0.1, "elsewhere": 0.2}
"""What each says in the fit. Crops of one picture are easier to know again than other views, and
there are enough of them to drown these."""
SURE = 0.5


@dataclass(frozen=True, slots=True)
class Shelves:
    """What is searched: luma's main pictures and the measuring catalogue, whose titles weigh
    `title_weight`."""

    luma: Rack
    market: Rack
    title_weight: float


@torch.inference_mode()
def gather(heads: Heads, held: Pictures, shelves: Shelves, judge: Judge) -> dict[str, Asked]:
    """The queries of one fold, by name; `held` are pictures that `heads` never saw."""
    clean = heads.pictures(held)
    source = np.array([e.source for e in held.examples])
    view = np.array([e.view for e in held.examples])
    sku = np.array([e.sku for e in held.examples])
    luma = shelves.luma.products(shelves.title_weight), shelves.luma.pictures
    stock = np.array([e.sku for e in shelves.luma.examples])
    found = {}
    rows = np.flatnonzero((source == "luma") & (view != "main"))
    same = sku[rows][:, None] == stock[None]
    found["views"] = _nearest(held, rows, clean[rows], *luma, same, "views")
    rows = np.flatnonzero(source == "snaps")
    nothing = np.zeros((len(rows), len(stock)), bool)
    found["elsewhere"] = _nearest(held, rows, clean[rows], *luma, nothing, "elsewhere")
    for name in ("luma", "snaps", "street", "retail"):
        own = np.flatnonzero((source == name) & (view == "main"))
        shop = luma if name == "luma" else (clean[own], clean[own])
        rows, anew = _renditions(heads, held, own)
        if len(rows):
            same = (sku[rows][:, None] == stock[None]) if name == "luma" else rows[:, None] == own
            found[name] = _nearest(held, rows, anew, *shop, same, name)
    found["kinds"] = _kinds(held, clean, shelves, judge)
    return found


def _renditions(heads: Heads, held: Pictures, own: np.ndarray[Any, Any]) -> tuple[Any, Any]:
    """Rows of `own` and their vectors as if photographed by phone."""
    draw = np.random.default_rng(0)
    rows, vectors = [], []
    for rendition in range(1, min(5, len(held.features))):
        some = np.sort(draw.permutation(own)[:MOST])
        seen = Seen(held.features[rendition][some], held.histograms[rendition][some])
        rows.append(some)
        kind, instance, colour = heads.picture(seen)
        vectors.append(picture_vector(kind, instance, colour, heads.shares))
    if not rows:
        return own[:0], None
    return np.concatenate(rows), torch.cat(vectors)


def _kinds(held: Pictures, clean: torch.Tensor, shelves: Shelves, judge: Judge) -> Asked:
    """Snaps in the large catalogue, to measure whether their first hits keep the right kind."""
    types = np.array([e.label.split("/")[-1] for e in shelves.market.examples])
    answers = {label: np.isin(types, told) for label, told in judge.rules["types"].items()}
    labels = np.array([e.label for e in held.examples])
    rows = np.flatnonzero(np.isin(labels, list(answers)))
    right = np.array([answers[label] for label in labels[rows]])
    products = shelves.market.products(shelves.title_weight)
    return _nearest(held, rows, clean[rows], products, shelves.market.pictures, right, "kinds")


def _nearest(
    held: Pictures, rows: Any, asked: torch.Tensor, ranked: torch.Tensor, own: torch.Tensor,
    right: Bools, name: str,
) -> Asked:  # fmt: skip
    """The nearest of `ranked` and how their `own` pictures agree with each query."""
    scores, first = (asked @ ranked.T).topk(min(NEAREST, len(ranked)), 1)
    groups = [held.examples[i].group for i in rows]
    found = np.take_along_axis(right, first.numpy(), 1)
    runs = (slice(0, KIND), slice(KIND, KIND + INSTANCE), slice(KIND + INSTANCE, None))
    cosines = torch.stack(
        [torch.gather(unit(asked[:, r]) @ unit(own[:, r]).T, 1, first) for r in runs], -1
    )
    return Asked(
        scores.double().numpy(), cosines.double().numpy(), found, SAY.get(name, 0.0), groups
    )


def exact_figures(folds: Sequence[Mapping[str, Asked]]) -> dict[str, Any]:
    """How well the very product is found and known, what is fitted on the other folds at a time."""
    tally, promised, right = Tally(), dict[str, list[Floats]](), dict[str, list[Bools]]()
    for held, exactness in by_fold(folds, NAMES):
        for name, asked in held.items():
            told = chances(exactness, asked, NAMES)
            _tell(name, asked, told, tally)
            _promise(name, asked, told, promised, right)
            if name == "views":
                gone = asked.without()
                _promise("views_absent", gone, chances(exactness, gone, NAMES), promised, right)
    figures: dict[str, Any] = dict(tally.figures())
    for name, parts in promised.items():
        chance, hit = np.concatenate(parts), np.concatenate(right[name])
        figures[f"promised_{name}"] = {
            "queries": len(hit), "right": round(float(hit.mean()), 3),
            "promised": round(float(chance.mean()), 3),
            "ece": round(calibration_error(chance, hit), 3),
            "claimed": round(float((chance >= SURE).mean()), 3),
            "claimed_rightly": round(float(hit[chance >= SURE].mean()), 3)
            if (chance >= SURE).any() else None,
        }  # fmt: skip
    return figures


def _tell(name: str, asked: Asked, told: Floats, tally: Tally) -> None:
    if asked.right.any():
        every = np.arange(len(asked.right))
        lifted = (asked.scores + EXACT_LIFT * told**2).argmax(1)
        tally.add(f"{name}_by_score", asked.right[every, asked.scores.argmax(1)], asked.groups)
        tally.add(f"{name}_looked_closer", asked.right[every, lifted], asked.groups)


def _promise(
    name: str, asked: Asked, told: Floats,
    promised: dict[str, list[Floats]], right: dict[str, list[Bools]],
) -> None:  # fmt: skip
    """Of each query the likeliest product."""
    best = told.argmax(1)
    every = np.arange(len(best))
    exact = asked.right if name != "kinds" else np.zeros_like(asked.right)
    promised.setdefault(name, []).append(told[every, best])
    right.setdefault(name, []).append(exact[every, best])
