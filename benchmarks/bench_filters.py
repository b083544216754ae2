"""Filtered search in a large shop: recall@10 and time, making the allowed set included.

Shares of the shop from a half to ten products; sets drawn by chance (a range of prices, and `not`
one), sets around the query (its own cluster) and sets far from it (the farthest cluster). Ranges
are new for every query, so nothing of them can have been kept.
"""

import statistics
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from benchmarks.large_shop import CENTRES_NAME
from benchmarks.real_points import Points
from index.filters import Filter, parse_filter
from index.replica import Chosen, Replica
from index.shelf import Shelf
from index.vectors import Ids
from vision.embedding import Vector

TOP = 10
SHARES = (0.5, 0.1, 0.01, 0.001, 0.00001)
FIELDS = {0.5: "c2", 0.1: "c10", 0.01: "c100", 0.001: "c1000", 0.00001: "c1000"}
PRICES = 1_000.0


@dataclass(frozen=True, slots=True)
class Filtered:
    """One kind of filter at one share: `passing` is the median of products that passed,
    `processor_ms` the median of the time on a core, which a busy machine lengthens less."""

    kind: str
    share: float
    passing: int
    recall: float
    median_ms: float
    processor_ms: float
    p99_ms: float
    queries: int


def run(shop: Path, shelf: Shelf, queries: Points) -> list[Filtered]:
    """Every kind at every share, each over all `queries`; the kinds take turns."""
    with np.load(shop / CENTRES_NAME) as kept:
        centres = {name: kept[name] for name in kept.files}
    found = []
    for share in SHARES:
        for kind, filter_of in KINDS.items():
            chance = np.random.default_rng(3)
            asked = [parse_filter(filter_of(share, q, centres, chance)) for q in queries]
            found.append(_measured(shelf, kind, share, queries, asked))
            print(found[-1], flush=True)
    return found


def _measured(
    shelf: Shelf, kind: str, share: float, queries: Points, asked: list[Filter]
) -> Filtered:
    times, busy, recalls, passing = [], [], [], []
    with shelf.database.reading() as connection:
        replica: Replica = shelf._replica
        sequence = replica.catch_up(connection)
        for wanted in asked[:5]:  # masks are kept from now on
            replica.chosen(connection, wanted, sequence)
        for query, wanted in zip(queries, asked, strict=True):
            started, worked = time.perf_counter(), time.thread_time()
            chosen = replica.chosen(connection, wanted, sequence)
            assert chosen is not None
            found = replica.search(query, TOP, chosen, sequence)
            times.append(1e3 * (time.perf_counter() - started))
            busy.append(1e3 * (time.thread_time() - worked))
            assert found is not None
            passing.append(len(chosen))
            recalls.append(_recall(found[0], replica, query, chosen))
    cuts = statistics.quantiles(times, n=100, method="inclusive")
    return Filtered(
        kind, share, int(np.median(passing)), round(float(np.mean(recalls)), 4),
        round(cuts[49], 3), round(statistics.median(busy), 3), round(cuts[98], 3), len(times),
    )  # fmt: skip


def _recall(found: Ids, replica: Replica, query: Vector, chosen: Chosen) -> float:
    exact, _ = replica.tiered.search_among(query, TOP, chosen.among, exact=True)
    return len(np.intersect1d(found, exact)) / len(exact) if len(exact) else 1.0


Centres = dict[str, Points]
FilterOf = Callable[[float, Vector, Centres, np.random.Generator], str]


def _range(share: float, _: Vector, __: Centres, chance: np.random.Generator) -> str:
    start = float(chance.uniform(0, PRICES * (1 - share)))
    return f"price>={start:.4f} price<{start + PRICES * share:.4f}"


def _not_range(share: float, _: Vector, __: Centres, chance: np.random.Generator) -> str:
    start = float(chance.uniform(0, PRICES * share))
    return f"not (price>={start:.4f} price<{start + PRICES * (1 - share):.4f})"


def _near(share: float, query: Vector, centres: Centres, chance: np.random.Generator) -> str:
    field = FIELDS[share]
    return _cluster(share, field, int(np.argmax(centres[field] @ query)), chance)


def _far(share: float, query: Vector, centres: Centres, chance: np.random.Generator) -> str:
    field = FIELDS[share]
    return _cluster(share, field, int(np.argmin(centres[field] @ query)), chance)


def _cluster(share: float, field: str, number: int, chance: np.random.Generator) -> str:
    if share >= 0.001:
        return f"{field}={number}"
    return f"{field}={number} " + _range(0.01, np.empty(0), {}, chance)


KINDS: dict[str, FilterOf] = {
    "a range": _range, "not a range": _not_range, "near the query": _near,
    "far from the query": _far,
}  # fmt: skip


def halves(pictures: Points, words: Points, count: int) -> npt.NDArray[np.float32]:
    """`count` queries, half of each kind, in turn."""
    return np.concatenate(list(_in_turn(pictures[: count // 2], words[: count // 2])))


def _in_turn(pictures: Points, words: Points) -> Iterator[Points]:
    for picture, word in zip(pictures, words, strict=True):
        yield np.stack((picture, word))
