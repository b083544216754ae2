"""Trains the saliency probe: which cells of the tower's map show the garment.

On people it learns from the street photos' masks, on floors and beds from GrabCut's cuts of the
snaps (nobody drew masks for those; a cut that looks wrong is left out).
"""

import json
from collections.abc import Iterable, Sequence
from pathlib import Path

import cv2
import numpy as np
import numpy.typing as npt
import torch
from torch import nn

from models.cutout import garment_mask
from models.errors import NoData
from models.examples import Example
from models.features import widened
from models.saliency import Saliency
from vision.photo import Pixels

EPOCHS, BATCH, RATE, DECAY = 7, 64, 2e-3, 1e-2


def mask_targets(examples: Sequence[Example], street: Path, grid: int) -> npt.NDArray[np.float32]:
    """(N, grid, grid) in 0..1: how much of each cell of each box its garment's mask covers."""
    labels = json.loads((street / "labels.json").read_text(encoding="utf-8"))
    targets = np.zeros((len(examples), grid, grid), np.float32)
    path, mask = Path(), np.zeros((1, 1), np.uint8)
    for row, example in enumerate(examples):
        wanted = street / "masks" / f"{example.path.stem}.png"
        if wanted != path:
            path, mask = wanted, read_mask(wanted)
        if example.box is None:
            continue
        box = widened(example.box, mask.shape[1], mask.shape[0])
        cut = mask[box.y : box.y + box.h, box.x : box.x + box.w] == labels.index(example.label)
        how = cv2.INTER_AREA if min(cut.shape) >= grid else cv2.INTER_LINEAR
        targets[row] = cv2.resize(cut.astype(np.float32), (grid, grid), interpolation=how)
    return targets.clip(0, 1)


def cut_targets(
    pictures: Iterable[Pixels], grid: int
) -> tuple[npt.NDArray[np.float32], npt.NDArray[np.bool_]]:
    """(N, grid, grid) by GrabCut, and (N) where it is to be believed."""
    targets, believed = [], []
    for pixels in pictures:
        mask = garment_mask(pixels)
        believed.append(mask is not None)
        full = np.zeros((grid, grid)) if mask is None else mask
        small = cv2.resize(full.astype(np.float32), (grid, grid), interpolation=cv2.INTER_AREA)
        targets.append(np.asarray(small, np.float32))
    return np.stack(targets).clip(0, 1), np.array(believed)


def read_mask(path: Path) -> npt.NDArray[np.uint8]:
    """A label index a pixel."""
    mask = cv2.imread(str(path), cv2.IMREAD_UNCHANGED)
    if mask is None:
        raise NoData(path)
    return np.asarray(mask, np.uint8)


def train_saliency(
    place: npt.NDArray[np.float16], targets: npt.NDArray[np.float32], seed: int
) -> Saliency:
    """The probe, trained on `place` (N, C, G, G) against `targets` (N, G, G)."""
    torch.manual_seed(seed)
    maps, wanted = torch.from_numpy(place), torch.from_numpy(targets)
    net = Saliency(maps.shape[1], maps.shape[2])
    _standardise(net, maps)
    optimiser = torch.optim.AdamW(net.parameters(), RATE, weight_decay=DECAY)
    for _ in range(EPOCHS):
        for rows in torch.split(torch.randperm(len(maps)), BATCH):
            x, y = maps[rows].float(), wanted[rows]
            if torch.rand(()) < 0.5:
                x, y = x.flip(3), y.flip(2)
            loss = nn.functional.binary_cross_entropy_with_logits(net(x), y)
            optimiser.zero_grad()
            loss.backward()  # type: ignore[no-untyped-call]  # torch leaves it untyped
            optimiser.step()
    return net.eval()


@torch.inference_mode()
def unlikeness(
    net: Saliency, place: npt.NDArray[np.float16], targets: npt.NDArray[np.float32]
) -> float:
    """Mean cross-entropy a cell, in nats."""
    loss = nn.functional.binary_cross_entropy_with_logits(
        net(torch.from_numpy(place).float()), torch.from_numpy(targets)
    )
    return float(loss)


@torch.no_grad()
def _standardise(net: Saliency, maps: torch.Tensor) -> None:
    """Fold each channel's mean and deviation into the first convolution."""
    sample = maps[:512].float()
    mean, deviation = sample.mean((0, 2, 3)), sample.std((0, 2, 3)) + 1e-3
    first = net.mix[0]
    if not isinstance(first, nn.Conv2d) or first.bias is None:
        raise TypeError("the probe begins with a convolution")
    first.weight.mul_(1 / deviation[None, :, None, None])
    first.bias.copy_(-(first.weight[:, :, 0, 0] * mean).sum(1))
