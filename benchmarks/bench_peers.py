"""The same vectors and queries in other libraries' indexes: recall, build, memory, speed.

Each index is built by one thread and kept in the cache with what its building took; each is then
loaded in a process of its own, so that memory is its own, and asked by one thread.
"""

import json
import resource
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import faiss
import numpy as np
import numpy.typing as npt

from benchmarks.bench_million import TOP, Large, recalls, spec_of
from index.base import Reach
from index.catalogue import vectors_since
from index.database import Database
from index.shelf import Shelf
from vision.embedding import Vector
from vision.spec import EncoderSpec

NEIGHBOURS, BUILD_WIDTH = 16, 128  # usual for a million; HNSW's M and efConstruction
WIDTHS = (16, 32, 64, 128, 256, 512, 1_024, 2_048)
PEERS = ("vistazo", "hnswlib", "usearch f16", "faiss HNSW32 SQ8", "faiss Flat")
Ids = npt.NDArray[np.int64]
Search = Callable[[Vector], Ids]
CHILD = "import sys; from benchmarks.bench_peers import child; child(*sys.argv[1:])"


@dataclass(frozen=True, slots=True)
class Point:
    """One index at one setting."""

    name: str
    setting: str
    recall: float
    recall_pictures: float
    recall_words: float
    queries_per_s: float
    build_s: float
    memory_bytes: int


def run(
    large: Large, spec: EncoderSpec, cache: Path, names: Sequence[str], before: list[dict[str, Any]]
) -> list[dict[str, Any]]:
    """Every point of the peers `names`, beside those of others that are known from `before`; those
    that are not installed are left out and told."""
    found = [point for point in before if point["name"] not in names]
    asked = cache / f"asked-{large.size}.npz"
    np.savez(asked, queries=large.queries, truth=large.truth)
    for name in names:
        done = subprocess.run(
            [sys.executable, "-c", CHILD, name, str(large.folder), str(cache), str(asked)],
            stdout=subprocess.PIPE, text=True, check=False,
        )  # fmt: skip
        if done.returncode:
            print(f"{name} was left out (is it installed? pip install hnswlib usearch)")
            continue
        points = json.loads(done.stdout.splitlines()[-1])
        found += points
        for point in points:
            print(point, flush=True)
    return found


def child(name: str, folder: str, cache: str, asked: str) -> None:
    """Build or load one index, ask it, print its points as JSON."""
    with np.load(asked) as kept:
        queries, truth = kept["queries"], kept["truth"]
    faiss.omp_set_num_threads(1)
    before = _peak_free_bytes()
    points = []
    for setting, search, build_s in OPENERS[name](Path(folder), Path(cache)):
        for query in queries[:50]:
            search(query)
        started = time.process_time()  # a busy machine does not count
        answers = [search(query) for query in queries]
        per_s = len(queries) / (time.process_time() - started)
        pictures, words = recalls(answers, truth)
        points.append(
            Point(name, setting, round((pictures + words) / 2, 4), pictures, words,
                  round(per_s, 1), round(build_s, 1), _peak_free_bytes() - before)
        )  # fmt: skip
    print(json.dumps([asdict(point) for point in points]))


def _peak_free_bytes() -> int:
    """What this process holds now, mapped pages that it touched included."""
    status = Path("/proc/self/status")
    if not status.exists():
        return 1024 * resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    (held,) = [r.split()[1] for r in status.read_text("ascii").splitlines() if r[:6] == "VmRSS:"]
    return 1024 * int(held)


Opened = Iterator[tuple[str, Search, float]]


def _vistazo(folder: Path, cache: Path) -> Opened:
    with Shelf.open(folder, spec_of(folder)) as shelf:
        tiered = shelf._replica.tiered
        base = tiered.base
        assert base is not None
        chosen = base.reach
        for share in (0.125, 0.25, 0.5, 1.0, 2.0, 4.0):
            base.reach = Reach(max(1, int(chosen.probes * share)), chosen.depth)
            mark = " (chosen)" if share == 1.0 else ""
            yield (
                f"probes {base.reach.probes}{mark}",
                lambda q: tiered.search_among(q, TOP, None)[0],
                float(base.facts["processor_s"]),
            )


