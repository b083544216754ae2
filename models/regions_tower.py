"""The frozen tower of the region finder, in integers, and its maps of many pictures on disk.

The finder learns from the very integers that it will be served: nothing is lost afterwards, and a
picture's maps cost half of the time.
"""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import onnx
import onnxruntime
import torch
from torch import nn

from models.quantise import quantise_tower
from models.regions_scenes import Scene
from models.regions_stock import Picture
from models.towers import OPSET, fold_constants, fold_pads, load_lite2
from vision.regions import SIDE_PX

TAPS = {"fine": (6, 48, 8), "texture": (10, 88, 16), "place": (14, 120, 16), "thing": (20, 352, 32)}
"""Name: after which block, channels, stride: the ends of stages 3, 4, 5 and 7."""
Maps = dict[str, npt.NDArray[np.float16]]


class Tapped(nn.Module):
    """uint8 pixels (N, S, S, 3) → the maps of TAPS, NCHW float32."""

    def __init__(self, lite: Any) -> None:
        super().__init__()
        self.lite = lite

    def forward(self, pixels: torch.Tensor) -> tuple[torch.Tensor, ...]:
        # The published weights were trained on (x - 127) / 128.
        x = (pixels.permute(0, 3, 1, 2).float() - 127.0) / 128.0
        x = self.lite._swish(self.lite._bn0(self.lite._conv_stem(x)))
        wanted = {block for block, _, _ in TAPS.values()}
        maps = []
        for number, block in enumerate(self.lite._blocks):
            x = block(x)
            if number in wanted:
                maps.append(x)
        return tuple(maps)


def make_tower(path: Path, calibrating: Sequence[Picture]) -> None:
    """Write the int8 tower to `path`, its ranges taken from `calibrating` pictures (S, S, 3)."""
    plain = path.with_name("regions-tower-fp32.onnx")
    pixels = torch.zeros((1, SIDE_PX, SIDE_PX, 3), dtype=torch.uint8)
    torch.onnx.export(
        Tapped(load_lite2().net).eval(), (pixels,), str(plain), input_names=["pixels"],
        output_names=list(TAPS), opset_version=OPSET, dynamo=False,
    )  # fmt: skip
    fold_constants(plain)
    onnx.save(fold_pads(onnx.load(str(plain))), str(plain))
    quantise_tower(plain, path, np.stack(calibrating))


def opened(path: Path, threads: int) -> Callable[[Picture], list[npt.NDArray[np.float32]]]:
    """The tower at `path`: a picture (S, S, 3) → its maps, in the order of TAPS."""
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads, options.log_severity_level = threads, 3
    session = onnxruntime.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])
    return lambda pixels: list(session.run(list(TAPS), {"pixels": pixels[None]}))


class Shelved:
    """Maps and labels of `count` scenes in a folder, memory-mapped, filled from the front.

    A run that was ended goes on where the last whole hundred was written.
    """

    def __init__(self, folder: Path, count: int) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self._done = folder / "done.txt"
        self.count = count
        grid = SIDE_PX // 16
        self.maps = {
            name: _mapped(folder / f"{name}.npy", (count, width, SIDE_PX // step, SIDE_PX // step))
            for name, (_, width, step) in TAPS.items()
        }
        self.kind = _mapped(folder / "kind.npy", (count, grid, grid), np.int8)
        self.box = _mapped(folder / "box.npy", (count, 4, grid, grid))
        self.weight = _mapped(folder / "weight.npy", (count, grid, grid))

    @property
    def done(self) -> int:
        """How many are there already."""
        return int(self._done.read_text()) if self._done.is_file() else 0

    def put(self, row: int, scene: Scene, maps: Sequence[npt.NDArray[np.float32]]) -> None:
        """Keep the scene's labels and its maps."""
        for shelf, values in zip(self.maps.values(), maps, strict=True):
            shelf[row] = values[0]
        self.kind[row], self.box[row], self.weight[row] = scene.kind, scene.box, scene.weight
        if (row + 1) % 100 == 0 or row + 1 == self.count:
            self._done.write_text(str(row + 1))
            print(f"maps {row + 1}/{self.count}", flush=True)


def _mapped(path: Path, shape: tuple[int, ...], kind: Any = np.float16) -> Any:
    if path.is_file():
        found = np.load(path, mmap_mode="r+")
        if found.shape == shape:
            return found
    return np.lib.format.open_memmap(path, mode="w+", dtype=kind, shape=shape)
