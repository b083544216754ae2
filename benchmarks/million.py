"""A million made products: vectors, filters, peers, and the plot of them.

    python -m benchmarks million [vectors filters peers plot] [--size 1000000] [--cache DIR]
    python -m benchmarks million peers plot --peers hnswlib    # others' points stay as they are

Everything that takes long is kept in the cache folder and not made twice: the real embeddings (20
minutes of one core), the shop (5), its base (5), each peer's index (an hour of one core together).
Results go to benchmarks/results/million-*.json; `plot` draws docs/pictures/pareto.svg from them.
"""

import argparse
import json
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

from benchmarks import bench_filters, bench_million, bench_peers, pareto
from benchmarks.real_points import RealPoints, real_points
from benchmarks.result_files import RESULTS, ROOT, save
from index.shelf import Shelf
from models.registry import load_card
from vision.encoder import OnnxEncoder
from vision.spec import EncoderSpec

STAGES = ("vectors", "filters", "peers", "plot")
FILTER_QUERIES = 100


def main(arguments: list[str]) -> None:
    """Run the named stages, or all."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks million", description=__doc__)
    parser.add_argument("stages", nargs="*", help=f"which of {', '.join(STAGES)}; all by default")
    parser.add_argument("--size", type=int, default=1_000_000, help="products")
    parser.add_argument("--rounds", type=int, default=100, help="pairs timed against Flat")
    parser.add_argument("--cache", type=Path, default=ROOT / ".cache" / "bench" / "million")
    parser.add_argument("--space", help="of embeddings kept for an earlier model; by default ours")
    parser.add_argument("--peers", help=f"which of {', '.join(bench_peers.PEERS)}; all by default")
    args = parser.parse_args(arguments)
    spec: EncoderSpec = load_card(ROOT / "models" / "builtin").spec
    encoder = OnnxEncoder(spec, threads=1)
    if args.space:
        spec = replace(spec, space=args.space)
    if unknown := set(args.stages) - set(STAGES):
        parser.error(f"no stage is named {', '.join(sorted(unknown))}")
    stages = args.stages or STAGES
    if set(stages) != {"plot"}:
        real = real_points(encoder, spec.space, args.cache, args.cache / "drawn")
        large = bench_million.prepare(args.cache, spec, real, args.size)
    if "vectors" in stages:
        _save("vectors", args.size, bench_million.run(large, spec, real, args.rounds))
    if "filters" in stages:
        _save("filters", args.size, _filters(large.folder, spec, real))
    if "peers" in stages:
        names = args.peers.split(",") if args.peers else bench_peers.PEERS
        if unknown := set(names) - set(bench_peers.PEERS):
            parser.error(f"no peer is named {', '.join(sorted(unknown))}")
        _save("peers", args.size, bench_peers.run(large, spec, args.cache, names, _peers(args)))
    if "plot" in stages:
        pareto.draw(_peers(args), ROOT / "docs" / "pictures" / "pareto.svg", args.size)


def _filters(folder: Path, spec: EncoderSpec, real: RealPoints) -> list[dict[str, object]]:
    queries = bench_million.some_queries(real)[:FILTER_QUERIES]
    with Shelf.open(folder, spec) as shelf:
        return [asdict(one) for one in bench_filters.run(folder, shelf, queries)]


def _peers(args: argparse.Namespace) -> list[dict[str, Any]]:
    """The points that were measured so far."""
    path = _path("peers", args.size)
    found: list[dict[str, Any]] = (
        json.loads(path.read_text("utf-8"))["result"] if path.exists() else []
    )
    return found


def _path(name: str, size: int) -> Path:
    sized = "" if size == 1_000_000 else f"-{size}"
    return RESULTS / f"million-{name}{sized}.json"


def _save(name: str, size: int, result: object) -> None:
    save(_path(name, size).stem, result)
