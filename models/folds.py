"""Trains the recipe on part of the people and products, measures it on the others.

Every figure of the card comes from here: no sender, street photo or product is both learned from
and measured on. What ships is the same recipe trained on all of them.
"""

import itertools
import zlib
from typing import Any

import numpy as np
import numpy.typing as npt
import torch
from torch.nn import functional

from models.captions import Wordings, read_wordings
from models.corpus import Pictures, Texts
from models.evidence import Evidence, Scores
from models.exact_folds import Shelves, gather
from models.examples import Example
from models.heads import INSTANCE, KIND, Gaze, KindPull, WordsHead
from models.judge import Bools, Judge, Tally
from models.measure import (
    PROMPTS,
    Heads,
    Rack,
    agreed,
    first_hits,
    measure_naming,
    measure_snaps,
    measure_titles,
    measure_views,
    rack,
)
from models.prepare import Bench, prepare_pictures
from models.strange import Strangeness, fit_strange, measure_strange
from models.tail import Eye
from models.tail_train import Tuning
from models.train_heads import Schedule, Trainer
from vision.compose import compose
from vision.embedding import Embedding
from vision.kinds import Kinds
from vision.spec import Block

FOLDS = 3
SHARES = {"kind": 0.5, "instance": 0.25, "colour": 0.25}
TITLE_WEIGHT = 0.8
SMALL = 300


def fold_of(example: Example) -> int:
    """The fold in which an example is measured: by sender, street photo or product."""
    return zlib.crc32(example.group.encode()) % FOLDS


def train_fold(
    bench: Bench, pictures: Pictures, texts: Texts, schedule: Schedule, fold: int | None
) -> Heads:
    """Heads that never saw `fold` (None: that saw everything), kept in the work folder, as is the
    end of the tower that was tuned with them (`eye_of`)."""
    learned = np.array([fold is None or fold_of(e) != fold for e in pictures.examples])
    eye = eye_of(bench, fold)
    path = bench.work / f"heads-{eye.name}.pt"
    if not path.exists():
        heads = Trainer(pictures.only(learned), texts, schedule).run()
        torch.save(heads, path)
    light = torch.load(path, weights_only=False)  # our own file, written above
    eye.tune(pictures.only(learned), texts, np.flatnonzero(learned), light, Tuning())
    picture, words = eye.heads()
    return Heads(KindPull(picture, named_kinds(bench, words)), words, SHARES)


def eye_of(bench: Bench, fold: int | None) -> Eye:
    """The tower whose end `train_fold` tuned; its `seen` gives what heads of that fold read."""
    return Eye(bench, "all" if fold is None else str(fold))


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


