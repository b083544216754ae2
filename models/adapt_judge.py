"""Whether an adapted model finds more than the one it came from, on products that it never saw."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt

from models.adapt_lens import Floats, unit

Hits = npt.NDArray[np.float64]
DRAWS = 1000
LOSS = 0.01
"""A figure that falls by more than a point is a loss even where its interval holds zero."""


@dataclass(frozen=True, slots=True)
class Eyes:
    """One model's vectors of a shop: `pictures` (N, D) clean, first pictures first by product;
    `products` (M, D) as the shop holds them (first picture and title)."""

    pictures: Floats
    products: Floats
    bare: Floats


@dataclass(slots=True)
class Evidence:
    """Paired hits (before, after) of each figure, and the articles that a bootstrap draws whole."""

    before: dict[str, list[Hits]] = field(default_factory=dict)
    after: dict[str, list[Hits]] = field(default_factory=dict)
    groups: dict[str, list[str]] = field(default_factory=dict)

    def add(self, figure: str, before: Hits, after: Hits, groups: Sequence[str]) -> None:
        """More judged queries of `figure`."""
        if len(before):
            self.before.setdefault(figure, []).append(before)
            self.after.setdefault(figure, []).append(after)
            self.groups.setdefault(figure, []).extend(groups)

    def figures(self, seed: int) -> dict[str, dict[str, Any]]:
        """For each figure: before, after, gain and its 95 % interval (paired, articles drawn)."""
        return {name: self._figure(name, seed) for name in self.before}

    def gains(self) -> dict[str, float]:
        """The mean gain of each figure."""
        return {
            name: float(np.concatenate(self.after[name]).mean() - np.concatenate(held).mean())
            for name, held in self.before.items()
        }

    def _figure(self, name: str, seed: int) -> dict[str, Any]:
        before, after = np.concatenate(self.before[name]), np.concatenate(self.after[name])
        _, numbers = np.unique(self.groups[name], return_inverse=True)
        counts = np.bincount(numbers)
        drawn = np.random.default_rng(seed).integers(0, len(counts), (DRAWS, len(counts)))
        sizes = counts[drawn].sum(1)

        def spread(hits: Hits) -> list[float]:
            means = np.bincount(numbers, weights=hits)[drawn].sum(1) / sizes
            return [round(float(v), 4) for v in np.percentile(means, [2.5, 97.5])]

        return {
            "queries": len(before),
            "before": round(float(before.mean()), 4), "before_interval": spread(before),
            "after": round(float(after.mean()), 4), "after_interval": spread(after),
            "gain": round(float((after - before).mean()), 4),
            "gain_interval": spread(after - before),
        }  # fmt: skip


def losses(figures: dict[str, dict[str, Any]]) -> list[str]:
    """The figures that fell: by more than LOSS, or with an interval wholly under zero."""
    return [
        name for name, held in figures.items()
        if held["gain"] < -LOSS or held["gain_interval"][1] < 0
    ]  # fmt: skip


def first_is(queries: Floats, gallery: Floats, right: npt.NDArray[np.intp]) -> Hits:
    """1 where the nearest of `gallery` is the row `right`."""
    return np.asarray((queries @ gallery.T).argmax(1) == right, np.float64)


def first_alike(
    queries: Floats, gallery: Floats, values: npt.NDArray[np.str_], rows: npt.NDArray[np.intp],
    groups: npt.NDArray[np.str_],
) -> Hits:  # fmt: skip
    """1 where the nearest product of another article has the value of product `rows[i]`."""
    scores = queries @ gallery.T
    scores[groups[rows][:, None] == groups[None]] = -2.0
    return np.asarray(values[scores.argmax(1)] == values[rows], np.float64)


def share_of_first(queries: Floats, gallery: Floats, fits: npt.NDArray[np.bool_]) -> Hits:
    """For each query the share of fitting products, (Q, M), among as many first hits as fit, ten at
    the most."""
    order = np.argsort(-(queries @ gallery.T), axis=1, kind="stable")
    found = np.take_along_axis(fits, order, 1)
    most = np.minimum(fits.sum(1), 10)
    return np.array([row[:n].mean() for row, n in zip(found, most, strict=True)], np.float64)


def with_titles(pictures: Floats, titles: Floats, weight: float) -> Floats:
    """Products as the shop holds them."""
    return unit(np.asarray(pictures + np.float32(weight) * titles, np.float32))
