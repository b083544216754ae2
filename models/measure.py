"""Measures a pair of heads on photos of senders and products that they never saw (torch)."""

from dataclasses import dataclass

import numpy as np
import torch
from torch.nn import functional

from models.calibrate import Floats
from models.corpus import Pictures
from models.examples import Example
from models.heads import (
    INSTANCE,
    KIND,
    KindPull,
    PictureHead,
    Seen,
    WordsHead,
    picture_vector,
    words_vector,
)
from models.judge import Bools, Judge, Tally

PROMPTS = ("{}", "a {}", "a photo of a {}")
TITLES_ASKED = 1000


@dataclass(frozen=True, slots=True)
class Heads:
    """Trained heads and the shares of the blocks: what turns Seen and sentences into vectors."""

    picture: PictureHead | KindPull
    words: WordsHead
    shares: dict[str, float]

    @torch.inference_mode()
    def pictures(self, pictures: Pictures) -> torch.Tensor:
        """(N, D): the clean rendition of each example."""
        seen = Seen(pictures.features[0], pictures.histograms[0])
        kind, instance, colour = self.picture(seen)
        return picture_vector(kind, instance, colour, self.shares)

    @torch.inference_mode()
    def say(self, sentences: torch.Tensor) -> torch.Tensor:
        """(N, D) of sentence vectors (N, 384)."""
        kind, colour, amount = self.words(sentences)
        return words_vector(kind, colour, amount, self.shares)


@dataclass(frozen=True, slots=True)
class Rack:
    """A catalogue as an index holds it: examples, picture vectors, title vectors."""

    examples: list[Example]
    pictures: torch.Tensor
    titles: torch.Tensor

    def products(self, title_weight: float) -> torch.Tensor:
        """Each product's vector: picture and title."""
        return functional.normalize(self.pictures + title_weight * self.titles, dim=-1)


def rack(heads: Heads, pictures: Pictures, titles: torch.Tensor) -> Rack:
    """`pictures` and their title sentences, as `heads` place them."""
    return Rack(list(pictures.examples), heads.pictures(pictures), heads.say(titles))


def measure_snaps(
    heads: Heads, held: Pictures, shop: Rack, judge: Judge, title_weight: float, tally: Tally
) -> None:
    """Phone snap → product of the same kind: of pictures alone, and with titles."""
    rows = [i for i, e in enumerate(held.examples) if e.label in judge.rules["types"]]
    snaps = heads.pictures(held)[rows]
    labels = [held.examples[i].label for i in rows]
    groups = [held.examples[i].group for i in rows]
    types = [e.label.split("/")[-1] for e in shop.examples]
    for name, weight in (("from_pictures", 0.0), ("with_titles", title_weight)):
        best = (snaps @ shop.products(weight).T).argmax(1).tolist()
        right = [types[b] in judge.rules["types"][k] for b, k in zip(best, labels, strict=True)]
        tally.add(f"snap_to_same_kind_{name}", np.array(right), groups)


def measure_naming(
    heads: Heads, held: Pictures, prompts: torch.Tensor, judge: Judge, tally: Tally
) -> None:
    """Kind of a snap among ten, from words alone; `prompts` (10, P, 384) are their sentences."""
    ten = list(judge.rules["ten"])
    rows = [i for i, e in enumerate(held.examples) if e.label in ten]
    said = heads.say(prompts.flatten(0, 1)).reshape(len(ten), prompts.shape[1], -1).mean(1)
    best = (heads.pictures(held)[rows] @ functional.normalize(said, dim=-1).T).argmax(1).tolist()
    right = [ten[b] == held.examples[i].label for b, i in zip(best, rows, strict=True)]
    tally.add("snap_kind_from_words", np.array(right), [held.examples[i].group for i in rows])


def measure_views(
    heads: Heads, held: Pictures, shop: Rack, title_weight: float, tally: Tally
) -> None:
    """Another view of a product → that very product, colour and all."""
    rows = [i for i, e in enumerate(held.examples) if e.view != "main"]
    views = heads.pictures(held)[rows]
    groups = [held.examples[i].group for i in rows]
    for name, weight in (("from_pictures", 0.0), ("with_titles", title_weight)):
        best = (views @ shop.products(weight).T).argmax(1).tolist()
        right = [
            shop.examples[b].sku == held.examples[i].sku for b, i in zip(best, rows, strict=True)
        ]
        tally.add(f"luma_view_to_product_{name}", np.array(right), groups)


def measure_titles(shop: Rack, tally: Tally) -> None:
    """Title → its own picture among a thousand (reported, not aimed at)."""
    rows = np.random.default_rng(0).choice(len(shop.examples), TITLES_ASKED, replace=False)
    scores = shop.titles[rows] @ shop.pictures[rows].T
    ranks = (scores > scores.diagonal()[:, None]).sum(1).numpy()
    groups = [shop.examples[i].group for i in rows]
    tally.add("title_to_picture_at_1", ranks < 1, groups)
    tally.add("title_to_picture_at_10", ranks < 10, groups)


def agreed(queries: torch.Tensor, products: torch.Tensor, best: torch.Tensor) -> Floats:
    """(Q, 2): how far the kinds and the colours of each query agree with those of the product that
    `best` (Q) names."""
    found = products[best]
    runs = slice(0, KIND), slice(KIND + INSTANCE, None)
    told = [functional.cosine_similarity(queries[:, r], found[:, r], dim=1) for r in runs]
    return torch.stack(told, 1).double().numpy()


def first_hits(
    queries: torch.Tensor, asked: list[Example], kinds: list[str], shop: Rack,
    title_weight: float, judge: Judge,
) -> tuple[Floats, Bools]:  # fmt: skip
    """(what agrees, same kind and colour) of each query's first hit, against typed products."""
    products = shop.products(title_weight)
    best = (queries @ products.T).argmax(1)
    right = []
    for example, kind, b in zip(asked, kinds, best.tolist(), strict=True):
        product = shop.examples[b]
        alike = product.label.split("/")[-1] in judge.types(kind)
        family = judge.family(example)
        right.append(alike and family != "" and family == judge.family(product))
    return agreed(queries, products, best), np.array(right)
