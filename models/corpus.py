"""The training material in memory: pictures as the gaze saw them, captions as MiniLM read them."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import numpy.typing as npt
import torch

from models.captions import Caption, Wordings
from models.colour import SoftBins, bent, lab
from models.examples import Example

Ints = npt.NDArray[np.int64]
CLOUD = (5.0, 6.0, 6.0)  # ΔL (bent), Δa, Δb: how far cloth of one named colour strays
CLOUD_POINTS = 200


@dataclass(frozen=True, slots=True)
class Pictures:
    """R renditions of N examples: `features` (R, N, D), `histograms` (R, N, K); `kinds` (N) index
    the corpus's kinds, -1 where unknown."""

    examples: Sequence[Example]
    features: torch.Tensor
    histograms: torch.Tensor
    kinds: Ints

    def only(self, chosen: npt.NDArray[np.bool_]) -> "Pictures":
        """The examples where `chosen` (N) is true."""
        at = torch.from_numpy(np.flatnonzero(chosen))
        rows = [e for e, keep in zip(self.examples, chosen, strict=True) if keep]
        return replace(
            self, examples=rows, features=self.features[:, at],
            histograms=self.histograms[:, at], kinds=self.kinds[chosen],
        )  # fmt: skip


@dataclass(frozen=True, slots=True)
class Texts:
    """M captions: sentence `vectors` (M, 384), `kinds` and `colours` (M), -1 where none is named;
    `shades` (C, K) are the root histograms that the named colours stand for."""

    vectors: torch.Tensor
    kinds: Ints
    colours: Ints
    shades: torch.Tensor


class Choices:
    """For each key 0 … n-1 a set of rows, from which one is drawn for many keys at once."""

    def __init__(self, keys: Ints, rows: Ints, count: int) -> None:
        order = np.argsort(keys, kind="stable")
        self._rows = rows[order]
        self._sizes = np.bincount(keys, minlength=count)
        self._starts = np.concatenate([[0], np.cumsum(self._sizes)[:-1]])

    def draw(self, keys: Ints, rng: np.random.Generator) -> Ints:
        """One row for each key; every key must have at least one."""
        steps = (rng.random(len(keys)) * self._sizes[keys]).astype(np.int64)
        drawn: Ints = self._rows[self._starts[keys] + steps]
        return drawn


def read_texts(
    captions: Sequence[Caption],
    vectors: npt.NDArray[np.float32],
    wordings: Wordings,
    bins: SoftBins,
) -> Texts:
    """Captions with what they name as numbers, and the colours as histograms."""
    kinds, colours = sorted(wordings.kinds), sorted(wordings.colours)
    return Texts(
        torch.from_numpy(vectors),
        np.array([kinds.index(c.kind) if c.kind else -1 for c in captions]),
        np.array([colours.index(c.colour) if c.colour else -1 for c in captions]),
        torch.stack([shade(wordings.colours[c], bins) for c in colours]),
    )


@torch.inference_mode()
def shade(hexes: Sequence[str], bins: SoftBins) -> torch.Tensor:
    """The root histogram (K) of cloth in these sRGB shades: a cloud of colours around each."""
    points = torch.Generator().manual_seed(1)
    clouds = []
    for text in hexes:
        rgb = torch.tensor([int(text[i : i + 2], 16) / 255 for i in (0, 2, 4)])
        noise = torch.randn(CLOUD_POINTS, 3, generator=points)
        clouds.append(bent(lab(rgb)) + noise * torch.tensor(CLOUD))
    cloud = torch.cat(clouds)
    histogram: torch.Tensor = bins(cloud.T[None], torch.full((1, len(cloud)), 1 / len(cloud)))
    return histogram[0]


def draw_chances(pictures: Pictures, shares: dict[str, float]) -> npt.NDArray[np.float64]:
    """How often each example is drawn: sources by `shares`, rare kinds more than their number
    (by its root), so that six hundred t-shirts do not outvote sixty skirts."""
    keys: list[tuple[Any, ...]] = [
        (e.source, int(k)) for e, k in zip(pictures.examples, pictures.kinds, strict=True)
    ]
    counts: dict[tuple[Any, ...], int] = {}
    for key in keys:
        counts[key] = counts.get(key, 0) + 1
    totals: dict[str, float] = {}
    for (source, _), count in counts.items():
        totals[source] = totals.get(source, 0.0) + count**0.5
    chances = np.array([shares[k[0]] / totals[k[0]] / counts[k] ** 0.5 for k in keys])
    return np.asarray(chances / chances.sum(), np.float64)


def sku_keys(examples: Sequence[Example]) -> Ints:
    """A number a product: the same for all its pictures; every snap is a product of its own."""
    names = [f"{e.source}/{e.sku}" if e.sku else f"{e.source}/{e.key}" for e in examples]
    _, numbers = np.unique(names, return_inverse=True)
    return np.asarray(numbers, np.int64)
