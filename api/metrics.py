"""The figures of `vistazo eval`: pure functions of judged queries, defined once for everybody.

Ranking figures are means over the answerable queries, with binary relevance (Järvelin and
Kekäläinen 2002 for nDCG); refusal and calibration have their own denominators. A figure without a
single query to stand on is None, never 0.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

CALIBRATION_BINS = 15
CUT = 10
"""precision@10 and nDCG@10 look at ten hits; precision divides by ten even in a smaller shop."""

Numbers = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Judged:
    """One query after its search.

    `found`: for each hit, best first, whether it was expected. `relevant`: how many products of
    the catalogue were expected. `probability`: the first hit's, None where there was no hit (an
    unreadable query: it counts as missed). `answerable` is False for `none` rows.
    """

    answerable: bool
    found: tuple[bool, ...]
    relevant: int
    refused: bool
    probability: float | None
    exact: float | None = None
    """The first hit's probability of being the very product; None unless that was asked for (the
    expectation names products one by one) and the model tells it."""


def recall_at(found: Sequence[bool], k: int) -> float:
    """1 when at least one of the first `k` hits was expected, else 0."""
    return float(any(found[:k]))


def precision_at(found: Sequence[bool], k: int) -> float:
    """The share of expected hits among the first `k`, missing hits counted as wrong."""
    return sum(found[:k]) / k


def ndcg_at(found: Sequence[bool], relevant: int, k: int) -> float:
    """Discounted gain of the first `k` hits over that of the best order of `relevant` products."""
    best = min(relevant, k)
    if best == 0:
        return 0.0
    discounts = 1.0 / np.log2(np.arange(2, k + 2))
    gains = np.zeros(k)
    gains[: len(found[:k])] = found[:k]
    return float(gains @ discounts / discounts[:best].sum())


def reciprocal_rank(found: Sequence[bool]) -> float:
    """1 / rank of the first expected hit, 0 when there is none."""
    return next((1.0 / rank for rank, hit in enumerate(found, start=1) if hit), 0.0)


def calibration_error(probabilities: Numbers, correct: Numbers, bins: int) -> float:
    """Expected calibration error over bins of equal mass (Nguyen and O'Connor 2015), in [0, 1].

    `probabilities` and `correct` (0 or 1) are paired, at least one pair. Equal probabilities keep
    their order, so the figure is the same in every run.
    """
    order = np.argsort(probabilities, kind="stable")
    error = 0.0
    for part in np.array_split(order, bins):
        if len(part):
            error += len(part) * abs(probabilities[part].mean() - correct[part].mean())
    return float(error / len(order))


Figure = Callable[[npt.NDArray[np.intp]], float]


def figures(judged: Sequence[Judged]) -> dict[str, tuple[Figure, int]]:
    """Each figure by name, as a function of the indices (into its own rows) that it is taken over,
    and how many rows it has; `exact_ece` only where the very product was asked for. Handing in
    resampled indices gives a bootstrap replicate."""
    answerable = [j for j in judged if j.answerable]
    absent = [j for j in judged if not j.answerable]
    scored = [j for j in judged if j.probability is not None]
    means: dict[str, list[float]] = {
        "recall@1": [recall_at(j.found, 1) for j in answerable],
        "recall@5": [recall_at(j.found, 5) for j in answerable],
        "recall@10": [recall_at(j.found, 10) for j in answerable],
        "precision@10": [precision_at(j.found, CUT) for j in answerable],
        "ndcg@10": [ndcg_at(j.found, j.relevant, CUT) for j in answerable],
        "mrr": [reciprocal_rank(j.found) for j in answerable],
        "refused_rightly": [float(j.refused) for j in absent],
        "refused_wrongly": [float(j.refused) for j in answerable],
    }
    table = {name: (_mean_of(values), len(values)) for name, values in means.items()}
    probabilities = np.array([j.probability for j in scored], np.float64)
    correct = np.array([bool(j.found) and j.found[0] for j in scored], np.float64)

    def ece(rows: npt.NDArray[np.intp]) -> float:
        return calibration_error(probabilities[rows], correct[rows], CALIBRATION_BINS)

    named = [j for j in judged if j.exact is not None]
    very = np.array([j.exact for j in named], np.float64)
    met = np.array([bool(j.found) and j.found[0] for j in named], np.float64)

    def exact_ece(rows: npt.NDArray[np.intp]) -> float:
        return calibration_error(very[rows], met[rows], CALIBRATION_BINS)

    table["ece"] = (ece, len(scored))
    return table | ({"exact_ece": (exact_ece, len(named))} if named else {})


def _mean_of(values: list[float]) -> Figure:
    array = np.array(values, np.float64)
    return lambda rows: float(array[rows].mean())


def measure(judged: Sequence[Judged]) -> dict[str, float | None]:
    """Every figure over all its rows; None where it has none."""
    return {
        name: figure(np.arange(rows)) if rows else None
        for name, (figure, rows) in figures(judged).items()
    }


def intervals(
    judged: Sequence[Judged], *, chance: np.random.Generator, resamples: int = 1000
) -> dict[str, list[float] | None]:
    """95 % percentile bootstrap intervals [low, high] (Efron 1979), queries resampled."""
    result: dict[str, list[float] | None] = {}
    for name, (figure, rows) in figures(judged).items():
        if not rows:
            result[name] = None
            continue
        replicates = [figure(chance.integers(0, rows, rows)) for _ in range(resamples)]
        low, high = np.percentile(replicates, [2.5, 97.5])
        result[name] = [float(low), float(high)]
    return result


def percentiles_ms(latencies_ms: Sequence[float]) -> dict[str, float | None]:
    """p50, p95 and p99 of `latencies_ms`; None each when there are none."""
    if not latencies_ms:
        return {"p50": None, "p95": None, "p99": None}
    p50, p95, p99 = np.percentile(latencies_ms, [50, 95, 99])
    return {"p50": float(p50), "p95": float(p95), "p99": float(p99)}
