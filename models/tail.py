"""The tower's end as each fold tuned it: trained, quantised, and what it sees (kept in `work`)."""

import copy
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import torch

from models.corpus import Ints, Pictures, Texts
from models.heads import PictureHead, WordsHead
from models.prepare import Bench, calibration_photos
from models.quantise import quantise_tower
from models.tail_graph import cut_tail, run_tail, write_tail
from models.tail_net import TailNet
from models.tail_train import Tuner, Tuning
from models.towers import first_nodes, load_lite2
from vision.session import open_bare


@dataclass(frozen=True, slots=True)
class Eye:
    """A tower whose end was tuned without one fold (`name`: that fold, or "all" for none)."""

    bench: Bench
    name: str

    @property
    def trained(self) -> Path:
        """Tail, picture head and words head."""
        return self.bench.work / f"tuned-{self.name}.pt"

    @property
    def fp32(self) -> Path:
        """The whole tower with the tuned end."""
        return self.bench.work / f"tower-{self.name}.onnx"

    @property
    def int8(self) -> Path:
        """The whole tower in integers."""
        return self.bench.work / f"tower-{self.name}-int8.onnx"

    def tune(
        self, pictures: Pictures, texts: Texts, rows: Ints,
        light: tuple[PictureHead, WordsHead], tuning: Tuning,
    ) -> None:  # fmt: skip
        """Train on `pictures`, which are `rows` of all, unless that was done before."""
        if self.trained.exists():
            return
        rounds = range(len(pictures.features))
        maps = [self.bench.maps(_sources(pictures), r) for r in rounds]
        begin = TailNet(load_lite2().net), *copy.deepcopy(light)
        tail, head, words = Tuner(pictures, texts, maps, rows, tuning, begin).tune()
        part = self.trained.with_suffix(".part")
        torch.save((tail.state_dict(), head, words), part)
        part.replace(self.trained)

    def heads(self) -> tuple[PictureHead, WordsHead]:
        """The heads that were tuned with it."""
        _, head, words = self._load()
        return head, words

    def export(self) -> None:
        """Write the whole tower, float and in integers, unless that was done before."""
        if not self.fp32.exists():
            self._write()
        if not self.int8.exists():
            photos = calibration_photos(self.bench.shared)
            part = self.int8.with_suffix(".part.onnx")
            quantise_tower(self.fp32, part, photos, kept_float=first_nodes(self.fp32))
            part.replace(self.int8)

    def seen(self, pictures: Pictures) -> Pictures:
        """`pictures` in all their renditions, as the tuned end sees them in integers."""
        rounds = range(len(pictures.features))
        things = torch.stack([self._things(_sources(pictures), r) for r in rounds])
        rest = pictures.features[:, :, things.shape[2] :]
        return replace(pictures, features=torch.cat([things, rest], -1))

    def _things(self, sources: tuple[str, ...], round_: int) -> torch.Tensor:
        path = self.bench.work / f"things-{self.name}-{'-'.join(sources)}-{round_}.npy"
        if not path.exists():
            part = path.with_suffix(".part.npy")
            np.save(part, run_tail(self._quantised_tail(), self.bench.maps(sources, round_)))
            part.replace(path)
        return torch.from_numpy(np.load(path))

    def _load(self) -> tuple[TailNet, PictureHead, WordsHead]:
        state, head, words = torch.load(self.trained, weights_only=False)  # our own file
        tail = TailNet(load_lite2().net)
        tail.load_state_dict(state)
        return tail.eval(), head, words

    def _write(self) -> None:
        tail, _, _ = self._load()
        write_tail(self.bench.fp32, tail.convolutions(), self.fp32)

    def _quantised_tail(self) -> Path:
        """The end alone, in integers, calibrated on the maps of the photos that calibrate all."""
        path = self.bench.work / f"tail-{self.name}-int8.onnx"
        if not path.exists():
            if not self.fp32.exists():
                self._write()
            plain, part = path.with_suffix(".fp32.onnx"), path.with_suffix(".part.onnx")
            cut_tail(self.fp32, plain)
            session = open_bare(self.bench.int8)
            photos = calibration_photos(self.bench.shared)
            maps = [session.run(["deep"], {"pixels": photo[None]})[0][0] for photo in photos]
            quantise_tower(plain, part, np.stack(maps))
            part.replace(path)
        return path


def _sources(pictures: Pictures) -> tuple[str, ...]:
    return tuple(dict.fromkeys(e.source for e in pictures.examples))
