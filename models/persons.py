"""The net that finds heads, of any direction: whoever stands there, nothing of a face (torch).

EfficientNet-Lite2's first five stages (ImageNet; Apache-2.0), joined at a cell of 8 px: a map of
where heads are, and one of how large. It sees hair, hats and shoulders from all sides, so that
somebody who turns her back is counted as well.
"""

from typing import Any

import torch
from torch import nn

WIDTH_PX, HEIGHT_PX, CELL_PX = 320, 192, 8
_FINE_BLOCK, _COARSE_BLOCK = 6, 14  # ends of stages 3 (48 channels, 8 px) and 5 (120, 16 px)
FROZEN_BLOCKS = 7
_HIDDEN = 64


class HeadFinder(nn.Module):
    """uint8 RGB (N, 192, 320, 3) → chance (N, 24, 40) that a head's middle is in a cell, and its
    height there as a natural logarithm of cells."""

    def __init__(self, lite: Any) -> None:
        super().__init__()
        self.stem, self.norm = lite._conv_stem, lite._bn0
        self.blocks = nn.ModuleList(list(lite._blocks)[: _COARSE_BLOCK + 1])
        self.coarse = nn.Conv2d(120, _HIDDEN, 1)
        self.fine = nn.Conv2d(48, _HIDDEN, 1)
        self.mix = nn.Sequential(
            nn.ReLU(), nn.Conv2d(_HIDDEN, _HIDDEN, 3, padding=1, groups=_HIDDEN),
            nn.Conv2d(_HIDDEN, _HIDDEN, 1), nn.ReLU(),
            nn.Conv2d(_HIDDEN, _HIDDEN, 5, padding=4, dilation=2, groups=_HIDDEN),
            nn.Conv2d(_HIDDEN, _HIDDEN, 1), nn.ReLU(),
        )  # fmt: skip
        self.out = nn.Conv2d(_HIDDEN, 2, 1)
        nn.init.constant_(self.out.bias, -4.0)  # type: ignore[arg-type]  # it has one

    def forward(self, pixels: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        x = (pixels.permute(0, 3, 1, 2).float() - 127.0) / 128.0
        with torch.no_grad():  # the first stages stay ImageNet's: they cost the most to train
            x = nn.functional.relu6(self.norm(self.stem(x)))
            for block in self.blocks[:FROZEN_BLOCKS]:
                x = block(x)
        fine = x
        for number, block in enumerate(self.blocks[FROZEN_BLOCKS:], FROZEN_BLOCKS):
            x = block(x)
            if number == _FINE_BLOCK:
                fine = x
        coarse = nn.functional.interpolate(
            self.coarse(x), size=(HEIGHT_PX // CELL_PX, WIDTH_PX // CELL_PX), mode="nearest"
        )
        found = self.out(self.mix(coarse + self.fine(fine)))
        return found[:, 0], found[:, 1]


class Peaks(nn.Module):
    """What is exported: the chance is kept in the cells where it is highest around, else 0."""

    def __init__(self, finder: HeadFinder) -> None:
        super().__init__()
        self.finder = finder

    def forward(self, pixels: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        logits, size = self.finder(pixels)
        chance = logits.sigmoid()
        highest = nn.functional.max_pool2d(chance[:, None], 3, stride=1, padding=1)[:, 0]
        return chance * (chance >= highest).float(), size


def finder_loss(
    logits: torch.Tensor, size: torch.Tensor, heat: torch.Tensor, sizes: torch.Tensor
) -> torch.Tensor:
    """CenterNet's (Zhou 2019): focal on the map, absolute error of the size in heads' middles."""
    chance = logits.sigmoid().clamp(1e-5, 1 - 1e-5)
    middle = heat >= 0.999
    hit = -((1 - chance) ** 2) * chance.log() * middle
    miss = -((1 - heat) ** 4) * chance**2 * (1 - chance).log() * ~middle
    count = middle.sum().clamp_min(1)
    apart = ((size - sizes).abs() * middle).sum()
    return (hit.sum() + miss.sum() + 0.2 * apart) / count
