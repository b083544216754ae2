"""The built-in encoder's image tower: its ONNX graph against torch with the same weights."""

import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import numpy as np

from benchmarks.pairing import Pairing, pair
from vision.encoder import OnnxEncoder
from vision.photo import Pixels
from vision.spec import EncoderSpec

BATCH = 16


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
    better of one wide lane and a lane per core."""
    return max(
        _throughput(OnnxEncoder(spec, threads=cores), squares, titles, seconds / 2, 1),
        _throughput(OnnxEncoder(spec, threads=1, lanes=cores), squares, titles, seconds / 2, cores),
    )


def _throughput(
    encoder: OnnxEncoder, squares: Pixels, titles: list[str], seconds: float, workers: int
) -> float:
    batch = np.ascontiguousarray(squares[:BATCH])
    start = time.perf_counter()

    def work(first: int) -> int:
        done = first
        while time.perf_counter() < start + seconds:
            encoder.pictures(batch)
            if titles:
                encoder.words([titles[(done + i) % len(titles)] for i in range(BATCH)])
            done += BATCH
        return done - first

    with ThreadPoolExecutor(workers) as pool:
        runs = [pool.submit(work, 7919 * worker) for worker in range(workers)]
        total = sum(run.result() for run in runs)
    return total / (time.perf_counter() - start)
