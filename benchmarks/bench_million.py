"""A million products: recall, time against FAISS Flat, memory, and opening, by one thread.

    python -m benchmarks million [--size 1000000] [--cache DIR]

Queries are half pictures (phone snaps and held-out products, bare) and half words (held-out
titles). The truth is every float32 vector of the catalogue compared.
"""

import json
import resource
import statistics
import subprocess
import sys
import time
from dataclasses import dataclass, replace
from pathlib import Path

import faiss
import numpy as np
import numpy.typing as npt

from benchmarks import large_vectors
from benchmarks.bench_filters import halves
from benchmarks.large_shop import make_shop
from benchmarks.pairing import Pairing, pair
from benchmarks.real_points import Points, RealPoints
from index.catalogue import vectors_since
from index.database import Database
from index.kept import find_note
from index.manifest import read_manifest
from index.query import Query
from index.shelf import Shelf
from vision.embedding import Embedding
from vision.spec import EncoderSpec

TOP = 10
QUERIES = 800
SEED = 17
CHILD = """
import sys, time
started = time.perf_counter()
import numpy as np
from benchmarks.bench_million import child
child(sys.argv[1], sys.argv[2], sys.argv[3], started)
"""


@dataclass(frozen=True, slots=True, eq=False)
class Large:
    """A large shop, queries to it (pictures and words in turn) and their true ten nearest."""

    folder: Path
    size: int
    queries: Points
    truth: npt.NDArray[np.int64]


def prepare(cache: Path, spec: EncoderSpec, real: RealPoints, size: int) -> Large:
    """Make, or find in `cache`, the shop of `size` products, its base and the truth."""
    folder = make_shop(cache / f"shop-{size}-{spec.space}", spec, real, size)
    if find_note(folder) is None:
        started = time.monotonic()
        subprocess.run([sys.executable, "-m", "index.founding", str(folder)], check=True)
        print(f"the base was made in {time.monotonic() - started:.0f} s", flush=True)
    queries = some_queries(real)
    kept = folder / f"truth-{len(queries)}.npy"
    if not kept.exists():
        np.save(kept, _truth(folder, queries))
    return Large(folder, size, queries, np.load(kept))


def spec_of(folder: Path) -> EncoderSpec:
    """The built-in model's facts, in the space of the shop in `folder`."""
    from models.registry import load_card

    spec: EncoderSpec = load_card(Path(__file__).parents[1] / "models" / "builtin").spec
    return replace(spec, space=read_manifest(folder).space)


