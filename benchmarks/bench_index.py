"""The shelf's search against a bare FAISS Flat index over the same vectors."""

import statistics
import time
from pathlib import Path

import faiss
import numpy as np

from benchmarks.pairing import Pairing, pair
from index.query import Query
from index.shelf import Shelf
from vision.embedding import Embedding, unit
from vision.spec import EncoderSpec

TOP = 20


def open_ms(shop: Path, spec: EncoderSpec, runs: int = 9) -> float:
    """Median milliseconds to open the shop's index, up to ready for a search."""
    times = []
    for _ in range(runs):
        start = time.perf_counter()
        Shelf.open(shop, spec).close()
        times.append((time.perf_counter() - start) * 1000)
    return statistics.median(times)


def run(shop: Path, spec: EncoderSpec, queries: list[Embedding], rounds: int) -> list[Pairing]:
    """Pair `Shelf.search` (vectors, products, folding, facets) with Flat's bare search."""
    faiss.omp_set_num_threads(1)
    with Shelf.open(shop, spec) as shelf:
        flat = faiss.IndexFlatIP(spec.dimension)
        rng = np.random.default_rng(0)
        # as many vectors as the shop has products: Flat costs the same wherever they lie
        flat.add(rng.standard_normal((len(shelf), spec.dimension)).astype(np.float32))
        found = pair(
            f"search among {len(shelf):,} products",
            lambda i: shelf.search(Query(queries[i % len(queries)], "picture", top=TOP)),
            lambda i: flat.search(queries[i % len(queries)].vector[None], TOP),
            "FAISS Flat alone",
            rounds,
            warm_up=5,
        )
    return [found]


def some_queries(spec: EncoderSpec, count: int) -> list[Embedding]:
    """Random directions of the space."""
    rng = np.random.default_rng(1)
    vectors = rng.standard_normal((count, spec.dimension)).astype(np.float32)
    return [Embedding(unit(v), spec.space) for v in vectors]
