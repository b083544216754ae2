"""A search over HTTP, end to end, against its two unavoidable parts: decode and encode.

Also: how soon the server is ready, and how much memory it holds.
"""

import json
import os
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from http.client import HTTPConnection
from pathlib import Path

from benchmarks.pairing import Pairing, Spread, pair, spread
from index.query import Query
from index.shelf import Shelf
from vision.decode import Limits, decode
from vision.encoder import OnnxEncoder
from vision.preprocess import preprocess

START_TIMEOUT_S = 300.0


@dataclass(frozen=True, slots=True)
class Start:
    """A server's start: seconds from spawn to ready, resident MB then."""

    ready_s: float
    resident_mb: float
    port: int
    pid: int


@contextmanager
def server(shop: Path, port: int) -> Iterator[Start]:
    """A real `vistazo serve` on `shop`, ended at exit."""
    start = time.perf_counter()
    command = [sys.executable, "-m", "api", "serve", "--shop", str(shop), "--port", str(port)]
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        wait_until_ready(port, process)
        ready_s = time.perf_counter() - start
        yield Start(ready_s, resident_mb(process.pid), port, process.pid)
    finally:
        process.terminate()
        process.wait(20)


def wait_until_ready(port: int, process: "subprocess.Popen[bytes]") -> None:
    """Ask /readyz until it says yes; raises RuntimeError when the server ends or time runs out."""
    stop_at = time.perf_counter() + START_TIMEOUT_S
    while time.perf_counter() < stop_at:
        if process.poll() is not None:
            raise RuntimeError(f"the server ended with {process.returncode}")
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{port}/readyz", timeout=5) as answer:
                if answer.status == 200:
                    return
        except (urllib.error.URLError, ConnectionError, TimeoutError):
            time.sleep(0.01)
    raise RuntimeError("the server did not become ready")


def resident_mb(pid: int) -> float:
    """The process's resident memory in MB (Linux)."""
    pages = int(Path(f"/proc/{pid}/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") / 1e6


def run(large: list[bytes], encoder: OnnxEncoder, port: int, rounds: int) -> list[Pairing]:
    """Pair the search over HTTP with decode + encode alone, same pictures, in turn."""
    spec = encoder.spec
    connection = HTTPConnection("127.0.0.1", port, timeout=30)

    def over_http(i: int) -> object:
        headers = {"content-type": "image/jpeg"}
        connection.request("POST", "/v1/search?top=20", large[i % len(large)], headers)
        answer = connection.getresponse()
        body = json.loads(answer.read())
        if answer.status != 200 or len(body["hits"]) != 20:
            raise RuntimeError(f"status {answer.status}: {str(body)[:200]}")
        return body

    def alone(i: int) -> object:
        data = large[i % len(large)]
        photo = decode(data, box=None, side_px=spec.size_px, limits=Limits())
        return encoder.pictures(preprocess(photo, spec.size_px, spec.resize)[None])

    name = "search over HTTP, 12 MP JPEG in, top 20 out"
    return [pair(name, over_http, alone, "decode + encode alone", rounds, warm_up=5)]


@dataclass(frozen=True, slots=True)
class Added:
    """A search over HTTP beside decode, encode and search in one process, in turn, in ms.

    `added` is the pairwise difference: what the interface costs."""

    over_http: Spread
    alone: Spread
    added: Spread

    def line(self) -> str:
        """In a sentence."""
        return (
            f"the interface adds {self.added.median:.2f} ms (quartiles {self.added.p25:.2f} to "
            f"{self.added.p75:.2f}) to decode + encode + search: {self.over_http.median:.2f} over "
            f"{self.alone.median:.2f} ms"
        )


def added(large: list[bytes], encoder: OnnxEncoder, shelf: Shelf, port: int, rounds: int) -> Added:
    """What HTTP, JSON and the hand-over to a decoding process cost."""
    spec = encoder.spec
    connection = HTTPConnection("127.0.0.1", port, timeout=30)
    ours: list[float] = []
    alone: list[float] = []
    for i in range(2 * rounds + 5):
        data = large[i % len(large)]
        start = time.perf_counter()
        connection.request("POST", "/v1/search?top=20", data, {"content-type": "image/jpeg"})
        connection.getresponse().read()
        middle = time.perf_counter()
        photo = decode(data, box=None, side_px=spec.size_px, limits=Limits())
        point = encoder.pictures(preprocess(photo, spec.size_px, spec.resize)[None])[0]
        shelf.search(Query(point, "picture", None, 20))
        end = time.perf_counter()
        if i >= 5:  # the first find both sides cold
            ours.append((middle - start) * 1000)
            alone.append((end - middle) * 1000)
    differences = [a - b for a, b in zip(ours, alone, strict=True)]
    return Added(spread(ours, "ms"), spread(alone, "ms"), spread(differences, "ms"))
