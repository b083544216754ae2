"""What a boost's strength is worth: how many places a product climbs, from where it stood.

Each search is asked without rules; the product at place 30, 50 or 100 is boosted alone, and asked
for again. Every product is a hit (`unfold`), so that a place is a product. The medians are what
docs/catalogue.md tells merchandisers.
"""

import argparse
import csv
import statistics
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path

from benchmarks import bench_bulk
from benchmarks.bench import Bench
from benchmarks.photos import shared_folder
from benchmarks.result_files import ROOT, save
from index.closer import SURE
from index.hit import Hit
from index.query import Query
from index.rule import Rule
from index.shelf import Shelf
from vision.decode import Limits, decode
from vision.encoder import OnnxEncoder
from vision.preprocess import preprocess

STRENGTHS = (0.02, 0.05, 0.1, 0.2, 0.5, 2.0)
PLACES = (30, 50, 100)
TOP = 120
WORDS = (
    "red shirt", "blue jacket", "black trousers", "a bag for the gym", "yoga", "watch", "shorts",
    "white t-shirt", "green hoodie", "purple tank top", "something warm", "running clothes",
    "orange top", "grey pants", "leggings", "a present",
)  # fmt: skip
Row = dict[str, object]


def main(arguments: list[str]) -> None:
    """`python -m benchmarks boosts`."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks boosts", description=__doc__)
    parser.add_argument("--searches", type=int, default=32, help="half by picture, half by words")
    parser.add_argument("--quick", action="store_true", help="a quarter of them")
    parser.add_argument("--work", type=Path, default=ROOT / ".cache" / "bench")
    args = parser.parse_args(arguments)
    bench = Bench(args.work, args.quick, args)
    shared = shared_folder()
    folder = shared / "catalogues" / "luma" if shared else bench.drawn
    shop = args.work / "boosts"
    bench_bulk.index_s(folder / "catalogue.csv", shop)
    count = args.searches // (8 if args.quick else 2)
    with Shelf.open(shop, bench.spec) as shelf:
        encoder = OnnxEncoder(bench.spec, threads=1)
        queries = [*_by_picture(folder, encoder, count), *_by_words(encoder, count)]
        rows = list(_climbs(shelf, queries))
    table = list(_medians(rows))
    for line in table:
        print(line, flush=True)
    save("boosts", table)


def _by_picture(folder: Path, encoder: OnnxEncoder, count: int) -> Iterator[Query]:
    """By other views of products, where there are any, else by their own pictures."""
    views = folder / "views.csv"
    table = views if views.exists() else folder / "catalogue.csv"
    with table.open(encoding="utf-8", newline="") as lines:
        paths = [folder / row["image"].split("|")[0] for row in csv.DictReader(lines)]
    spec = encoder.spec
    for path in paths[:: max(1, len(paths) // count)][:count]:
        photo = decode(path.read_bytes(), box=None, side_px=spec.size_px, limits=Limits())
        seen = encoder.pictures(preprocess(photo, spec.size_px, spec.resize)[None])[0]
        yield Query(seen, "picture", top=TOP, unfold=True, rules=(), seen=seen)


def _by_words(encoder: OnnxEncoder, count: int) -> Iterator[Query]:
    for words, asked in zip(WORDS[:count], encoder.words(WORDS[:count]), strict=True):
        yield Query(asked, "words", top=TOP, unfold=True, rules=(), text=words)


def _climbs(shelf: Shelf, queries: Sequence[Query]) -> Iterator[Row]:
    for query in queries:
        hits = shelf.search(query).hits
        for place in PLACES:
            if place > len(hits):
                continue
            sku = hits[place - 1].product.sku
            for strength in STRENGTHS:
                rule = Rule("one", "boost", f"sku={sku}", strength=strength)
                moved = shelf.search(replace(query, rules=(rule,))).hits
                after = 1 + [hit.product.sku for hit in moved].index(sku)
                yield {
                    "kind": query.kind, "strength": strength, "from": place, "to": after,
                    "very": _is_very(hits[0]), "passed_it": after == 1,
                }  # fmt: skip


def _is_very(hit: Hit) -> bool:
    return hit.exact is not None and hit.exact >= SURE


def _medians(rows: Sequence[Row]) -> Iterator[Row]:
    groups = Counter((row["kind"], row["strength"], row["from"]) for row in rows)
    for kind, strength, place in groups:
        alike = [
            r for r in rows if (r["kind"], r["strength"], r["from"]) == (kind, strength, place)
        ]
        places = [int(str(row["to"])) for row in alike]
        very = [row for row in alike if row["very"]]
        yield {
            "kind": kind, "strength": strength, "from": place, "searches": len(alike),
            "to": statistics.median(places), "climbed": int(str(place)) - statistics.median(places),
            "very_product_first": len(very), "passed_it": sum(bool(r["passed_it"]) for r in very),
        }  # fmt: skip
