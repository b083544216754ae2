"""Trains the recipe on part of the people and products, measures it on the others.

Every figure of the card comes from here: no sender, street photo or product is both learned from
and measured on. What ships is the same recipe trained on all of them.
"""

import itertools
import zlib
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import torch
from torch.nn import functional

from models.calibrate import calibrate, calibration_error, probability
from models.captions import Wordings, read_wordings
from models.corpus import Pictures, Texts
from models.examples import Example
from models.heads import INSTANCE, KIND, Gaze, KindPull, WordsHead
from models.judge import Bools, Judge, Tally
from models.measure import (
    PROMPTS,
    Heads,
    Rack,
    first_hits,
    measure_naming,
    measure_snaps,
    measure_titles,
    measure_views,
    rack,
)
from models.prepare import Bench, prepare_pictures
from models.train_heads import Schedule, Trainer
from vision.compose import compose
from vision.embedding import Embedding
from vision.spec import Block, Calibration

FOLDS = 3
SHARES = {"kind": 0.5, "instance": 0.25, "colour": 0.25}
TITLE_WEIGHT = 0.8
REFUSED_WRONGLY = 0.01  # a wrong refusal costs a sale; another shop sees some eight times more
WORDS_ASKED = 400
"""Captions that name a kind and a colour, asked of the held-out pictures."""


def fold_of(example: Example) -> int:
    """The fold in which an example is measured: by sender, street photo or product."""
    return zlib.crc32(example.group.encode()) % FOLDS


def train_fold(
    bench: Bench, pictures: Pictures, texts: Texts, schedule: Schedule, fold: int | None
) -> Heads:
    """Heads that never saw `fold` (None: that saw everything), kept in the work folder."""
    path = bench.work / f"heads-{'all' if fold is None else fold}.pt"
    if not path.exists():
        learned = np.array([fold is None or fold_of(e) != fold for e in pictures.examples])
        heads = Trainer(pictures.only(learned), texts, schedule).run()
        torch.save(heads, path)
    picture, words = torch.load(path, weights_only=False)  # our own file, written above
    return Heads(KindPull(picture, named_kinds(bench, words)), words, SHARES)


@torch.no_grad()  # not inference_mode: the export traces with these
def named_kinds(bench: Bench, words: WordsHead) -> torch.Tensor:
    """(K, KIND), unit: where `words` places each kind that the wordings name."""
    wordings = read_wordings()
    names = [str(wordings.kinds[kind][0]) for kind in sorted(wordings.kinds)]
    kind, _, _ = words(bench.sentences([p.format(n) for n in names for p in PROMPTS]))
    return functional.normalize(kind.reshape(len(names), len(PROMPTS), -1).mean(1), dim=-1)


def blocks(dimension: int) -> tuple[Block, ...]:
    """The runs of dimensions of the space."""
    return (
        Block("kind", 0, KIND),
        Block("instance", KIND, KIND + INSTANCE),
        Block("colour", KIND + INSTANCE, dimension),
    )


@dataclass(slots=True)
class Scores:
    """Top scores and whether they were right, by kind of query."""

    scores: dict[str, list[npt.NDArray[np.float64]]]
    right: dict[str, list[Bools]]

    def add(self, query: str, scores: npt.NDArray[np.float64], right: Bools) -> None:
        """More judged first hits."""
        self.scores.setdefault(query, []).append(scores)
        self.right.setdefault(query, []).append(np.asarray(right, bool))

    def of(self, query: str) -> tuple[npt.NDArray[np.float64], Bools]:
        """All of one kind of query."""
        return np.concatenate(self.scores[query]), np.concatenate(self.right[query])


@dataclass(frozen=True, slots=True)
class Evidence:
    """What the folds gave: figures, what to calibrate on, what to measure calibration on."""

    tally: Tally
    fitted: Scores
    measured: Scores


