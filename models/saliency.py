"""Where the garment is: a small probe on the tower's map, trained on street masks (torch)."""

import torch
from torch import nn

from models.colour import LIGHTNESS_SAY, planes_lab


def interpolation(coarse: int, fine: int) -> torch.Tensor:
    """(fine, coarse): rows that interpolate linearly between the centres of coarse cells."""
    at = (torch.arange(fine) + 0.5) * coarse / fine - 0.5
    distance = (at[:, None] - torch.arange(coarse)[None]).abs()
    rows = (1 - distance).clamp_min(0)
    return rows / rows.sum(1, keepdim=True)


class Saliency(nn.Module):
    """Feature map (N, C, G, G) → logits (N, G, G) that a cell shows the thing meant."""

    def __init__(self, channels: int, grid: int, hidden: int = 32) -> None:
        super().__init__()
        self.mix = nn.Sequential(
            nn.Conv2d(channels, hidden, 1), nn.ReLU(), nn.Conv2d(hidden, hidden, 3, padding=1),
            nn.ReLU(), nn.Conv2d(hidden, 1, 1),
        )  # fmt: skip
        self.prior = nn.Parameter(torch.zeros(grid, grid))

    def forward(self, place: torch.Tensor) -> torch.Tensor:
        prior = 0.5 * (self.prior + self.prior.flip(1))  # left and right are alike
        logits: torch.Tensor = self.mix(place)[:, 0] + prior
        return logits


def border_shares(side: int, width: int = 2) -> torch.Tensor:
    """(side², 1): what each cell says about the border: rows and columns at the edge, corners
    twice."""
    counts = torch.zeros(side, side)
    for edge in (slice(0, width), slice(side - width, side)):
        counts[edge] += 1.0
        counts[:, edge] += 1.0
    return (counts / counts.sum()).reshape(-1, 1)


class Foreground(nn.Module):
    """Per-pixel weights for the colour histogram: saliency, lowered where a pixel looks like the
    picture's border. Thumb (N, T, T, 3) in 0..1 and logits (N, G, G) → (colours, weights)."""

    up: torch.Tensor
    border: torch.Tensor

    def __init__(self, grid: int, thumb: int) -> None:
        super().__init__()
        self.register_buffer("up", interpolation(grid, thumb))
        self.register_buffer("border", border_shares(thumb))
        self.border_say = nn.Parameter(torch.tensor(0.7))

    def forward(
        self, thumb: torch.Tensor, logits: torch.Tensor
    ) -> tuple[torch.Tensor, torch.Tensor]:
        """Planes (N, 3, P) of bent Lab and weights (N, P), P = T²."""
        cells = len(self.border)  # a constant: the graph need not work it out
        colours = planes_lab(thumb.reshape(-1, cells, 3).transpose(1, 2))
        colours = colours * torch.tensor([[LIGHTNESS_SAY], [1.0], [1.0]])
        away = colours - colours @ self.border
        unlike = torch.sqrt((away * away).sum(1) + 1.0) / 20.0
        fine = (self.up @ logits @ self.up.T).flatten(1)
        scores = fine + self.border_say * unlike.clamp(max=2.0)
        return colours, torch.softmax(scores, -1)
