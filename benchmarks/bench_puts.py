"""Putting products with pictures over HTTP against the encoder's bare throughput:
`python -m benchmarks puts`.

As many clients as the server works on at once put products, each with one picture that the shop has
never seen, to a real server, and come back when they are told to; before and after, the encoder
alone embeds as many pictures and titles as fast as it can.
"""

import argparse
import itertools
import json
import shutil
import sys
import threading
import time
from functools import partial
from http.client import HTTPConnection
from pathlib import Path

from benchmarks import bench_bulk, bench_encode, bench_http
from benchmarks.bench import Bench
from benchmarks.result_files import ROOT, save

BOUNDARY = "vistazo-benchmark"
PORT = 8793
COME_BACK_S = 0.02
WRITERS = 24  # the default of VISTAZO_WRITERS


def body_of(picture: bytes, title: str) -> bytes:
    """The multipart form of one product."""
    fields = json.dumps({"title": title, "price": 10.0, "stock": 3}).encode()
    part = f"--{BOUNDARY}\r\ncontent-disposition: form-data; name=".encode()
    return b"".join((
        part, b'"product"\r\n\r\n', fields, b"\r\n",
        part, b'"image"; filename="a.jpg"\r\ncontent-type: image/jpeg\r\n\r\n', picture, b"\r\n",
        f"--{BOUNDARY}--\r\n".encode(),
    ))  # fmt: skip


def put_for(port: int, pictures: list[bytes], seconds: float, seed: int, clients: int) -> float:
    """Products a second by all clients together."""
    numbers, done, failed = itertools.count(), [0] * clients, list[str]()
    stop_at = time.perf_counter() + seconds

    def client(who: int) -> None:
        connection = HTTPConnection("127.0.0.1", port, timeout=60)
        headers = {"content-type": f"multipart/form-data; boundary={BOUNDARY}"}
        while time.perf_counter() < stop_at:
            n = next(numbers)
            unseen = pictures[n % len(pictures)] + f"{seed}-{n}".encode()  # behind the JPEG's end
            body = body_of(unseen, f"Bag {seed}-{n}")
            status = 503
            while status == 503 and time.perf_counter() < stop_at:
                connection.request("PUT", f"/v1/products/put-{seed}-{n}", body, headers)
                answer = connection.getresponse()
                status, told = answer.status, answer.read()
                time.sleep(COME_BACK_S if status == 503 else 0)
            if status == 503:
                return
            if status != 201:
                failed.append(f"{status}: {told[:200]!r}")
                return
            done[who] += 1

    threads = [threading.Thread(target=client, args=(who,)) for who in range(clients)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if failed:
        raise RuntimeError(failed[0])
    return sum(done) / seconds


def main(arguments: list[str]) -> None:
    """`python -m benchmarks puts`."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks puts", description=__doc__)
    parser.add_argument("--seconds", type=float, default=20.0, help="of each stretch")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument(
        "--clients", type=int, default=0, help="default: as many as may write at once"
    )
    parser.add_argument("--quick", action="store_true")
    parser.add_argument("--work", type=Path, default=ROOT / ".cache" / "bench")
    args = parser.parse_args(arguments)
    bench = Bench(args.work, args.quick, args)
    shop, source = args.work / "puts", args.work / "puts-source"
    for old in (shop, source):
        shutil.rmtree(old, ignore_errors=True)
    source.mkdir(parents=True)
    (source / "first.jpg").write_bytes(bench.photos[0])
    bench_bulk.index_s(source, shop)
    titles = [f"Bag {n}" for n in range(1_000)]
    rounds = []
    with bench_http.server(shop, PORT) as start:
        for n in range(args.rounds):
            alone = partial(
                bench_encode.bare_throughput,
                bench.spec, bench.squares(), titles, args.seconds / 2, bench.cores,
            )  # fmt: skip
            bare = [alone()]
            puts = put_for(start.port, bench.photos, args.seconds, n, args.clients or WRITERS)
            bare.append(alone())
            middle = sum(bare) / 2
            rounds.append({"puts_per_s": puts, "bare_per_s": bare, "share": puts / middle})
            print(
                f"put with picture over HTTP: {puts:.1f} products/s; encoder alone {bare[0]:.1f} "
                f"and {bare[1]:.1f} (before, after); share {puts / middle:.2f}",
                flush=True,
            )
    save("puts", {"clients": args.clients or WRITERS, "rounds": rounds})


if __name__ == "__main__":
    main(sys.argv[1:])
