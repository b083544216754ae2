"""Durable updates while searches run: `python -m benchmarks writes`.

Sixteen writers change prices, stocks and whole products (vector given), each waiting for its
acknowledgement; fifty searches a second arrive by the clock, whether or not the last has ended, so
that a stall is counted for everybody who came during it. Quiet and busy stretches take turns. The
writers keep to 550 updates a second in all, then they write as fast as they can; they sit once in
another process on the same shop, once in the process that searches. Then: how long after an
acknowledgement in one process a search in another one finds the change.
"""

import argparse
import itertools
import json
import random
import shutil
import subprocess
import sys
import threading
import time
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.result_files import RESULTS, ROOT, save
from index.entry import Entry, SeenPicture
from index.filters import parse_filter
from index.flip import Flip
from index.product import Picture, Product
from index.query import Query
from index.shelf import Shelf
from models.registry import load_card
from vision.embedding import Embedding, unit
from vision.spec import EncoderSpec

WRITERS = 16
SEARCHES_PER_S = 50
RATE = 550.0  # what is asked of the writers: a tenth over the 500 that they must reach
SEARCHERS = 4
PROBES = 50
AT_ONCE = 500


@dataclass(frozen=True, slots=True)
class Written:
    """Updates a second, and how long a writer waited for its acknowledgement."""

    per_s: float
    ack_p50_ms: float
    ack_p99_ms: float


def spec() -> EncoderSpec:
    """The built-in model's space, without titles: vectors are given."""
    return replace(load_card(ROOT / "models" / "builtin").spec, title_weight=0.0)


def product_of(n: int, draw: random.Random) -> Product:
    """A product as a fashion shop has them."""
    return Product(
        f"p{n}", title=f"Bag number {n}", price=float(draw.randrange(5, 500)), currency="EUR",
        brand=f"Brand {n % 80}", categories=("Gear/Bags",), colour=f"colour {n % 12}",
        stock=draw.randrange(50), attributes={"season": ("Fall",), "usage": (f"use {n % 9}",)},
    )  # fmt: skip


def point(drawn: np.random.Generator, of: EncoderSpec) -> Embedding:
    """A drawn embedding."""
    return Embedding(unit(drawn.standard_normal(of.dimension).astype(np.float32)), of.space)


def picture_of(n: int) -> Picture:
    """The picture that a product is written with; its file is not needed."""
    return Picture(f"p{n}", 0, f"/pictures/{n}.jpg", f"{n:064x}", f"{n}")


def fill(folder: Path, products: int) -> None:
    """A shop of so many products, made once."""
    done = folder / f"filled-{products}"
    if done.exists():
        return
    shutil.rmtree(folder, ignore_errors=True)
    draw, drawn, of = random.Random(1), np.random.default_rng(1), spec()
    with Shelf.open(folder, of, create=True) as shelf:
        for start in range(0, products, AT_ONCE):
            shelf.write([
                Entry(product_of(n, draw), (SeenPicture(picture_of(n), point(drawn, of)),))
                for n in range(start, min(start + AT_ONCE, products))
            ])  # fmt: skip
        shelf.save_cache()
    done.touch()


