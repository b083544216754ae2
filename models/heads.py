"""The trained part: light heads that turn what the towers see and read into one space (torch).

Space: `kind` (what it is; pictures and words meet here), `instance` (which one it is; pictures
only), `colour` (the garment's Lab histogram, turned; words fill it with the colour they name).
"""

from dataclasses import dataclass

import torch
from torch import nn

from models.colour import SoftBins
from models.saliency import Foreground, Saliency

KIND, INSTANCE, COLOUR = 256, 128, 64
DROPOUT = 0.5  # of the features; .2 and fewer steps found another view 3 points less often

PULL, PULL_TEMPERATURE = 1.0, 0.1
"""A colder pull (.07, .05) found a snap's kind 1 point more often and the very product 2 less."""


def unit(x: torch.Tensor) -> torch.Tensor:
    """Rows at length 1. Not functional.normalize, which leaves three nodes more in a graph."""
    length: torch.Tensor = torch.linalg.vector_norm(x, dim=-1, keepdim=True)
    return x / length.clamp_min(1e-12)


@dataclass(frozen=True, slots=True)
class Seen:
    """What the frozen part gives the heads for a batch: (N, seen) and root histograms (N, K)."""

    features: torch.Tensor
    histogram: torch.Tensor


class Gaze(nn.Module):
    """Tower maps and thumb → Seen: mean features, those attended to, the garment's colours."""

    def __init__(self, saliency: Saliency, foreground: Foreground, bins: SoftBins) -> None:
        super().__init__()
        self.saliency, self.foreground, self.bins = saliency, foreground, bins

    def forward(
        self, texture: torch.Tensor, place: torch.Tensor, thing: torch.Tensor, thumb: torch.Tensor
    ) -> Seen:
        """`texture` (N, 88), `thing` (N, 1280) are means, `place` is a map; `thumb` is in 0..1."""
        logits = self.saliency(place)
        attention = torch.softmax(logits.flatten(1), -1)
        cells = self.saliency.prior.numel()
        meant = (place.reshape(-1, place.shape[1], cells) @ attention[..., None]).flatten(1)
        colours, weights = self.foreground(thumb, logits)
        features = torch.cat([thing, texture, meant], -1)
        return Seen(features, self.bins(colours, weights))


class PictureHead(nn.Module):
    """Seen → (kind, instance, colour), each of unit length."""

    mean: torch.Tensor
    deviation: torch.Tensor
    histogram_mean: torch.Tensor

    def __init__(self, seen: Seen) -> None:
        super().__init__()
        wide = seen.features.shape[1]
        self.register_buffer("mean", seen.features.mean(0))
        self.register_buffer("deviation", seen.features.std(0) + 1e-3)
        self.register_buffer("histogram_mean", seen.histogram.mean(0))
        self.kind = nn.Linear(wide, KIND)
        self.instance = nn.Linear(wide, INSTANCE)
        self.colour = nn.Linear(seen.histogram.shape[1], COLOUR, bias=False)
        nn.init.eye_(self.colour.weight)
        self.dropout = nn.Dropout(DROPOUT)

    def forward(self, seen: Seen) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
        x = ((seen.features - self.mean) / self.deviation).clamp(-6, 6)
        return (
            unit(self.kind(self.dropout(x))),
            unit(self.instance(self.dropout(x))),
            self.colour_of(seen.histogram),
        )

    def colour_of(self, histogram: torch.Tensor) -> torch.Tensor:
        """A root histogram's place in the colour block."""
        return unit(self.colour(histogram - self.histogram_mean))


class WordsHead(nn.Module):
    """A sentence vector (N, 384) → (kind, colour) of unit length, and how much it speaks of each
    (N, 2), 0..1."""

    def __init__(self, width: int = 384, hidden: int = 512) -> None:
        super().__init__()
        self.body = nn.Sequential(nn.Linear(width, hidden), nn.GELU(), nn.Dropout(0.1))
        self.kind = nn.Linear(hidden, KIND)
        self.straight = nn.Linear(width, KIND)
        self.colour = nn.Linear(hidden, COLOUR)
        self.say = nn.Linear(hidden, 2)

    def forward(self, text: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
        x = self.body(text)
        kind = unit(self.kind(x) + self.straight(text))
        return kind, unit(self.colour(x)), self.say(x)


class KindPull(nn.Module):
    """A picture head whose kind is drawn towards the named kinds it resembles.

    Adds the softmax-weighted mean of the kinds' word vectors to the picture's own, as query
    expansion does with pseudo-relevant terms. Out of sample, at the same shares, snaps found their
    kind 1.6 points more often among bare pictures and 1.7 among titled products; another view of
    the same thing was found .8 more and, among titled products, 1.7 less often (120 queries).
    """

    def __init__(self, head: nn.Module, kinds: torch.Tensor) -> None:
        super().__init__()
        self.head = head
        self.register_buffer("kinds", kinds)  # (K, KIND), unit

    def forward(self, seen: Seen) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
        """kind, instance, colour: unit each, as the head's own."""
        kind, instance, colour = self.head(seen)
        kinds = self.get_buffer("kinds")
        weights = torch.softmax(kind @ kinds.T / PULL_TEMPERATURE, -1)
        return unit(kind + PULL * (weights @ kinds)), instance, colour


def picture_vector(
    kind: torch.Tensor, instance: torch.Tensor, colour: torch.Tensor, shares: dict[str, float]
) -> torch.Tensor:
    """The blocks side by side, each with its share of the squared length 1."""
    total = sum(shares.values())
    roots = {name: (share / total) ** 0.5 for name, share in shares.items()}
    return torch.cat(
        [kind * roots["kind"], instance * roots["instance"], colour * roots["colour"]], -1
    )


def words_vector(
    kind: torch.Tensor, colour: torch.Tensor, say: torch.Tensor, shares: dict[str, float]
) -> torch.Tensor:
    """What the words speak of, at length 1; nothing in `instance`: words name no single piece."""
    amount = torch.sigmoid(say) + 1e-3
    k = kind * amount[:, :1] * shares["kind"] ** 0.5
    c = colour * amount[:, 1:] * shares["colour"] ** 0.5
    silent = kind[:, :INSTANCE] * 0  # not torch.zeros: its length would be frozen at export
    return unit(torch.cat([k, silent, c], -1))
