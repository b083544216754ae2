"""Trains the region finder's head on the tower's maps; goes on where a run was ended (torch)."""

from dataclasses import dataclass
from pathlib import Path
from typing import cast

import numpy as np
import numpy.typing as npt
import torch
from torch.optim.swa_utils import AveragedModel, get_ema_multi_avg_fn

from models.regions_net import RegionNet, Votes, region_loss
from models.regions_tower import TAPS, Shelved
from vision.regions import KINDS

BATCH, RATE, DECAY, SEED = 16, 3e-3, 0.02, 7
KEPT_SHARE = 0.99  # of the running mean of the weights, a step
OF_SNAPS = 3
"""In each batch: a phone's snap of one garment is to give one box, the street gives five."""
KEEP_EVERY = 50
RARE = {"bag": 2.0, "hat": 2.0, "scarf": 2.0, "skirt": 2.0, "eyewear": 1.5, "dress": 1.3}
Rows = npt.NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Lesson:
    """The rows of the maps to learn from, street and snaps, and for how many steps."""

    street: Rows
    snaps: Rows
    steps: int


class HeadTrainer:
    """A training run: the head, its running mean (what is kept in the end), and how far it is."""

    def __init__(self, shelved: Shelved, lesson: Lesson, kept: Path) -> None:
        """`kept` is the run's file: written every KEEP_EVERY steps, read where it is there."""
        torch.manual_seed(SEED)
        self._shelved, self._lesson, self._kept = shelved, lesson, kept
        # Channels last: a step takes 0.13 s of a core in place of 0.18.
        self.net = RegionNet().to(memory_format=torch.channels_last)  # type: ignore[call-overload]  # torch's gap
        running = get_ema_multi_avg_fn(KEPT_SHARE)  # type: ignore[no-untyped-call]  # torch's gap
        self._mean = AveragedModel(self.net, multi_avg_fn=running, use_buffers=True)
        self._optimiser = torch.optim.AdamW(self.net.parameters(), lr=RATE, weight_decay=DECAY)
        self._schedule = torch.optim.lr_scheduler.OneCycleLR(
            self._optimiser, RATE, total_steps=lesson.steps, pct_start=0.15
        )
        self._step = 0
        if kept.is_file():
            self._read()

    def run(self) -> Votes:
        """The trained head, ready to vote."""
        lately = 0.0
        while self._step < self._lesson.steps:
            loss = self._learn(np.random.default_rng([SEED, self._step]))
            lately = loss if not lately else 0.95 * lately + 0.05 * loss
            self._step += 1
            if self._step % KEEP_EVERY == 0 or self._step == self._lesson.steps:
                self._write()
                print(f"{self._kept.stem} {self._step}/{self._lesson.steps}  loss {lately:.3f}",
                      flush=True)  # fmt: skip
        return Votes(cast("RegionNet", self._mean.module)).eval()

    def _learn(self, rng: np.random.Generator) -> float:
        lesson = self._lesson
        rows = np.sort(np.concatenate([
            rng.choice(lesson.street, BATCH - OF_SNAPS), rng.choice(lesson.snaps, OF_SNAPS),
        ]))  # fmt: skip
        maps = maps_of(self._shelved, rows)
        kind = torch.from_numpy(self._shelved.kind[rows].astype(np.int64))
        box, weight = (
            torch.from_numpy(part[rows].astype(np.float32))
            for part in (self._shelved.box, self._shelved.weight)
        )
        if rng.random() < 0.5:
            maps, kind, weight = [m.flip(3) for m in maps], kind.flip(2), weight.flip(2)
            left, top, right, bottom = box.flip(3).unbind(1)
            box = torch.stack([1 - right, top, 1 - left, bottom], 1)
        weight = rare_first(kind, weight)
        maps = [m.contiguous(memory_format=torch.channels_last) for m in maps]
        loss = region_loss(self.net(*maps), kind, box, weight)
        self._optimiser.zero_grad()
        loss.backward()  # type: ignore[no-untyped-call]  # torch leaves it untyped
        torch.nn.utils.clip_grad_norm_(self.net.parameters(), 5.0)
        self._optimiser.step()
        self._schedule.step()
        self._mean.update_parameters(self.net)
        return loss.item()

    def _write(self) -> None:
        fresh = self._kept.with_suffix(".part")
        state = {
            "net": self.net.state_dict(), "mean": self._mean.state_dict(),
            "optimiser": self._optimiser.state_dict(), "schedule": self._schedule.state_dict(),
            "step": self._step,
        }  # fmt: skip
        torch.save(state, fresh)
        fresh.replace(self._kept)

    def _read(self) -> None:
        state = torch.load(self._kept, weights_only=True)
        self.net.load_state_dict(state["net"])
        self._mean.load_state_dict(state["mean"])
        self._optimiser.load_state_dict(state["optimiser"])
        self._schedule.load_state_dict(state["schedule"])
        self._step = int(state["step"])


def maps_of(shelved: Shelved, rows: Rows) -> list[torch.Tensor]:
    """The tower's maps of `rows`, in the order of TAPS, float32."""
    return [torch.from_numpy(shelved.maps[name][rows].astype(np.float32)) for name in TAPS]


def rare_first(kind: torch.Tensor, weight: torch.Tensor) -> torch.Tensor:
    """`weight` moved to cells of small things and of the kinds in RARE, its sum kept.

    Without it bags, shoes and hats are drowned by coats: after 600 steps of the first fold the mean
    of ten kinds was .41, bags .20; with it, after 1,500, .51 and .44.
    """
    factors = torch.ones(len(KINDS) + 1)
    for name, factor in RARE.items():
        factors[KINDS.index(name) + 1] = factor
    moved = weight**1.5 * factors[kind.clamp_min(0)]
    return moved * (weight.sum() / moved.sum().clamp_min(1e-9))
