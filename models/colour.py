"""Colour inside the graph: the garment's Lab histogram, softly binned (torch; workshop only).

Soft bins (each pixel shares itself among the centres near it) keep the histogram steady when the
light shifts a little; the root of it (Hellinger) keeps one large area from drowning the rest.
"""

from collections.abc import Sequence

import cv2
import numpy as np
import torch
from torch import nn

LIGHTNESS_SAY = 0.6  # exposure moves L more than a* and b*: a phone's shadow is no other colour
BIN_WIDTH = 7.0  # ΔE at which a pixel's share of a bin has fallen to exp(-1/2)
FARTHEST = -60.0  # exp of it: a share that counts for nothing


TO_XYZ = (
    (0.4124564 / 0.95047, 0.3575761 / 0.95047, 0.1804375 / 0.95047),
    (0.2126729, 0.7151522, 0.0721750),
    (0.0193339 / 1.08883, 0.1191920 / 1.08883, 0.9503041 / 1.08883),
)
"""Linear sRGB → CIE XYZ, the D65 white being 1."""
TO_LAB = ((0.0, 116.0, 0.0), (500.0, -500.0, 0.0), (0.0, 200.0, -200.0))
DARKEST = 16.0  # of L*, before anything is seen


def lab(rgb: torch.Tensor) -> torch.Tensor:
    """sRGB in 0..1, (..., 3) → CIE L*a*b* (D65), (..., 3)."""
    return planes_lab(rgb.reshape(-1, 3).T).T.reshape(rgb.shape)


def planes_lab(rgb: torch.Tensor) -> torch.Tensor:
    """sRGB planes in 0..1, (..., 3, P) → CIE L*a*b* planes.

    Planes, because a graph's kernels stride over P at full width but over 3 one by one; powers are
    written as exp and log, which have wide kernels where Pow has none (98 µs of a picture's 10 ms).
    """
    bright = torch.exp(2.4 * torch.log((rgb + 0.055) / 1.055))
    linear = torch.where(rgb <= 0.04045, rgb / 12.92, bright)
    xyz = torch.tensor(TO_XYZ) @ linear
    roots = torch.exp(torch.log(xyz.clamp_min(1e-6)) / 3.0)
    f = torch.where(xyz > 0.008856, roots, 7.787 * xyz + 16 / 116)
    return torch.tensor(TO_LAB) @ f - torch.tensor([[DARKEST], [0.0], [0.0]])


def bent(colours: torch.Tensor) -> torch.Tensor:
    """Lab in the metric of the bins: lightness counts less."""
    return colours * torch.tensor([LIGHTNESS_SAY, 1.0, 1.0])


def palette(seen: Sequence[Sequence[int]], named: Sequence[str], count: int) -> torch.Tensor:
    """`count` bin centres in bent Lab: k-means over garments' colours (sRGB) and named shades
    (hex), both counting alike, so that rare bright colours get bins of their own."""
    hexes = [[int(text[i : i + 2], 16) for i in (0, 2, 4)] for text in named]
    often = hexes * max(1, len(seen) // len(hexes))
    points = bent(lab(torch.tensor([*map(list, seen), *often]) / 255.0)).numpy()
    cv2.setRNGSeed(0)
    enough = (cv2.TERM_CRITERIA_EPS + cv2.TERM_CRITERIA_MAX_ITER, 100, 0.01)
    how = cv2.KMEANS_PP_CENTERS
    _, _, centres = cv2.kmeans(points, count, np.empty(0, np.int32), enough, 4, how)
    return torch.from_numpy(np.asarray(centres, np.float32))


class SoftBins(nn.Module):
    """Planes (N, 3, P) of bent Lab and weights (N, P) that sum to 1 → root histogram (N, K)."""

    centres: torch.Tensor

    def __init__(self, centres: torch.Tensor) -> None:
        super().__init__()
        self.register_buffer("centres", centres)

    def forward(self, planes: torch.Tensor, weights: torch.Tensor) -> torch.Tensor:
        """Each pixel shares itself among the bins by exp(-|x - c|² / 2 BIN_WIDTH²)."""
        # |x - c|² as one product of (x, 1, |x|²) and (c, |c|², 1); the clamp keeps numbers out that
        # are so small that processors add them slowly: both together took 70 µs for 255
        points = torch.cat(
            [planes, torch.ones_like(planes[:, :1]), -0.5 * (planes * planes).sum(1, True)], 1
        )
        whole = torch.ones_like(self.centres[:, :1])
        halves = -0.5 * (self.centres**2).sum(-1, keepdim=True)
        table = torch.cat([self.centres, halves, whole], -1) / BIN_WIDTH**2
        near = (points.transpose(1, 2) @ table.T).clamp_min(FARTHEST)
        filled = weights[:, None, :] @ torch.softmax(near, -1)
        return torch.sqrt(filled.flatten(1) + 1e-6)
