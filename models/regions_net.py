"""The head that proposes the things in a picture from the frozen tower's maps (torch).

Maps are joined from coarse to fine at a cell of 16 px. Every cell says what the pixel at its middle
belongs to, where the box of that thing ends on four sides, and how well it trusts that box (after
FCOS, Tian 2019): cells vote, vision/regions.py counts.
"""

import torch
from torch import nn

from models.regions_tower import TAPS
from vision.regions import CELL_PX, KINDS, SIDE_PX

_HIDDEN = 64
_TYPICAL = 0.12  # of the picture's side: half of a garment's
Found = tuple[torch.Tensor, torch.Tensor, torch.Tensor]


class RegionNet(nn.Module):
    """The maps of TAPS → logits of kinds (N, K, G, G), log distances to the four sides
    (N, 4, G, G) in sides of the picture, logit of the box's quality (N, G, G)."""

    def __init__(self) -> None:
        super().__init__()
        wide = {name: width for name, (_, width, _) in TAPS.items()}
        self.fine = nn.Conv2d(4 * wide["fine"], _HIDDEN, 1)
        self.middle = nn.Conv2d(wide["texture"] + wide["place"], _HIDDEN, 1)
        self.thing = nn.Conv2d(wide["thing"], _HIDDEN, 1)
        self.norms = nn.ModuleList(
            nn.BatchNorm2d(n)
            for n in (4 * wide["fine"], wide["texture"] + wide["place"], wide["thing"])
        )
        self.drops = nn.ModuleList(nn.Dropout2d(share) for share in (0.1, 0.1, 0.2))
        self.whole = nn.Linear(_HIDDEN, _HIDDEN)
        self.coarse = nn.Sequential(_Mix(), _Mix())
        self.joined = nn.Sequential(_Mix(), _Mix())
        self.looks, self.bounds = _Mix(), _Mix()
        grid = SIDE_PX // CELL_PX
        self.place = nn.Parameter(torch.zeros(1, _HIDDEN, grid, grid))
        self.kinds = nn.Conv2d(_HIDDEN, len(KINDS), 1)
        self.sides = nn.Conv2d(_HIDDEN, 4, 1)
        self.trust = nn.Conv2d(_HIDDEN, 1, 1)
        nn.init.constant_(self.kinds.bias, -4.0)  # type: ignore[arg-type]  # it has one

    def forward(
        self, fine: torch.Tensor, texture: torch.Tensor, place: torch.Tensor, thing: torch.Tensor
    ) -> Found:
        taken = nn.functional.pixel_unshuffle(fine, 2), torch.cat([texture, place], 1), thing
        fine, middle, coarse = (
            across(drop(norm(taps)))
            for across, drop, norm, taps in zip(
                (self.fine, self.middle, self.thing), self.drops, self.norms, taken, strict=True
            )
        )
        scene = self.whole(nn.functional.relu(coarse).mean((2, 3)))
        coarse = self.coarse(coarse + scene[:, :, None, None])
        above = nn.functional.interpolate(coarse, scale_factor=2.0, mode="nearest")
        joined = self.joined(nn.functional.relu(fine + middle + above + self.place))
        looks, bounds = self.looks(joined), self.bounds(joined)
        return self.kinds(looks), self.sides(bounds), self.trust(bounds)[:, 0]


class _Mix(nn.Module):
    """Looks around (5 × 5 a channel), then across channels; what came in is kept beside."""

    def __init__(self) -> None:
        super().__init__()
        self.around = nn.Conv2d(_HIDDEN, _HIDDEN, 5, padding=2, groups=_HIDDEN)
        self.norm = nn.BatchNorm2d(_HIDDEN)
        self.across = nn.Conv2d(_HIDDEN, _HIDDEN, 1)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return nn.functional.relu(x + self.across(nn.functional.relu(self.norm(self.around(x)))))


class Votes(nn.Module):
    """What is exported: `votes` (N, G × G, K + 4), each kind's confidence and the box (left, top,
    right, bottom) in sides of the picture, of every cell."""

    def __init__(self, net: RegionNet) -> None:
        super().__init__()
        self.net = net

    def forward(
        self, fine: torch.Tensor, texture: torch.Tensor, place: torch.Tensor, thing: torch.Tensor
    ) -> torch.Tensor:
        kinds, sides, trust = self.net(fine, texture, place, thing)
        sure = torch.sqrt(kinds.sigmoid() * trust.sigmoid()[:, None])
        return torch.cat([sure, boxes_of(sides)], 1).flatten(2).transpose(1, 2)


def boxes_of(sides: torch.Tensor) -> torch.Tensor:
    """(N, 4, G, G) log distances → left, top, right, bottom in sides of the picture."""
    grid = SIDE_PX // CELL_PX
    at = (torch.arange(grid, dtype=torch.float32) + 0.5) / grid
    x, y = at[None, :].expand(grid, grid), at[:, None].expand(grid, grid)
    away = sides.clamp(-6, 2.2).exp() * _TYPICAL
    return torch.stack([x - away[:, 0], y - away[:, 1], x + away[:, 2], y + away[:, 3]], 1)


def region_loss(
    found: Found, kind: torch.Tensor, box: torch.Tensor, weight: torch.Tensor
) -> torch.Tensor:
    """Focal for kinds (Lin 2017), generalised IoU for boxes (Rezatofighi 2019), and the trust.

    `kind` (N, G, G): 0 nothing, 1 to K, -1 not to be learned from. `box` (N, 4, G, G). `weight`
    (N, G, G): how much a cell counts, so that a coat of 200 cells does not drown a hat of six.
    """
    logits, sides, trust = found
    known = (kind >= 0)[:, None]
    wanted = nn.functional.one_hot(kind.clamp_min(0), len(KINDS) + 1)[..., 1:]
    wanted = wanted.permute(0, 3, 1, 2).float()
    plain = nn.functional.binary_cross_entropy_with_logits(logits, wanted, reduction="none")
    missed = (wanted - logits.sigmoid()) ** 2
    share = torch.where(wanted > 0, weight[:, None], torch.full_like(plain, 0.25))
    total = weight.sum().clamp_min(1.0)
    focal = (share * missed * plain * known).sum() / total
    here = kind > 0
    overlap, general = _overlaps(
        boxes_of(sides).permute(0, 2, 3, 1)[here], box.permute(0, 2, 3, 1)[here]
    )
    at = weight[here]
    away = ((1 - general) * at).sum() / total
    sure = nn.functional.binary_cross_entropy_with_logits(
        trust[here], overlap.detach(), reduction="none"
    )
    return focal + away + 0.3 * (sure * at).sum() / total


def _overlaps(a: torch.Tensor, b: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
    """IoU and generalised IoU of boxes (M, 4), pairwise."""
    inner = (torch.minimum(a[:, 2:], b[:, 2:]) - torch.maximum(a[:, :2], b[:, :2])).clamp_min(0)
    outer = torch.maximum(a[:, 2:], b[:, 2:]) - torch.minimum(a[:, :2], b[:, :2])
    both = inner.prod(1)
    either = (a[:, 2:] - a[:, :2]).prod(1) + (b[:, 2:] - b[:, :2]).prod(1) - both
    around = outer.prod(1).clamp_min(1e-6)
    overlap = both / either.clamp_min(1e-6)
    return overlap, overlap - (around - either) / around