class Folds:
    """Runs the folds against the measuring catalogue."""

    def __init__(
        self, bench: Bench, gaze: Gaze, wordings: Wordings, pictures: Pictures,
        texts: Texts, judge: Judge,
    ) -> None:  # fmt: skip
        self.bench, self.wordings, self.judge = bench, wordings, judge
        self.pictures, self.texts = pictures, texts
        self.kinds, self.colours = sorted(wordings.kinds), sorted(wordings.colours)
        self.market = prepare_pictures(bench, gaze, wordings, ("myntra",), 1)
        self.market_titles = bench.sentences([e.title for e in self.market.examples])
        names = list(judge.rules["ten"].values())
        prompts = bench.sentences([p.format(n) for n in names for p in PROMPTS])
        self.prompts = prompts.reshape(len(names), len(PROMPTS), -1)
        self.evidence = Evidence(Tally(), Scores({}, {}), Scores({}, {}))

    def run(self, schedule: Schedule) -> Evidence:
        """Train and measure every fold."""
        numbers = np.array([fold_of(e) for e in self.pictures.examples])
        for fold in range(FOLDS):
            heads = train_fold(self.bench, self.pictures, self.texts, schedule, fold)
            self._measure(heads, self.pictures.only(numbers == fold))
            print(f"fold {fold}:", self.evidence.tally.figures(), flush=True)
        return self.evidence

    def _measure(self, heads: Heads, held: Pictures) -> None:
        tally, judge = self.evidence.tally, self.judge
        market = rack(heads, self.market, self.market_titles)
        measure_snaps(heads, held, market, judge, TITLE_WEIGHT, tally)
        measure_naming(heads, held, self.prompts, judge, tally)
        measure_titles(market, tally)
        measure_views(heads, held, self._luma(heads), TITLE_WEIGHT, tally)
        self._fit(heads, held)
        self._judge_market(heads, held, market)

    def _luma(self, heads: Heads) -> Rack:
        mains = [e.source == "luma" and e.view == "main" for e in self.pictures.examples]
        shop = self.pictures.only(np.array(mains))
        return rack(heads, shop, self.bench.sentences([e.title for e in shop.examples]))

    def _fit(self, heads: Heads, held: Pictures) -> None:
        """Held-out pictures asked among one another, each without its own group."""
        kinds = [self.kinds[k] if k >= 0 else "" for k in held.kinds]
        family = np.array([self.judge.family(e) for e in held.examples])
        known = np.array([bool(k) and bool(f) for k, f in zip(kinds, family, strict=True)])
        held, family = held.only(known), family[known]
        kind, group = np.array(kinds)[known], np.array([e.group for e in held.examples])
        rng = np.random.default_rng(0)  # street garments have no titles: they get a shop's
        titles = [
            e.title or self.wordings.title(k, str(rng.choice(self.wordings.kinds[k])), f, rng).text
            for e, f, k in zip(held.examples, family.tolist(), kind.tolist(), strict=True)
        ]
        shop = rack(heads, held, self.bench.sentences(titles))
        products = shop.products(TITLE_WEIGHT)
        own = torch.from_numpy(group[:, None] == group[None])

        def add(query: str, vectors: torch.Tensor, k: npt.ArrayLike, f: npt.ArrayLike) -> None:
            table = vectors @ products.T
            if query != "words":
                table = table.masked_fill(own, -1.0)
            score, best = table.max(1)
            right = (kind[best.numpy()] == k) & (family[best.numpy()] == f)
            fits = (kind[None] == np.asarray(k)[:, None]) & (family[None] == np.asarray(f)[:, None])
            if query == "both":  # colours asked at random: keep what this small shop could answer
                kept = (fits & ~own.numpy()).any(1)
                score, right = score[torch.from_numpy(kept)], right[kept]
            self.evidence.fitted.add(query, score.double().numpy(), right)

        add("picture", shop.pictures, kind, family)
        names = np.array(sorted(set(family.tolist())))
        asked = names[np.random.default_rng(0).integers(0, len(names), len(kind))]
        add("both", self._recoloured(heads, shop.pictures, asked), kind, asked)
        pairs = sorted(set(zip(kind.tolist(), family.tolist(), strict=True)))
        said = heads.say(self.bench.sentences([f"{f} {k}" for k, f in pairs]))
        add("words", said, *(np.array(column) for column in zip(*pairs, strict=True)))

    def _recoloured(
        self, heads: Heads, pictures: torch.Tensor, asked: npt.NDArray[np.str_]
    ) -> torch.Tensor:
        """Each picture, "but in" the colour asked of it."""
        names = sorted(set(asked.tolist()))
        said = heads.say(self.bench.sentences([f"but in {n}" for n in names])).numpy()
        words = {n: Embedding(v, "") for n, v in zip(names, said, strict=True)}
        runs = blocks(pictures.shape[1])
        moved = [
            compose(Embedding(p, ""), words[a], runs).vector
            for p, a in zip(pictures.numpy(), asked.tolist(), strict=True)
        ]
        return torch.from_numpy(np.stack(moved))

    def _judge_market(self, heads: Heads, held: Pictures, market: Rack) -> None:
        """First hits in the measuring catalogue, for pictures, words, both; and from afar."""
        kinds = [self.kinds[k] if k >= 0 else "" for k in held.kinds]
        fits = [bool(self.judge.types(k)) and bool(self.judge.family(e))
                for k, e in zip(kinds, held.examples, strict=True)]  # fmt: skip
        near = held.only(np.array(fits))
        named = list(itertools.compress(kinds, fits))
        measured, tally = self.evidence.measured, self.evidence.tally
        asked = heads.pictures(near), list(near.examples), named
        scores, right = first_hits(*asked, market, TITLE_WEIGHT, self.judge)
        measured.add("picture", scores, right)
        tally.add("kind_and_colour_from_picture", right, [e.group for e in near.examples])
        rules = self.judge.rules["far_departments"]
        away = held.only(np.array([e.label.split("/")[0] in rules for e in held.examples]))
        far, _ = (heads.pictures(away) @ market.products(TITLE_WEIGHT).T).max(1)
        measured.add("far", far.double().numpy(), np.zeros(len(far), bool))
        self._judge_words(heads, market)
        self._judge_both(heads, held, market)

    def _judge_words(self, heads: Heads, market: Rack) -> None:
        """ "red shirt": the first hit's kind and colour, and the first ten's."""
        rows = [(e.label.split("/")[-1], self.judge.family(e)) for e in market.examples]
        pairs = [
            (k, f) for k in self.judge.rules["kind_types"] for f in self.judge.rules["families"]
            if sum(t in self.judge.types(k) and f == g for t, g in rows) >= 10
        ]  # fmt: skip
        said = heads.say(self.bench.sentences([f"{f} {k}" for k, f in pairs]))
        score, best = (said @ market.products(TITLE_WEIGHT).T).topk(10, 1)
        right = np.array([
            [rows[b][0] in self.judge.types(k) and rows[b][1] == f for b in hits]
            for (k, f), hits in zip(pairs, best.tolist(), strict=True)
        ])  # fmt: skip
        self.evidence.measured.add("words", score[:, 0].double().numpy(), right[:, 0])
        groups = [k for k, _ in pairs for _ in range(10)]
        self.evidence.tally.add("words_precision_at_10_with_titles", right.ravel(), groups)

    def _judge_both(self, heads: Heads, held: Pictures, market: Rack) -> None:
        """A snap and "but in red": the kind stays, the colour is the one asked."""
        types = self.judge.rules["types"]
        snaps = held.only(np.array([e.label in types for e in held.examples]))
        names = np.array(["black", "white", "red", "blue", "green", "grey", "yellow", "purple"])
        asked = names[np.random.default_rng(1).integers(0, len(names), len(snaps.examples))]
        moved = self._recoloured(heads, heads.pictures(snaps), asked)
        score, best = (moved @ market.products(TITLE_WEIGHT).T).max(1)
        found = [market.examples[b] for b in best.tolist()]
        colour = np.array([self.judge.family(p) == a for p, a in zip(found, asked, strict=True)])
        kind = np.array([
            p.label.split("/")[-1] in types[e.label]
            for p, e in zip(found, snaps.examples, strict=True)
        ])  # fmt: skip
        groups = [e.group for e in snaps.examples]
        self.evidence.measured.add("both", score.double().numpy(), kind & colour)
        self.evidence.tally.add("recoloured_snap_has_the_colour", colour, groups)
        self.evidence.tally.add("recoloured_snap_has_kind_and_colour", kind & colour, groups)


def calibrations(evidence: Evidence) -> dict[str, Calibration]:
    """By kind of query, fitted on the shippable sets."""
    return {
        query: calibrate(*evidence.fitted.of(query), REFUSED_WRONGLY)
        for query in ("picture", "words", "both")
    }


def calibration_figures(
    evidence: Evidence, fitted: dict[str, Calibration]
) -> dict[str, dict[str, float]]:
    """How well the calibrations hold on the measuring catalogue, which they never saw."""
    found: dict[str, dict[str, float]] = {}
    for query, c in fitted.items():
        scores, right = evidence.measured.of(query)
        chance = probability(scores, c.slope, c.offset)
        found[query] = {
            "queries": len(scores), "right": float(right.mean()),
            "promised": float(chance.mean()), "ece": calibration_error(chance, right),
            "refused_wrongly": float((chance < c.refuse_below).mean()),
        }  # fmt: skip
    far, _ = evidence.measured.of("far")
    c = fitted["picture"]
    refused = probability(far, c.slope, c.offset) < c.refuse_below
    found["far"] = {"queries": len(far), "refused_rightly": float(refused.mean())}
    return {q: {n: round(v, 3) for n, v in held.items()} for q, held in found.items()}