class Folds:
    """Runs the folds against the measuring catalogue."""

    def __init__(
        self, bench: Bench, gaze: Gaze, wordings: Wordings, pictures: Pictures,
        texts: Texts, judge: Judge,
    ) -> None:  # fmt: skip
        self.bench, self.wordings, self.judge = bench, wordings, judge
        self.frozen, self.pictures, self.texts = pictures, pictures, texts
        self.kinds, self.colours = sorted(wordings.kinds), sorted(wordings.colours)
        self.frozen_market = prepare_pictures(bench, gaze, wordings, ("myntra",), 1)
        self.market = self.frozen_market
        self.market_titles = bench.sentences([e.title for e in self.market.examples])
        names = list(judge.rules["ten"].values())
        prompts = bench.sentences([p.format(n) for n in names for p in PROMPTS])
        self.prompts = prompts.reshape(len(names), len(PROMPTS), -1)
        self.evidence = Evidence(Tally(), Scores({}, {}), Scores({}, {}), Strangeness())

    def run(self, schedule: Schedule) -> Evidence:
        """Train and measure every fold."""
        numbers = np.array([fold_of(e) for e in self.frozen.examples])
        for fold in range(FOLDS):
            heads = train_fold(self.bench, self.frozen, self.texts, schedule, fold)
            eye = eye_of(self.bench, fold)
            self.pictures, self.market = eye.seen(self.frozen), eye.seen(self.frozen_market)
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
        shelves = Shelves(self._luma(heads), market, TITLE_WEIGHT)
        self.evidence.asked.append(gather(heads, held, shelves, judge))
        self._judge_market(heads, held, market)
        self._judge_strange(heads, held, market)

    def _luma_pictures(self) -> Pictures:
        mains = [e.source == "luma" and e.view == "main" for e in self.pictures.examples]
        return self.pictures.only(np.array(mains))

    def _luma(self, heads: Heads, told: Bools | None = None) -> Rack:
        shop = self._luma_pictures()
        shop = shop if told is None else shop.only(told)
        return rack(heads, shop, self.bench.sentences([e.title for e in shop.examples]))

    def _judge_strange(self, heads: Heads, held: Pictures, market: Rack) -> None:
        """How familiar shops are with what they have, and with what they have not."""
        found, asked = self.evidence.strange, heads.pictures(held)
        named = kind_names(heads)
        luma, names = self._luma(heads), [self.kinds[k] if k >= 0 else "" for k in held.kinds]
        luma_names = [self.wordings.kind_of(e) or "" for e in luma.examples]
        products = luma.products(TITLE_WEIGHT)
        fit_strange(named, held.examples, asked, names, products, luma_names, found)
        snaps = np.array([e.label in self.judge.rules["types"] for e in held.examples])
        labels = [e.label for e in itertools.compress(held.examples, snaps)]
        street = of_source(held, "street") & np.array([n not in ("", "coat") for n in names])
        measure_strange(
            named, asked[torch.from_numpy(snaps)], labels, asked[torch.from_numpy(street)],
            list(itertools.compress(names, street)), asked[torch.from_numpy(self._far(held))],
            market, TITLE_WEIGHT, self.judge, found,
        )  # fmt: skip

    def _far(self, held: Pictures) -> Bools:
        away = self.judge.rules["far_departments"]
        return np.array([e.label.split("/")[0] in away for e in held.examples])

    def _fit(self, heads: Heads, held: Pictures) -> None:
        """Held-out pictures asked among one another, each without its own group, and of luma."""
        known = np.array([bool(k) and bool(f) for k, f in self._told(held)])
        held = held.only(known)
        rng = np.random.default_rng(0)  # street garments have no titles: they get a shop's
        titles = [
            e.title or self.wordings.title(k, str(rng.choice(self.wordings.kinds[k])), f, rng).text
            for e, (k, f) in zip(held.examples, self._told(held), strict=True)
        ]
        self._fit_shop(heads, held, rack(heads, held, self.bench.sentences(titles)), held)
        luma = self._luma_pictures()
        told = np.array([bool(k) and bool(f) for k, f in self._told(luma)])
        self._fit_shop(heads, held, self._luma(heads, told), luma.only(told))

    def _told(self, pictures: Pictures) -> list[tuple[str, str]]:
        """Kind and colour family of each, "" where unknown."""
        kinds = [self.kinds[k] if k >= 0 else "" for k in pictures.kinds]
        families = [self.judge.family(e) for e in pictures.examples]
        return list(zip(kinds, families, strict=True))

    def _fit_shop(self, heads: Heads, held: Pictures, shop: Rack, stock: Pictures) -> None:
        """The pictures `held`, their words, and both, asked of a shop of `stock`."""
        kind, family = (np.array(column) for column in zip(*self._told(held), strict=True))
        has_kind, has_family = (np.array(c) for c in zip(*self._told(stock), strict=True))
        groups = [np.array([e.group for e in p.examples]) for p in (held, stock)]
        everything, queries = shop.products(TITLE_WEIGHT), heads.pictures(held)
        whose = torch.from_numpy(groups[0][:, None] == groups[1][None])

        def add(query: str, vectors: torch.Tensor, k: npt.ArrayLike, f: npt.ArrayLike) -> None:
            for rows in drawn_shops(len(everything)):
                add_shop(query, vectors, np.asarray(k), np.asarray(f), rows)

        def add_shop(query: str, vectors: torch.Tensor, k: Any, f: Any, rows: Any) -> None:
            products, own = everything[rows], whose[:, rows]
            table = vectors @ products.T
            fits = has_kind[rows][None] == k[:, None]
            fits &= has_family[rows][None] == f[:, None]
            if query != "words":
                table, fits = table.masked_fill(own, -1.0), fits & ~own.numpy()
            best = table.argmax(1)
            told = agreed(vectors, products, best)
            right = fits[np.arange(len(fits)), best.numpy()]
            if query != "picture":  # colours asked at random: keep what the shop could answer
                kept = fits.any(1)
                told, right = told[kept], right[kept]
            self.evidence.fitted.add(query, told, right)

        add("picture", queries, kind, family)
        names = np.array(sorted(set(family.tolist())))
        asked = names[np.random.default_rng(0).integers(0, len(names), len(kind))]
        add("both", self._recoloured(heads, queries, asked), kind, asked)
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
        told, right = first_hits(*asked, market, TITLE_WEIGHT, self.judge)
        measured.add("picture", told, right)
        tally.add("kind_and_colour_from_picture", right, [e.group for e in near.examples])
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
        products = market.products(TITLE_WEIGHT)
        best = (said @ products.T).topk(10, 1).indices
        right = np.array([
            [rows[b][0] in self.judge.types(k) and rows[b][1] == f for b in hits]
            for (k, f), hits in zip(pairs, best.tolist(), strict=True)
        ])  # fmt: skip
        self.evidence.measured.add("words", agreed(said, products, best[:, 0]), right[:, 0])
        groups = [k for k, _ in pairs for _ in range(10)]
        self.evidence.tally.add("words_precision_at_10_with_titles", right.ravel(), groups)

    def _judge_both(self, heads: Heads, held: Pictures, market: Rack) -> None:
        """A snap and "but in red": the kind stays, the colour is the one asked."""
        types = self.judge.rules["types"]
        snaps = held.only(np.array([e.label in types for e in held.examples]))
        names = np.array(["black", "white", "red", "blue", "green", "grey", "yellow", "purple"])
        asked = names[np.random.default_rng(1).integers(0, len(names), len(snaps.examples))]
        moved = self._recoloured(heads, heads.pictures(snaps), asked)
        products = market.products(TITLE_WEIGHT)
        best = (moved @ products.T).argmax(1)
        found = [market.examples[b] for b in best.tolist()]
        colour = np.array([self.judge.family(p) == a for p, a in zip(found, asked, strict=True)])
        kind = np.array([
            p.label.split("/")[-1] in types[e.label]
            for p, e in zip(found, snaps.examples, strict=True)
        ])  # fmt: skip
        groups = [e.group for e in snaps.examples]
        self.evidence.measured.add("both", agreed(moved, products, best), kind & colour)
        self.evidence.tally.add("recoloured_snap_has_the_colour", colour, groups)
        self.evidence.tally.add("recoloured_snap_has_kind_and_colour", kind & colour, groups)


def drawn_shops(count: int) -> list[npt.NDArray[np.int64]]:
    """Rows of a shop of `count`: all of them, and small shops drawn from it. A small shop's first
    hit is more often wrong, and a probability must know what that looks like."""
    draw = np.random.default_rng(0)
    small = [np.sort(draw.choice(count, SMALL, replace=False)) for _ in range(2) if count > SMALL]
    return [np.arange(count), *small]


def kind_names(heads: Heads) -> Kinds:
    """The kinds that the heads can name, as the serving path has them."""
    if not isinstance(heads.picture, KindPull):
        raise TypeError("heads without named kinds")
    return Kinds(heads.picture.get_buffer("kinds").numpy(), 0, KIND)


def of_source(pictures: Pictures, source: str) -> Bools:
    """Which examples come from `source`."""
    return np.array([e.source == source for e in pictures.examples])
