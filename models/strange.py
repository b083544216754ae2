"""Measures "nothing like this": which queries a shop is too unfamiliar with (torch).

The margin is chosen where all that is asked is there: phone snaps and garments cut from street
photos, asked of two sorts of shop that ship (half of the held-out pictures, by the other half;
luma). It is measured on the large catalogue, whole and in small shops drawn from it, with whole
departments and single kinds absent.
"""

import zlib
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

REFUSED_WRONGLY = 0.03
FEW = 5  # of so many pictures of a kind a shop is said to have it
PERSONS = ("snaps", "street")
SMALL_SHOPS = (1000, 300, 60)
Floats = npt.NDArray[np.float64]


@dataclass(slots=True)
class Strangeness:
    """Familiarities by what they say: `present` by the shop and the sort of picture they were
    fitted on, `measured` by what was measured (present, street, far, near, the same of small
    shops)."""

    present: dict[str, list[Floats]] = field(default_factory=dict)
    measured: dict[str, list[Floats]] = field(default_factory=dict)

    def add_present(self, where: str, familiar: Floats) -> None:
        """More of what a fitting shop has."""
        self.present.setdefault(where, []).append(familiar)

    def margin(self) -> float:
        """Where REFUSED_WRONGLY of what a shop has is refused, in the mean of the fitting shops and
        sorts of picture: they lie farther apart (-.5 to .5) than any cure of the scale could bring
        them, and the strictest alone lets everything through elsewhere."""
        fitted = [np.concatenate(parts) for parts in self.present.values()]
        return float(np.mean([np.quantile(familiar, REFUSED_WRONGLY) for familiar in fitted]))

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


def fit_strange(
    kinds: Kinds, held: Sequence[Example], asked: torch.Tensor, names: Sequence[str],
    luma: torch.Tensor, luma_names: Sequence[str], found: Strangeness,
) -> None:  # fmt: skip
    """The held-out pictures `asked` (N, D) of kinds `names` ("" where unknown), asked of shops that
    have their kind: of the other half of themselves, and of `luma` (L, D) of `luma_names`."""
    named, sources = np.array(names), np.array([e.source for e in held])
    half = np.array([zlib.crc32(f"half {e.group}".encode()) % 2 for e in held], bool)
    clothes = np.isin(sources, PERSONS) & (named != "")
    for source in PERSONS:
        mine = clothes & (sources == source)
        for side in (half, ~half):
            has = np.isin(named, often(named[clothes & side]))
            vectors = asked[torch.from_numpy(mine & ~side & has)]
            shop = asked[torch.from_numpy(clothes & side)]
            found.add_present(f"half, {source}", familiarities(kinds, shop, vectors))
        has = np.isin(named, often(np.array(luma_names)))
        vectors = asked[torch.from_numpy(mine & has)]
        found.add_present(f"luma, {source}", familiarities(kinds, luma, vectors))


def often(names: npt.NDArray[np.str_]) -> list[str]:
    """The kinds that occur FEW times."""
    kinds, counts = np.unique(names[names != ""], return_counts=True)
    return [str(kind) for kind, count in zip(kinds, counts, strict=True) if count >= FEW]


def measure_strange(
    kinds: Kinds, snaps: torch.Tensor, labels: Sequence[str], street: torch.Tensor,
    street_kinds: Sequence[str], far: torch.Tensor, market: Rack, title_weight: float,
    judge: Judge, found: Strangeness,
) -> None:  # fmt: skip
    """Snaps (S, D) of `labels`, garments (G, D) cut from street photos, and pictures of other
    departments, asked of the catalogue."""
    products = market.products(title_weight)
    sorts = np.array([e.label.split("/")[-1] for e in market.examples])
    for mark, rows in _shops(len(sorts)):
        shop, here = products[rows], sorts[rows]
        has = {k: np.isin(here, t) for k, t in judge.rules["types"].items()}
        there = np.array([bool(has[label].any()) for label in labels])
        _add(found, f"present{mark}", familiarities(kinds, shop, snaps[there]))
        answers = [judge.rules["kind_types"].get(kind, []) for kind in street_kinds]
        here_too = np.array([bool(np.isin(here, types).any()) for types in answers])
        _add(found, f"street{mark}", familiarities(kinds, shop, street[here_too]))
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