def some_queries(real: RealPoints) -> Points:
    """Up to QUERIES, drawn from the held-out ones, always the same."""
    chance = np.random.default_rng(SEED)
    most = min(QUERIES // 2, len(real.picture_queries), len(real.words_queries))
    chosen = [
        points[chance.choice(len(points), most, replace=False)]
        for points in (real.picture_queries, real.words_queries)
    ]
    return halves(chosen[0], chosen[1], 2 * most)


def _truth(folder: Path, queries: Points) -> npt.NDArray[np.int64]:
    """The picture ids of the ten nearest of each query, every float32 vector compared."""
    scores = np.empty((len(queries), 0), np.float32)
    ids = np.empty((len(queries), 0), np.int64)
    database = Database(folder)
    with database.reading() as connection:
        for pictures, _, vectors in vectors_since(connection, 0, queries.shape[1]):
            scores = np.concatenate((scores, queries @ vectors.T), axis=1)
            ids = np.concatenate((ids, np.broadcast_to(pictures, (len(queries), len(pictures)))), 1)
            top = np.argpartition(-scores, TOP, axis=1)[:, :TOP]
            scores = np.take_along_axis(scores, top, 1)
            ids = np.take_along_axis(ids, top, 1)
    database.close()
    return ids


def flat_of(folder: Path, dimension: int) -> "faiss.IndexIDMap":
    """FAISS Flat over the catalogue's vectors, under their pictures' ids."""
    flat = faiss.IndexIDMap(faiss.IndexFlatIP(dimension))
    database = Database(folder)
    with database.reading() as connection:
        for pictures, _, vectors in vectors_since(connection, 0, dimension):
            flat.add_with_ids(vectors, pictures)
    database.close()
    return flat


def recalls(
    found: list[npt.NDArray[np.int64]], truth: npt.NDArray[np.int64]
) -> tuple[float, float]:
    """Recall@10 of picture queries and of words, which take turns."""
    shares = [len(np.intersect1d(f, t)) / TOP for f, t in zip(found, truth, strict=True)]
    return round(statistics.fmean(shares[::2]), 4), round(statistics.fmean(shares[1::2]), 4)


def run(large: Large, spec: EncoderSpec, real: RealPoints, rounds: int) -> dict[str, object]:
    """Everything but the peers, as plain values; prints as it goes."""
    found: dict[str, object] = {"products": large.size, "dimensions": _dimensions(real, spec)}
    with Shelf.open(large.folder, spec) as shelf:
        tiered = shelf._replica.tiered
        assert tiered.base is not None
        found["base"] = tiered.base.facts
        answers = [tiered.search_among(q, TOP, None)[0] for q in large.queries]
        found["recall_pictures"], found["recall_words"] = recalls(answers, large.truth)
        print({name: found[name] for name in ("recall_pictures", "recall_words")}, flush=True)
        found["against_flat"] = _against_flat(large, spec, shelf, rounds)
    found["memory_bytes"] = {
        kind: _child(large, spec, kind)["resident_bytes"] for kind in ("lists", "flat")
    }
    found["opening"] = [_child(large, spec, "opening") for _ in range(5)]
    for name in ("memory_bytes", "opening"):
        print(name, found[name], flush=True)
    return found


def _dimensions(real: RealPoints, spec: EncoderSpec) -> dict[str, object]:
    """Intrinsic dimension of the real products and of as many made ones."""
    points = large_vectors.blended(real.own, real.titles, spec.title_weight)
    points = points[::2]  # one view of most products: a twin would hide the second neighbour
    some = np.random.default_rng(SEED).choice(len(points), min(5_000, len(points)), replace=False)
    blocks = large_vectors.made(real, len(some), spec.title_weight)
    invented = np.concatenate([block.vectors for block in blocks])
    told = {
        "real": large_vectors.intrinsic_dimension(points[some]),
        "made": large_vectors.intrinsic_dimension(invented),
        "real_embeddings": len(real.own),
    }
    print(told, flush=True)
    return {name: str(value) for name, value in told.items()}


def _against_flat(large: Large, spec: EncoderSpec, shelf: Shelf, rounds: int) -> dict[str, object]:
    flat, queries, tiered = flat_of(large.folder, spec.dimension), large.queries, shelf._replica

    def ours(n: int) -> None:
        tiered.tiered.search_among(queries[n % len(queries)], TOP, None)

    def theirs(n: int) -> None:
        faiss.omp_set_num_threads(1)
        flat.search(queries[n % len(queries)][None], TOP)

    def whole(n: int) -> None:
        point = Embedding(queries[n % len(queries)], spec.space)
        shelf.search(Query(point, ("picture", "words")[n % 2], top=20))

    vectors = pair(f"vectors among {large.size:,}", ours, theirs, "FAISS Flat", rounds, 20)
    search = pair(f"Shelf.search among {large.size:,}", whole, theirs, "FAISS Flat", rounds, 20)
    print(vectors.line(), search.line(), sep="\n", flush=True)
    return {"vectors": _told(vectors), "search": _told(search)}


def _told(pairing: Pairing) -> dict[str, float]:
    return {
        "ours_median_ms": pairing.ours.median,
        "ours_p99_ms": pairing.ours.p99,
        "flat_median_ms": pairing.reference.median,
        "times_faster": 1 / pairing.ratio,
        "rounds": pairing.ours.runs,
    }


def _child(large: Large, spec: EncoderSpec, kind: str) -> dict[str, float]:
    """What a fresh process says of itself: memory after 200 queries, or how long opening took."""
    asked = large.folder / "asked.npy"
    np.save(asked, large.queries[:200])
    done = subprocess.run(
        [sys.executable, "-c", CHILD, kind, str(large.folder), str(asked)],
        stdout=subprocess.PIPE, check=True, text=True,
    )  # fmt: skip
    told: dict[str, float] = json.loads(done.stdout)
    return told


def child(kind: str, folder: str, asked: str, started: float) -> None:
    """Runs in a process of its own; prints JSON."""
    spec = spec_of(Path(folder))
    queries = np.load(asked)
    before, opening = _resident_bytes(), time.perf_counter()
    if kind == "flat":
        flat = flat_of(Path(folder), spec.dimension)
        for query in queries:
            flat.search(query[None], TOP)
        print(json.dumps({"resident_bytes": _resident_bytes() - before}))
        return
    with Shelf.open(Path(folder), spec) as shelf:
        if kind == "opening":
            shelf.search(Query(Embedding(queries[0], spec.space), top=20))
            ended = time.perf_counter()
            told = {"to_first_answer_s": ended - opening, "with_imports_s": ended - started}
            print(json.dumps(told))
            return
        for query in queries:
            shelf._replica.tiered.search_among(query, TOP, None)
        print(json.dumps({"resident_bytes": _resident_bytes() - before}))


def _resident_bytes() -> int:
    """What this process holds in memory, mapped pages that it touched included."""
    status = Path("/proc/self/status")
    if not status.exists():
        return 1024 * resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    lines = status.read_text("ascii").splitlines()
    (held,) = [line.split()[1] for line in lines if line.startswith("VmRSS:")]
    return 1024 * int(held)
