"""Times every candidate on this machine, in turn, and chooses the fastest that passes its gate."""

import time
from collections.abc import Sequence
from dataclasses import dataclass
from statistics import median
from typing import Final

import numpy as np

from models.candidates import Candidate
from models.closeness import Parity, Vectors, compare
from models.gate import complaint
from vision.encoder import OUTPUT
from vision.engines import open_engine
from vision.errors import BadModel, EncoderBroken
from vision.session import Arrays, Run

BATCH: Final = 16
WARM_UP: Final = 2


@dataclass(frozen=True, slots=True)
class Weighed:
    """A candidate with its figures. `refused` says why it may not be published, None when it may.

    `one_ms`: median of a run on one input; `per_s`: inputs a second in batches of 16; 0 when it
    did not run at all.
    """

    candidate: Candidate
    parity: Parity | None
    refused: str | None
    one_ms: float
    per_s: float


def weigh(
    candidates: Sequence[Candidate],
    inputs: Arrays,
    *,
    threads: int,
    rounds: int,
    reference: Vectors | None = None,
) -> list[Weighed]:
    """Gate and time `candidates` on `inputs` (equal numbers of rows in each array).

    The reference is what the first candidate answers, unless given. They take turns in every
    round, so that a busy moment of the machine meets all alike.
    """
    runs: dict[str, Run] = {}
    answers: dict[str, Vectors] = {}
    broken: dict[str, str] = {}
    for candidate in candidates:
        try:
            run = open_engine(candidate.engine, candidate.graph, output=OUTPUT, threads=threads)
            answers[candidate.name] = _all(run, inputs)
            runs[candidate.name] = run
        except (BadModel, EncoderBroken) as error:
            broken[candidate.name] = str(error)
    wanted = answers[candidates[0].name] if reference is None else reference
    times = _take_turns(runs, inputs, rounds)
    return [
        Weighed(c, None, broken[c.name], 0.0, 0.0)
        if c.name in broken
        else _weighed(c, wanted, answers[c.name], *times[c.name])
        for c in candidates
    ]


def best(weighed: Sequence[Weighed]) -> Weighed:
    """The fastest on one input among those that passed; raises ValueError when none did."""
    passed = [w for w in weighed if w.refused is None]
    if not passed:
        reasons = "; ".join(f"{w.candidate.name}: {w.refused}" for w in weighed)
        raise ValueError(f"no candidate passed its gate: {reasons}")
    return min(passed, key=lambda w: w.one_ms)


def table(weighed: Sequence[Weighed]) -> list[dict[str, object]]:
    """The figures as plain values, as the model's card keeps them."""
    return [
        {
            "name": w.candidate.name,
            "engine": w.candidate.engine,
            "one_ms": round(w.one_ms, 2),
            "per_s": round(w.per_s, 1),
            "megabytes": round(w.candidate.graph.stat().st_size / 1e6, 1),
            "lowest_cosine": None if w.parity is None else round(w.parity.lowest, 5),
            "centred_cosine": None if w.parity is None else round(w.parity.centred, 5),
            "agreement": None if w.parity is None else round(w.parity.agreement, 4),
            "refused": w.refused,
        }
        for w in weighed
    ]


def _weighed(c: Candidate, wanted: Vectors, found: Vectors, one: float, per_s: float) -> Weighed:
    parity = compare(wanted, found)
    return Weighed(c, parity, complaint(c.precision, parity), one, per_s)


def _all(run: Run, inputs: Arrays) -> Vectors:
    count = len(next(iter(inputs.values())))
    return np.concatenate([run(_rows(inputs, i, BATCH)) for i in range(0, count, BATCH)])


def _rows(inputs: Arrays, start: int, count: int) -> Arrays:
    return {name: array[start : start + count] for name, array in inputs.items()}


def _take_turns(
    runs: dict[str, Run], inputs: Arrays, rounds: int
) -> dict[str, tuple[float, float]]:
    count = len(next(iter(inputs.values())))
    one: dict[str, list[float]] = {name: [] for name in runs}
    many: dict[str, list[float]] = {name: [] for name in runs}
    for i in range(rounds + WARM_UP):
        for name, run in runs.items():
            one[name].append(_seconds(run, _rows(inputs, i % count, 1)))
            if i % 4 == 0:
                many[name].append(_seconds(run, _rows(inputs, 0, BATCH)))
    return {
        name: (median(one[name][WARM_UP:]) * 1000, min(BATCH, count) / median(many[name]))
        for name in runs
    }


def _seconds(run: Run, inputs: Arrays) -> float:
    start = time.perf_counter()
    run(inputs)
    return time.perf_counter() - start