def _hnswlib(folder: Path, cache: Path) -> Opened:
    import hnswlib

    ids, vectors, dimension = _everything(folder)
    index = hnswlib.Index("ip", dimension)
    path = cache / f"hnswlib-{folder.name}.bin"
    if not path.exists():
        index.init_index(len(ids), M=NEIGHBOURS, ef_construction=BUILD_WIDTH, random_seed=1)
        _timed(path, lambda: index.add_items(vectors(), ids, num_threads=1))
        index.save_index(str(path))
        index = hnswlib.Index("ip", dimension)
    index.load_index(str(path))
    index.set_num_threads(1)
    for width in WIDTHS:
        index.set_ef(width)
        yield (
            f"ef {width}",
            lambda q: index.knn_query(q[None], TOP)[0][0].astype(np.int64),
            _took(path),
        )


def _usearch(folder: Path, cache: Path) -> Opened:
    from usearch.index import Index

    ids, vectors, dimension = _everything(folder)
    settings = {"ndim": dimension, "metric": "ip", "dtype": "f16", "connectivity": NEIGHBOURS}
    path = cache / f"usearch-{folder.name}.bin"
    if not path.exists():
        building = Index(**settings, expansion_add=BUILD_WIDTH)
        _timed(path, lambda: building.add(ids, vectors(), threads=1))
        building.save(str(path))
        del building
    index = Index(**settings)
    index.load(str(path))
    for width in WIDTHS:
        index.expansion_search = width
        yield (
            f"expansion {width}",
            lambda q: index.search(q, TOP, threads=1).keys.astype(np.int64),
            _took(path),
        )


def _faiss_hnsw(folder: Path, cache: Path) -> Opened:
    ids, vectors, dimension = _everything(folder)
    path = cache / f"faiss-hnsw-{folder.name}.bin"
    if not path.exists():
        index = faiss.index_factory(dimension, "HNSW32,SQ8", faiss.METRIC_INNER_PRODUCT)
        faiss.downcast_index(index).hnsw.efConstruction = BUILD_WIDTH

        def build() -> None:
            everything = vectors()
            index.train(everything[:: max(1, len(ids) // 50_000)])
            index.add(everything)

        _timed(path, build)
        faiss.write_index(index, str(path))
        del index
    loaded = faiss.read_index(str(path))
    for width in WIDTHS:
        wide = faiss.SearchParametersHNSW(efSearch=width)
        yield (
            f"efSearch {width}",
            lambda q, wide=wide: ids[loaded.search(q[None], TOP, params=wide)[1][0]],
            _took(path),
        )


def _faiss_flat(folder: Path, cache: Path) -> Opened:
    ids, vectors, dimension = _everything(folder)
    flat = faiss.IndexFlatIP(dimension)
    started = time.perf_counter()
    flat.add(vectors())
    yield "exact", lambda q: ids[flat.search(q[None], TOP)[1][0]], time.perf_counter() - started


OPENERS: dict[str, Callable[[Path, Path], Opened]] = {
    "vistazo": _vistazo, "hnswlib": _hnswlib, "usearch f16": _usearch,
    "faiss HNSW32 SQ8": _faiss_hnsw, "faiss Flat": _faiss_flat,
}  # fmt: skip


def _everything(folder: Path) -> tuple[Ids, Callable[[], npt.NDArray[np.float32]], int]:
    """Picture ids, a reader of all their vectors (let go of after building), their dimension."""
    database = Database(folder)
    with database.reading() as connection:
        ids = np.array(
            [row[0] for row in connection.execute("SELECT id FROM pictures ORDER BY id")]
        )
        (dimension,) = connection.execute("SELECT dimension FROM shop").fetchone()
    database.close()

    def read() -> npt.NDArray[np.float32]:
        database = Database(folder)
        with database.reading() as connection:
            found = np.empty((len(ids), dimension), np.float32)
            at = 0
            for _, _, vectors in vectors_since(connection, 0, dimension):
                found[at : at + len(vectors)] = vectors
                at += len(vectors)
        database.close()
        return found

    return ids.astype(np.int64), read, dimension


def _timed(path: Path, build: Callable[[], object]) -> None:
    """Build, and note the processor's time it took: a busy machine does not count."""
    started = time.process_time()
    build()
    path.with_suffix(".json").write_text(json.dumps({"build_s": time.process_time() - started}))


def _took(path: Path) -> float:
    return float(json.loads(path.with_suffix(".json").read_text())["build_s"])
