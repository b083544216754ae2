"""Measures "nothing like this": which queries a shop is too unfamiliar with (torch).

The margin is chosen where all that is asked is there, on two shops that ship (the held-out
pictures themselves; luma, asked for the snaps' kinds that it has). It is measured on the large
catalogue, whole and in small shops drawn from it, with whole departments and single kinds absent.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt
import torch

from models.examples import Example
from models.judge import Judge
from models.measure import Rack
from vision.census import Census
from vision.kinds import Kinds

REFUSED_WRONGLY = 0.04  # another shop refuses a little more: .05 became .058
SMALL_SHOPS = (1000, 300, 60)
Floats = npt.NDArray[np.float64]


@dataclass(slots=True)
class Strangeness:
    """Familiarities by what they say: `present` by the shop they were fitted on, `measured` by
    what was measured (present, far, near, and the same of small shops)."""

    present: dict[str, list[Floats]] = field(default_factory=dict)
    measured: dict[str, list[Floats]] = field(default_factory=dict)

    def margin(self) -> float:
        """The largest margin at which no fitting shop refuses more than REFUSED_WRONGLY of what
        it has."""
        shops = [np.concatenate(parts) for parts in self.present.values()]
        return float(min(np.quantile(familiar, REFUSED_WRONGLY) for familiar in shops))

    def figures(self, margin: float) -> dict[str, dict[str, float]]:
        """What is refused at `margin`."""
        found = {}
        for name, parts in self.measured.items():
            familiar = np.concatenate(parts)
            found[name] = {
                "queries": float(len(familiar)),
                "refused": round(float((familiar < margin).mean()), 3),
            }
        return found


def familiarities(kinds: Kinds, shop: torch.Tensor, asked: torch.Tensor) -> Floats:
    """How familiar `shop` (N, D) is with each of `asked` (Q, D)."""
    census = Census.of(kinds, shop.numpy())
    if census is None:
        return np.zeros(0)
    return np.array([census.familiarity(vector) for vector in asked.numpy()])


def measure_strange(
    kinds: Kinds, snaps: torch.Tensor, labels: Sequence[str], far: torch.Tensor,
    market: Rack, title_weight: float, judge: Judge, found: Strangeness,
) -> None:  # fmt: skip
    """Snaps (S, D) of `labels`, and pictures of other departments, asked of the catalogue."""
    products = market.products(title_weight)
    sorts = np.array([e.label.split("/")[-1] for e in market.examples])
    for mark, rows in _shops(len(sorts)):
        shop, here = products[rows], sorts[rows]
        has = {k: np.isin(here, t) for k, t in judge.rules["types"].items()}
        there = np.array([bool(has[label].any()) for label in labels])
        _add(found, f"present{mark}", familiarities(kinds, shop, snaps[there]))
        _add(found, f"far{mark}", familiarities(kinds, shop, far))
        for label in sorted(set(labels)):
            alike = np.array([label == other for other in labels])
            if has[label].any() and not has[label].all():
                without = familiarities(kinds, shop[~has[label]], snaps[alike])
                _add(found, f"near{mark}", without)


def _shops(count: int) -> Iterator[tuple[str, npt.NDArray[np.int64]]]:
    """The whole catalogue, and three small shops of each size."""
    yield "", np.arange(count)
    rng = np.random.default_rng(0)
    for size in SMALL_SHOPS:
        for _ in range(3):
            yield f"_of_{size}", rng.choice(count, size, replace=False)


def _add(found: Strangeness, name: str, familiar: Floats) -> None:
    found.measured.setdefault(name, []).append(familiar)


def kinds_of(examples: Sequence[Example], names: Sequence[str]) -> set[str]:
    """The kinds that a shop of `examples` has, `names` being theirs."""
    return {n for e, n in zip(examples, names, strict=True) if n and e.view == "main"}
