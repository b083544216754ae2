"""Measures an adapted model on products that it never saw, beside the model that it came from."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from models.adapt_judge import Evidence, Hits, first_alike, first_is, share_of_first, with_titles
from models.adapt_lens import Blend, Floats, Lens, Sensed, Speech, unit
from models.adapt_shop import Rows, Shop
from vision.compose import compose
from vision.embedding import Embedding
from vision.spec import Block, EncoderSpec

SHARES = (0.1, 0.3, 0.5, 0.7, 0.85)
TITLE_FACTORS = (1.0, 0.5)
FOLDS = 5
MOST_ASKED = 1_500
FEWEST_TITLES = 20
RECOLOURED = "composed: another colour, the category kept"


@dataclass(frozen=True, slots=True)
class Learned:
    """What was learned of some products."""

    lens: Lens
    speech: Speech


@dataclass(frozen=True, slots=True)
class Side:
    """A model as the trial asks it: pictures by row, titles, words, its weight of titles and its
    blocks."""

    clean: Floats
    anew: Floats
    titles: Floats
    words: Floats
    weight: float
    blocks: tuple[Block, ...]


def own_side(shop: Shop, spec: EncoderSpec, words: Floats) -> Side:
    """The model as it is."""
    anew = shop.rounds[-1].vectors
    return Side(shop.rounds[0].vectors, anew, shop.titles, words, spec.title_weight, spec.blocks)


def adapted_side(
    shop: Shop, spec: EncoderSpec, words: Floats, learned: Learned, blend: Blend
) -> Side:
    """The model with what was learned, as its two graphs will answer."""

    def seen(sensed: Sensed) -> Floats:
        return blend.pictures(sensed.vectors, learned.lens.see(sensed))

    def said(vectors: Floats) -> Floats:
        found = blend.pictures(vectors, learned.speech.say(vectors))
        found[~vectors.any(1)] = 0.0  # no title
        return found

    blocks = shop_blocks(spec, learned.lens.turn.shape[1])
    weight = spec.title_weight * blend.title_factor
    return Side(
        seen(shop.rounds[0]), seen(shop.rounds[-1]), said(shop.titles), said(words), weight, blocks
    )


def shop_blocks(spec: EncoderSpec, width: int) -> tuple[Block, ...]:
    """The model's blocks and the shop's own after them; none where the model has none."""
    if not spec.blocks:
        return ()
    return (*spec.blocks, Block("shop", spec.dimension, spec.dimension + width))


@dataclass(frozen=True, slots=True)
class Wording:
    """Rows of the words that are asked: (attribute, value, row), and "but in COLOUR" by colour."""

    values: list[tuple[str, str, int]]
    recolour: dict[str, int]


@dataclass(frozen=True, slots=True)
class Trial:
    """Asks two models, `sides`, about the products in `rows` among all of the shop."""

    shop: Shop
    sides: tuple[Side, Side]
    rows: Rows
    evidence: Evidence

    def bare(self) -> list[Floats]:
        """Each model's products as their first pictures alone."""
        return [side.clean[self.shop.first] for side in self.sides]

    def full(self) -> list[Floats]:
        """Each model's products as the shop holds them, titles in."""
        return [
            with_titles(bare, side.titles, side.weight)
            for bare, side in zip(self.bare(), self.sides, strict=True)
        ]

    def same_product(self, held: npt.NDArray[np.bool_]) -> None:
        """Another picture of it, where there is one, and a crop of its first in other light."""
        further, groups = self.shop.others(held), self.shop.groups
        owners = self.shop.owner[further]
        for name, galleries in (("alone", self.bare()), ("among titled products", self.full())):
            asked = list(zip(self.sides, galleries, strict=True))
            hits = [first_is(s.clean[further], g, owners) for s, g in asked]
            self._add(f"same product, another picture, {name}", hits, groups[owners])
            first = self.shop.first[self.rows]
            hits = [first_is(s.anew[first], g, self.rows) for s, g in asked]
            self._add(f"same product, a crop in other light, {name}", hits, groups[self.rows])

    def attribute(self, name: str, values: npt.NDArray[np.str_], wording: Wording) -> None:
        """The first hit's value, asked with a picture; the first ten's, asked with its word."""
        known, groups = self.rows[values[self.rows] != ""], self.shop.groups
        asked = zip(self.bare(), self.full(), strict=True)
        hits = [first_alike(b[known], g, values, known, groups) for b, g in asked]
        self._add(f"{name}, from a picture", hits, groups[known])
        here = values[self.rows]
        words = [(v, i) for a, v, i in wording.values if a == name and (here == v).sum() >= 2]
        if words:
            at = np.array([i for _, i in words])
            fits = np.array([here == v for v, _ in words])
            sides = zip(self.sides, self.full(), strict=True)
            hits = [share_of_first(s.words[at], g[self.rows], fits) for s, g in sides]
            self._add(f"{name}, from its word", hits, np.array([v for v, _ in words]))

    def titles(self) -> None:
        """A title's own picture (or another's of the same title) among the rows' pictures."""
        titled = self.rows[self.shop.titles[self.rows].any(1)]
        if len(titled) < FEWEST_TITLES:
            return
        names = np.array([item.title for item in self.shop.items])
        fits = names[titled][:, None] == names[self.rows][None]
        sides = zip(self.sides, self.bare(), strict=True)
        hits = [share_of_first(s.titles[titled], b[self.rows], fits) for s, b in sides]
        self._add("title to picture", hits, self.shop.groups[titled])

    def composed(self, wording: Wording, rng: np.random.Generator) -> None:
        """A picture and "but in" a colour that the shop has of its category."""
        if "category" not in self.shop.values or "colour" not in self.shop.values:
            return
        kinds, colours = self.shop.values["category"], self.shop.values["colour"]
        pairs = set(zip(kinds.tolist(), colours.tolist(), strict=True))
        asked: list[tuple[int, str]] = []
        for i in self.rows[(kinds[self.rows] != "") & (colours[self.rows] != "")]:
            names = [c for c in wording.recolour if c != colours[i] and (kinds[i], c) in pairs]
            if names:
                asked.append((int(i), str(rng.choice(names))))
        if not asked:
            return
        at, wished = np.array([i for i, _ in asked]), np.array([c for _, c in asked])
        hits = []
        for side, gallery in zip(self.sides, self.full(), strict=True):
            moved = [self._moved(side, i, wording.recolour[c]) for i, c in asked]
            best = (np.stack(moved) @ gallery.T).argmax(1)
            hits.append(np.asarray((kinds[best] == kinds[at]) & (colours[best] == wished), float))
        self._add(RECOLOURED, hits, self.shop.groups[at])

    def _moved(self, side: Side, product: int, word: int) -> Floats:
        picture = Embedding(unit(side.clean[self.shop.first[product]]), "")
        return compose(picture, Embedding(unit(side.words[word]), ""), side.blocks).vector

    def _add(self, figure: str, hits: list[Hits], groups: npt.NDArray[np.str_]) -> None:
        before, after = hits
        self.evidence.add(figure, before, after, groups.tolist())


def judge(
    shop: Shop, before: Side, after: Side, held: npt.NDArray[np.bool_], wording: Wording,
    evidence: Evidence, seed: int,
) -> None:  # fmt: skip
    """Ask both models about the `held` products, MOST_ASKED of them at the most."""
    rng = np.random.default_rng(seed)
    rows = np.sort(rng.permutation(np.flatnonzero(held))[:MOST_ASKED])
    trial = Trial(shop, (before, after), rows, evidence)
    trial.same_product(held)
    for name, values in shop.values.items():
        trial.attribute(name, values, wording)
    trial.titles()
    trial.composed(wording, rng)
