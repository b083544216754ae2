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


def lab(rgb: torch.Tensor) -> torch.Tensor:
    """sRGB in 0..1, (..., 3) → CIE L*a*b* (D65), (..., 3)."""
    linear = torch.where(rgb <= 0.04045, rgb / 12.92, ((rgb + 0.055) / 1.055).clamp_min(0) ** 2.4)
    to_xyz = torch.tensor(
        [[0.4124564, 0.3575761, 0.1804375], [0.2126729, 0.7151522, 0.0721750],
         [0.0193339, 0.1191920, 0.9503041]]
    )  # fmt: skip
    white = torch.tensor([0.95047, 1.0, 1.08883])
    xyz = linear @ (to_xyz / white[:, None]).T
    f = torch.where(xyz > 0.008856, xyz.clamp_min(1e-6) ** (1 / 3), 7.787 * xyz + 16 / 116)
    lightness = 116 * f[..., 1:2] - 16
    a = 500 * (f[..., 0:1] - f[..., 1:2])
    b = 200 * (f[..., 1:2] - f[..., 2:3])
    return torch.cat([lightness, a, b], -1)


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
    """Colours (N, P, 3) in bent Lab and weights (N, P) that sum to 1 → root histogram (N, K)."""

    centres: torch.Tensor

    def __init__(self, centres: torch.Tensor) -> None:
        super().__init__()
        self.register_buffer("centres", centres)

    def forward(self, colours: torch.Tensor, weights: torch.Tensor) -> torch.Tensor:
        # |x - c|² without |x|², which cancels in the softmax
        near = colours @ self.centres.T - 0.5 * (self.centres**2).sum(-1)
        shares = torch.softmax(near / BIN_WIDTH**2, -1)
        filled = (weights[:, None, :] @ shares)[:, 0]
        return torch.sqrt(filled + 1e-6)
