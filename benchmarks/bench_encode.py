"""The built-in encoder's image tower: its ONNX graph against torch with the same weights."""

import time
from collections.abc import Callable

import numpy as np

from benchmarks.pairing import Pairing, pair
from vision.encoder import OnnxEncoder
from vision.photo import Pixels
from vision.spec import EncoderSpec


def run(
    squares: Pixels,
    spec: EncoderSpec,
    torch_towers: dict[str, Callable[[Pixels], object]],
    rounds: int,
) -> list[Pairing]:
    """Pair one-picture latency with each torch reference (eager, compiled) at equal threads."""
    found = []
    for threads in (1, 2):
        encoder = OnnxEncoder(spec, threads=threads)
        for name, tower in torch_towers.items():
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


def bare_throughput(spec: EncoderSpec, squares: Pixels, seconds: float, cores: int) -> float:
    """Pictures a second of the encoder alone: the better of one wide lane and a lane per core."""
    return max(
        _throughput(OnnxEncoder(spec, threads=cores), squares, seconds / 2, 1),
        _throughput(OnnxEncoder(spec, threads=1, lanes=cores), squares, seconds / 2, cores),
    )


def _throughput(encoder: OnnxEncoder, squares: Pixels, seconds: float, workers: int) -> float:
    from concurrent.futures import ThreadPoolExecutor

    batch = np.ascontiguousarray(squares[:16])
    stop_at = time.perf_counter() + seconds

    def work() -> int:
        done = 0
        while time.perf_counter() < stop_at:
            encoder.pictures(batch)
            done += len(batch)
        return done

    start = time.perf_counter()
    with ThreadPoolExecutor(workers) as pool:
        total = sum(f.result() for f in [pool.submit(work) for _ in range(workers)])
    return total / (time.perf_counter() - start)
