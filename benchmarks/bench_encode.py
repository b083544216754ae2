"""The built-in encoder's image tower: its ONNX graph against torch with the same weights, and its
speed alone: one picture on one core and on all, many in batches on all."""

import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import numpy as np

from benchmarks.pairing import Pairing, Spread, pair, spread
from vision.encoder import OnnxEncoder
from vision.photo import Pixels
from vision.spec import EncoderSpec

BATCHES = (4, 16)  # small ones stay in a core's own cache, large ones save calls


@dataclass(frozen=True, slots=True)
class Speeds:
    """One picture's milliseconds on one core and on `cores`, `fastest` among them (what a busy
    machine cannot hide), and pictures a second in batches on `cores`."""

    cores: int
    one_core: Spread
    one_core_fastest_ms: float
    all_cores: Spread
    all_cores_fastest_ms: float
    batched_per_s: float

    def line(self) -> str:
        """The speeds in a sentence."""
        return (
            f"one picture: {self.one_core.median:.2f} ms on one core (fastest "
            f"{self.one_core_fastest_ms:.2f}), {self.all_cores.median:.2f} on {self.cores} "
            f"(fastest {self.all_cores_fastest_ms:.2f}); "
            f"{self.batched_per_s:.0f} a second in batches"
        )


def speeds(spec: EncoderSpec, squares: Pixels, rounds: int, seconds: float, cores: int) -> Speeds:
    """The tower alone, one core and all cores in turn."""
    encoders = {n: OnnxEncoder(spec, threads=n) for n in (1, cores)}
    times: dict[int, list[float]] = {n: [] for n in encoders}
    for i in range(4 * rounds):
        for n, encoder in encoders.items():
            start = time.perf_counter()
            encoder.pictures(squares[i % len(squares)][None])
            times[n].append((time.perf_counter() - start) * 1000)
    one, every = times[1], times[cores]
    per_s = bare_throughput(spec, squares, [], seconds, cores)
    return Speeds(cores, spread(one, "ms"), min(one), spread(every, "ms"), min(every), per_s)


def run(
    squares: Pixels,
    spec: EncoderSpec,
    torch_towers: Callable[[int], dict[str, Callable[[Pixels], object]]],
    rounds: int,
) -> list[Pairing]:
    """Pair one-picture latency with each torch reference (eager, compiled) at equal threads."""
    found = []
    for threads in (1, 2):
        encoder = OnnxEncoder(spec, threads=threads)
        for name, tower in torch_towers(threads).items():
            found.append(
                pair(
                    f"encode one picture, {threads} thread(s)",
                    lambda i, e=encoder: e.pictures(squares[i % len(squares)][None]),
                    lambda i, t=tower: t(squares[i % len(squares)][None]),
                    f"torch {name}, same weights in fp32",
                    rounds,
                    warm_up=5,
                )
            )
    return found


def bare_throughput(
    spec: EncoderSpec, squares: Pixels, titles: list[str], seconds: float, cores: int
) -> float:
    """Products a second of the encoder alone, a picture and (if any are given) a title each: the
    best of one wide lane and a lane per core, in smaller and larger batches."""
    ways = [(cores, 1), (1, cores)]
    return max(
        _throughput(
            OnnxEncoder(spec, threads=threads, lanes=lanes), squares[:batch], titles,
            seconds / (len(ways) * len(BATCHES)), lanes,
        )
        for threads, lanes in ways
        for batch in BATCHES
    )  # fmt: skip


def _throughput(
    encoder: OnnxEncoder, squares: Pixels, titles: list[str], seconds: float, workers: int
) -> float:
    batch = np.ascontiguousarray(squares)
    start = time.perf_counter()

    def work(first: int) -> int:
        done = first
        while time.perf_counter() < start + seconds:
            encoder.pictures(batch)
            if titles:
                encoder.words([titles[(done + i) % len(titles)] for i in range(len(batch))])
            done += len(batch)
        return done - first

    with ThreadPoolExecutor(workers) as pool:
        runs = [pool.submit(work, 7919 * worker) for worker in range(workers)]
        total = sum(run.result() for run in runs)
    return total / (time.perf_counter() - start)
