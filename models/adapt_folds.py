"""Chooses how much of what was learned to use, and measures it: folds of articles, nested.

For each fold the blend is chosen on the other four alone, each of them asked with a lens that saw
neither it nor the fold that is measured.
"""

import zlib
from dataclasses import dataclass, field, replace
from itertools import combinations

import numpy as np
import numpy.typing as npt

from models.adapt_judge import LOSS, Evidence, with_titles
from models.adapt_lens import Blend, Floats
from models.adapt_sense import Told
from models.adapt_shop import Shop, learn
from models.adapt_trial import (
    FOLDS,
    SHARES,
    TITLE_FACTORS,
    Learned,
    Side,
    Wording,
    adapted_side,
    judge,
    own_side,
)
from vision.spec import Calibration, EncoderSpec

BLENDS = tuple(Blend(share, factor) for share in SHARES for factor in TITLE_FACTORS)
CHANCE = LOSS / 2  # a fall that small is not weighed: folds of a small shop are noisy
DEAR = 3.0
"""A point lost elsewhere weighs as much as three gained in finding the same product."""


@dataclass(slots=True)
class Scores:
    """First scores of the same queries under both models, by kind of query."""

    before: dict[str, list[npt.NDArray[np.float64]]] = field(default_factory=dict)
    after: dict[str, list[npt.NDArray[np.float64]]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Chosen:
    """The blend to publish, the folds' evidence, and scores to carry calibrations over by."""

    blend: Blend
    evidence: Evidence
    scores: Scores


def fold_of(group: str, seed: int) -> int:
    """The fold in which an article is measured."""
    return zlib.crc32(f"{seed}/{group}".encode()) % FOLDS


def measure(
    shop: Shop, spec: EncoderSpec, wording: Wording, words: Floats, seed: int, tell: Told
) -> Chosen:
    """Choose and measure, nothing of a fold seen by what is asked about it."""
    folds = np.array([fold_of(group, seed) for group in shop.groups])
    before = own_side(shop, spec, words)
    tried: dict[tuple[int, int], dict[Blend, Evidence]] = {}  # (left out too, asked) → evidence
    pairs = list(combinations(range(FOLDS), 2))
    for step, (a, b) in enumerate(pairs):
        tell("Choosing", step, len(pairs) + FOLDS)
        learned = Learned(*learn(shop, (folds != a) & (folds != b)))
        for left, held in ((a, b), (b, a)):
            tried[left, held] = {}
            for blend in BLENDS:
                evidence = Evidence()
                after = adapted_side(shop, spec, words, learned, blend)
                judge(shop, before, after, folds == held, wording, evidence, seed)
                tried[left, held][blend] = evidence
    whole, scores = Evidence(), Scores()
    for fold in range(FOLDS):
        tell("Measuring", len(pairs) + fold, len(pairs) + FOLDS)
        blend = best_blend([t for (left, _), t in tried.items() if left == fold])
        learned = Learned(*learn(shop, folds != fold))
        after = adapted_side(shop, spec, words, learned, blend)
        judge(shop, before, after, folds == fold, wording, whole, seed)
        _add_scores(shop, before, after, np.flatnonzero(folds == fold), scores)
    return Chosen(best_blend(list(tried.values())), whole, scores)


def best_blend(tried: list[dict[Blend, Evidence]]) -> Blend:
    """The blend that finds the same product most often, losses elsewhere weighing DEAR."""

    def worth(blend: Blend) -> float:
        gains: dict[str, list[float]] = {}
        for held in tried:
            for name, gain in held[blend].gains().items():
                gains.setdefault(name, []).append(gain)
        means = {name: float(np.mean(found)) for name, found in gains.items()}
        same = [gain for name, gain in means.items() if name.startswith("same product")]
        lost = sum(min(0.0, gain + CHANCE) for gain in means.values())
        return float(np.mean(same)) + DEAR * lost if same else lost

    return max(BLENDS, key=worth)


def _add_scores(
    shop: Shop, before: Side, after: Side, rows: npt.NDArray[np.intp], scores: Scores
) -> None:
    for side, held in ((before, scores.before), (after, scores.after)):
        products = with_titles(side.clean[shop.first], side.titles, side.weight)
        asked = {"picture": side.anew[shop.first[rows]], "words": side.words}
        for query, vectors in asked.items():
            first = (vectors @ products.T).max(1).astype(np.float64)
            held.setdefault(query, []).append(first)


def carried(calibrations: dict[str, Calibration], scores: Scores) -> dict[str, Calibration]:
    """The model's calibrations for the new scores: a score means what the score meant that lay as
    many deviations from the mean of the same queries. `both` follows `picture`."""
    found = {}
    for query, old in calibrations.items():
        asked = query if query in scores.before else "picture"
        b, a = np.concatenate(scores.before[asked]), np.concatenate(scores.after[asked])
        stretch = float(b.std() / max(a.std(), 1e-6))
        shift = float(b.mean() - stretch * a.mean())
        offset = old.offset + old.slope * shift
        found[query] = replace(old, slope=old.slope * stretch, offset=offset)
    return found