def write_for(shelf: Shelf, products: int, seconds: float, seed: int, rate: float) -> Written:
    """Sixteen writers for so long, `rate` updates a second in all (0: as fast as they can)."""
    waits: list[list[float]] = [[] for _ in range(WRITERS)]
    began = time.perf_counter()

    def write(who: int) -> None:
        draw, drawn = random.Random(seed * 100 + who), np.random.default_rng([seed, who])
        for count in itertools.count():
            due = began + (count + who / WRITERS) * WRITERS / rate if rate else 0.0
            time.sleep(max(0.0, due - time.perf_counter()))
            started = time.perf_counter()
            if started > began + seconds:
                return
            n = draw.randrange(products)
            act = draw.randrange(3)
            if act == 0:
                shelf.flip(Flip(f"p{n}", price=draw.uniform(5, 500)))
            elif act == 1:
                shelf.flip(Flip(f"p{n}", stock=draw.randrange(10**6)))
            else:
                shelf.put(product_of(n, draw), [picture_of(n)], [point(drawn, shelf.spec)])
            waits[who].append(time.perf_counter() - started)

    threads = [threading.Thread(target=write, args=(who,)) for who in range(WRITERS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    all_s = sorted(wait for each in waits for wait in each)
    p50, p99 = np.percentile(all_s, [50, 99]) * 1000
    return Written(len(all_s) / seconds, float(p50), float(p99))


def search_for(shelf: Shelf, seconds: float, seed: int) -> list[float]:
    """Fifty searches a second by the clock, on four threads; how long each caller waited, in ms."""
    drawn = np.random.default_rng(seed)
    queries = [Query(point(drawn, shelf.spec), top=20) for _ in range(64)]
    began, count = time.perf_counter(), round(seconds * SEARCHES_PER_S)
    waits: list[float] = []

    def search(first: int) -> None:
        for n in range(first, count, SEARCHERS):
            due = began + n / SEARCHES_PER_S
            time.sleep(max(0.0, due - time.perf_counter()))
            shelf.search(queries[n % len(queries)])
            waits.append((time.perf_counter() - due) * 1000)

    threads = [threading.Thread(target=search, args=(first,)) for first in range(SEARCHERS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return waits


def round_of(
    folder: Path, products: int, seconds: float, seed: int, rate: float, *, apart: bool
) -> dict[str, Any]:
    """A quiet stretch and a busy one."""
    with Shelf.open(folder, spec()) as shelf:
        search_for(shelf, 1.0, seed)  # warm
        quiet = search_for(shelf, seconds, seed)
        written: list[Written] = []
        if apart:
            command = [sys.executable, "-m", "benchmarks.bench_writes", "write", str(folder),
                       str(products), str(seconds), str(seed), str(rate)]  # fmt: skip
            child = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
            assert child.stdout is not None
            child.stdout.readline()  # it has opened the shop and begins
            busy = search_for(shelf, seconds, seed)
            written.append(Written(**json.loads(child.communicate()[0])))
        else:
            thread = threading.Thread(
                target=lambda: written.append(write_for(shelf, products, seconds, seed, rate))
            )
            thread.start()
            busy = search_for(shelf, seconds, seed)
            thread.join()
    return {"quiet_ms": quiet, "busy_ms": busy, "written": written[0]}


def visible_ms(folder: Path, products: int) -> list[float]:
    """From the acknowledgement in another process to the end of the search here that finds it."""
    command = [sys.executable, "-m", "benchmarks.bench_writes", "probe", str(folder)]
    child = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    assert child.stdin is not None
    assert child.stdout is not None
    waits = []
    with Shelf.open(folder, spec()) as shelf:
        query = Query(point(np.random.default_rng(3), shelf.spec), top=1)
        for n in range(PROBES):
            stock = 10**7 + n
            child.stdin.write(f"p{n % products} {stock}\n")
            child.stdin.flush()
            child.stdout.readline()
            acknowledged = time.perf_counter()
            only = parse_filter(f"stock={stock}")
            while not shelf.search(replace(query, filter=only)).hits:
                continue
            waits.append((time.perf_counter() - acknowledged) * 1000)
    child.communicate("")
    return waits


def run(work: Path, products: int, seconds: float, rounds: int) -> dict[str, object]:
    """All of it; the result as plain values."""
    folder = work / "writes"
    fill(folder, products)
    result: dict[str, object] = {"products": products, "writers": WRITERS,
                                 "searches_per_s": SEARCHES_PER_S}  # fmt: skip
    for rate, apart in ((RATE, True), (RATE, False), (0.0, True), (0.0, False)):
        name = "another process" if apart else "the same process"
        name += f", {rate:.0f} a second" if rate else ", as fast as they can"
        found = [round_of(folder, products, seconds, n, rate, apart=apart) for n in range(rounds)]
        quiet, busy = (
            np.percentile([ms for one in found for ms in one[key]], [50, 99])
            for key in ("quiet_ms", "busy_ms")
        )
        written = [one["written"] for one in found]
        middle = sorted(written, key=lambda w: w.per_s)[len(written) // 2]
        print(
            f"writers in {name}: {middle.per_s:.0f} durable updates/s, acknowledged in "
            f"{middle.ack_p50_ms:.1f} ms (p99 {middle.ack_p99_ms:.1f}); search p50 "
            f"{quiet[0]:.1f} → {busy[0]:.1f} ms, p99 {quiet[1]:.1f} → {busy[1]:.1f} ms = "
            f"{busy[1] / quiet[1]:.2f} × quiet",
            flush=True,
        )
        result[name] = {
            "updates_per_s": [round(w.per_s, 1) for w in written],
            "ack_p50_ms": middle.ack_p50_ms, "ack_p99_ms": middle.ack_p99_ms,
            "search_quiet_p50_ms": quiet[0], "search_quiet_p99_ms": quiet[1],
            "search_busy_p50_ms": busy[0], "search_busy_p99_ms": busy[1],
            "p99_ratio": busy[1] / quiet[1],
        }  # fmt: skip
    waits = np.percentile(visible_ms(folder, products), [50, 100])
    print(f"visible in another process: median {waits[0]:.1f} ms, worst {waits[1]:.1f} ms")
    return result | {"visible_p50_ms": waits[0], "visible_worst_ms": waits[1]}


def main(arguments: list[str]) -> None:
    """`python -m benchmarks writes`."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks writes", description=__doc__)
    parser.add_argument("--products", type=int, default=20_000)
    parser.add_argument("--seconds", type=float, default=10.0, help="of each stretch")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--work", type=Path, default=ROOT / ".cache" / "bench")
    args = parser.parse_args(arguments)
    args.work.mkdir(parents=True, exist_ok=True)
    save("writes", run(args.work, args.products, args.seconds, args.rounds))
    print(f"kept in {RESULTS / 'writes.json'}")


def child(arguments: list[str]) -> None:
    """The writers' process, or the one that is told what to write."""
    what, folder, *rest = arguments
    with Shelf.open(Path(folder), spec()) as shelf:
        if what == "write":
            print("open", flush=True)
            done = write_for(shelf, int(rest[0]), float(rest[1]), int(rest[2]), float(rest[3]))
            print(json.dumps({"per_s": done.per_s, "ack_p50_ms": done.ack_p50_ms,
                              "ack_p99_ms": done.ack_p99_ms}))  # fmt: skip
            return
        for line in sys.stdin:
            sku, stock = line.split()
            shelf.flip(Flip(sku, stock=int(stock)))
            print("done", flush=True)


if __name__ == "__main__":
    child(sys.argv[1:])
