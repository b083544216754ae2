"""Times two ways of doing one thing side by side, so that a noisy machine cannot favour either."""

import statistics
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass


@dataclass(frozen=True, slots=True)
class Spread:
    """Quartiles and tail of one figure, in the unit of `unit`."""

    unit: str
    p25: float
    median: float
    p75: float
    p99: float
    runs: int


@dataclass(frozen=True, slots=True)
class Pairing:
    """Ours against a reference, run in turn. `ratio`: the median of the pairwise ratios."""

    name: str
    ours: Spread
    reference: Spread
    reference_is: str
    ratio: float
    ratio_p25: float
    ratio_p75: float

    def line(self) -> str:
        """The pairing in a sentence."""
        return (
            f"{self.name}: ours {self.ours.median:.2f} {self.ours.unit}, {self.reference_is} "
            f"{self.reference.median:.2f} {self.reference.unit}; ratio {self.ratio:.3f} "
            f"(quartiles {self.ratio_p25:.3f} to {self.ratio_p75:.3f}, {self.ours.runs} pairs)"
        )


def spread(values: list[float], unit: str) -> Spread:
    """Summarise at least two values."""
    cuts = statistics.quantiles(values, n=100, method="inclusive")
    return Spread(unit, cuts[24], cuts[49], cuts[74], cuts[98], len(values))


def pair(
    name: str,
    ours: Callable[[int], object],
    reference: Callable[[int], object],
    reference_is: str,
    rounds: int,
    warm_up: int = 2,
) -> Pairing:
    """Call both with the round's number, in turn, the first one alternating; milliseconds."""
    for i in range(warm_up):
        ours(i)
        reference(i)
    mine: list[float] = []
    theirs: list[float] = []
    for i in range(rounds):
        order = ((ours, mine), (reference, theirs))
        for act, times in order if i % 2 == 0 else order[::-1]:
            start = time.perf_counter()
            act(i)
            times.append((time.perf_counter() - start) * 1000)
    ratios = sorted(a / b for a, b in zip(mine, theirs, strict=True))
    low, middle, high = statistics.quantiles(ratios, n=4, method="inclusive")
    return Pairing(name, spread(mine, "ms"), spread(theirs, "ms"), reference_is, middle, low, high)


def as_json(pairing: Pairing) -> dict[str, object]:
    """The pairing as plain values."""
    return asdict(pairing)
