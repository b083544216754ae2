"""Trains the light heads on what the frozen towers saw and read (torch; minutes of CPU).

Pictures and captions of one kind attract (Radford 2021, with every same-kind pair a positive:
Khosla 2020); renditions of one product attract in `instance` and `colour` (InfoNCE, van den Oord
2018); the words learn the histogram of the colour they name, and whether they name any. The last
third of the steps is averaged (Izmailov 2018).
"""

from dataclasses import dataclass

import numpy as np
import torch
from torch import nn
from torch.nn import functional

from models.corpus import Choices, Ints, Pictures, Texts, draw_chances, sku_keys
from models.heads import PictureHead, Seen, WordsHead

SOURCE_SHARES = {"snaps": 1.0, "street": 0.7, "luma": 0.5, "retail": 0.1}


@dataclass(frozen=True, slots=True)
class Schedule:
    """How long and how fast; `averaged` is the share of the last steps whose weights are meant."""

    steps: int = 800
    batch: int = 384
    words_batch: int = 288
    rate: float = 1.5e-3
    decay: float = 0.05
    averaged: float = 0.33
    seed: int = 0


class Trainer:
    """One run over one training set; `run` gives the trained heads."""

    def __init__(self, pictures: Pictures, texts: Texts, schedule: Schedule) -> None:
        torch.manual_seed(schedule.seed)
        self.rng = np.random.default_rng(schedule.seed)
        self.pictures, self.texts, self.schedule = pictures, texts, schedule
        self.head = PictureHead(Seen(pictures.features[0], pictures.histograms[0]))
        self.words = WordsHead()
        self.chances = draw_chances(pictures, SOURCE_SHARES)
        self.skus = sku_keys(pictures.examples)
        rows = np.arange(len(self.skus))
        self.partners = Choices(self.skus, rows, int(self.skus.max()) + 1)
        kinds = int(texts.kinds.max()) + 1
        plain = (texts.kinds >= 0) & (texts.colours < 0)
        coloured = (texts.kinds >= 0) & (texts.colours >= 0)
        self.plain = Choices(texts.kinds[plain], np.flatnonzero(plain), kinds)
        self.coloured = Choices(texts.kinds[coloured], np.flatnonzero(coloured), kinds)
        self.kinds = kinds
        self.hues = np.flatnonzero((texts.kinds < 0) & (texts.colours >= 0))

    def run(self) -> tuple[PictureHead, WordsHead]:
        """Train; the heads come back with averaged weights, in evaluation mode."""
        plan = self.schedule
        weights = [*self.head.parameters(), *self.words.parameters()]
        optimiser = torch.optim.AdamW(weights, plan.rate, weight_decay=plan.decay)
        slope = torch.optim.lr_scheduler.OneCycleLR(
            optimiser, plan.rate, total_steps=plan.steps, pct_start=0.1
        )
        first = int(plan.steps * (1 - plan.averaged))
        sums = [torch.zeros_like(w) for w in weights]
        for step in range(plan.steps):
            loss = self._picture_loss() + self._words_loss()
            optimiser.zero_grad()
            loss.backward()  # type: ignore[no-untyped-call]  # torch leaves it untyped
            optimiser.step()
            slope.step()
            if step >= first:
                for total, weight in zip(sums, weights, strict=True):
                    total += weight.detach()
        for total, weight in zip(sums, weights, strict=True):
            weight.data.copy_(total / (plan.steps - first))
        return self.head.eval(), self.words.eval()

    def _picture_loss(self) -> torch.Tensor:
        """Two renditions a product, and a caption of each picture's kind."""
        size = self.schedule.batch
        here = self.rng.choice(len(self.skus), size, p=self.chances)
        there = self.partners.draw(self.skus[here], self.rng)
        kind, instance, colour = self.head(self._seen(here))
        kind2, instance2, colour2 = self.head(self._seen(there))
        kinds = self.pictures.kinds[here]
        known = kinds >= 0
        captions = np.where(
            self.rng.random(known.sum()) < 0.3,
            self.coloured.draw(kinds[known], self.rng),
            self.plain.draw(kinds[known], self.rng),
        )
        said, _, _ = self.words(self.texts.vectors[captions])
        same = torch.from_numpy(kinds[known][:, None] == kinds[known][None]).float()
        seen, seen2 = kind[torch.from_numpy(known)], kind2[torch.from_numpy(known)]
        meet = attract(seen @ said.T / 0.07, same) + attract(said @ seen.T / 0.07, same)
        alike = attract(seen @ seen2.T / 0.1, same)
        twins = self.skus[here][:, None] == self.skus[here][None]
        np.fill_diagonal(twins, False)
        hidden = torch.from_numpy(twins)  # the same product twice in a batch is no negative
        return (
            meet + alike
            + 0.7 * match(instance @ instance2.T / 0.07, hidden)
            + 0.5 * match(colour @ colour2.T / 0.1, hidden)
        )  # fmt: skip

    def _words_loss(self) -> torch.Tensor:
        """What words name, and which colour it is."""
        third = self.schedule.words_batch // 3
        drawn = np.concatenate(
            [
                self.rng.choice(self.hues, third),
                self.plain.draw(self.rng.integers(0, self.kinds, third), self.rng),
                self.coloured.draw(self.rng.integers(0, self.kinds, third), self.rng),
            ]
        )
        _, colour, say = self.words(self.texts.vectors[drawn])
        kinds, colours = self.texts.kinds[drawn], self.texts.colours[drawn]
        names = torch.from_numpy(np.stack([kinds >= 0, colours >= 0], 1)).float()
        wanted = self.head.colour_of(self.texts.shades).detach()
        coloured = torch.from_numpy(colours >= 0)
        near = (colour[coloured] * wanted[torch.from_numpy(colours[colours >= 0])]).sum(-1)
        spoken = nn.functional.binary_cross_entropy_with_logits(say, names)
        loss: torch.Tensor = spoken + 2 * (1 - near).mean()
        return loss

    def _seen(self, rows: Ints) -> Seen:
        """A random rendition of each row."""
        rendition = torch.from_numpy(self.rng.integers(0, len(self.pictures.features), len(rows)))
        at = torch.from_numpy(rows)
        return Seen(self.pictures.features[rendition, at], self.pictures.histograms[rendition, at])


def attract(logits: torch.Tensor, same: torch.Tensor) -> torch.Tensor:
    """Cross-entropy against a uniform target over each row's positives."""
    target = same / same.sum(1, keepdim=True)
    return -(target * functional.log_softmax(logits, 1)).sum(1).mean()


def match(logits: torch.Tensor, hidden: torch.Tensor) -> torch.Tensor:
    """Cross-entropy against the diagonal; `hidden` pairs count neither way."""
    return functional.cross_entropy(logits.masked_fill(hidden, -1e4), torch.arange(len(logits)))
