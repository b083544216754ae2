"""Tunes the end of the picture tower together with the heads (torch; minutes of one core).

The heads begin as they were trained on the frozen tower. The losses are theirs; besides, what the
tuned end gives may not stray far from what the frozen one gave, which keeps the departments that
the captions do not name. Of the map that comes in, cells are hidden at random and half the maps are
mirrored. The weights that are kept are a running mean.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import torch

from models.corpus import Ints, Pictures, Texts
from models.heads import PictureHead, Seen, WordsHead
from models.tail_net import CELLS, TailNet
from models.train_heads import Schedule, Trainer

Maps = Sequence[npt.NDArray[np.float16]]


@dataclass(frozen=True, slots=True)
class Tuning:
    """How long and how fast; `kept` is how dear straying from the frozen tower is."""

    steps: int = 200
    batch: int = 160
    tail_rate: float = 3e-4
    head_rate: float = 5e-4
    decay: float = 0.05
    kept: float = 0.5
    hidden: float = 0.2  # of a map's cells, at most
    remembered: float = 0.98  # of the running mean, a step
    seed: int = 0


class Tuner(Trainer):
    """One run over one training set: `maps` are R arrays (M, 208, 8, 8), of which `rows` (N) are
    the examples of `pictures`."""

    def __init__(
        self, pictures: Pictures, texts: Texts, maps: Maps, rows: Ints, tuning: Tuning,
        begin: tuple[TailNet, PictureHead, WordsHead],
    ) -> None:  # fmt: skip
        super().__init__(pictures, texts, Schedule(batch=tuning.batch, seed=tuning.seed))
        self.maps, self.rows, self.tuning = maps, rows, tuning
        self.tail, self.head, self.words = begin
        self.strayed: list[torch.Tensor] = []

    def tune(self) -> tuple[TailNet, PictureHead, WordsHead]:
        """What it began with after the run, in evaluation mode; changed in place."""
        plan = self.tuning
        for net in (self.tail, self.head, self.words):
            net.train()
        light = [*self.head.parameters(), *self.words.parameters()]
        heavy = list(self.tail.parameters())
        optimiser = torch.optim.AdamW([
            {"params": light, "lr": plan.head_rate, "weight_decay": plan.decay},
            {"params": heavy, "lr": plan.tail_rate, "weight_decay": 0.0},
        ])  # fmt: skip
        slope = torch.optim.lr_scheduler.OneCycleLR(
            optimiser, [plan.head_rate, plan.tail_rate], total_steps=plan.steps, pct_start=0.1
        )
        mean = [w.detach().clone() for w in light + heavy]
        for step in range(plan.steps):
            self.strayed = []
            loss = self._picture_loss() + self._words_loss()
            loss = loss + plan.kept * torch.stack(self.strayed).mean()
            optimiser.zero_grad()
            loss.backward()  # type: ignore[no-untyped-call]  # torch leaves it untyped
            torch.nn.utils.clip_grad_norm_(heavy, 5.0)
            optimiser.step()
            slope.step()
            share = 1 - min(plan.remembered, (step + 1) / (step + 10))
            for held, weight in zip(mean, light + heavy, strict=True):
                held.lerp_(weight.detach(), share)
            if (step + 1) % 25 == 0:
                print(
                    f"tuning: step {step + 1} of {plan.steps}, loss {loss.item():.3f}", flush=True
                )
        for held, weight in zip(mean, light + heavy, strict=True):
            weight.data.copy_(held)
        return self.tail.eval(), self.head.eval(), self.words.eval()

    def _seen(self, rows: Ints) -> Seen:
        """A random rendition of each row, its end seen by the tail as it is now."""
        rendition = self.rng.integers(0, len(self.maps), len(rows))
        chosen = torch.from_numpy(rendition), torch.from_numpy(rows)
        frozen = self.pictures.features[chosen]
        drawn = [self.maps[r][self.rows[i]] for r, i in zip(rendition, rows, strict=True)]
        thing = self.tail(self._varied(torch.from_numpy(np.stack(drawn))))
        wide = thing.shape[1]  # the features begin with it
        deviation = self.head.deviation[:wide]
        self.strayed.append(((thing - frozen[:, :wide]) / deviation).square().mean())
        features = torch.cat([thing, frozen[:, wide:]], -1)
        return Seen(features, self.pictures.histograms[chosen])

    def _varied(self, maps: torch.Tensor) -> torch.Tensor:
        """Half of `maps` mirrored, a share of each one's cells hidden."""
        count = len(maps)
        shares = self.tuning.hidden * self.rng.random((count, 1, 1, 1))
        shown = torch.from_numpy(self.rng.random((count, 1, CELLS, CELLS)) >= shares)
        turned = torch.from_numpy(self.rng.random((count, 1, 1, 1)) < 0.5)
        return torch.where(turned, maps.flip(3), maps) * shown
