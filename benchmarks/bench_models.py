"""Serving against a peer with the same weights, with and without batching.

    python -m benchmarks.bench_models serving SHOP --model NAME [--peer ARCH SEED] --pictures FOLDER
    python -m benchmarks.bench_models lone SHOP --model NAME --pictures FOLDER

All that is compared takes turns in one run on equal threads; figures are medians. What an answer
costs in processor time is told beside what the encoder alone spends on a picture: on a machine that
is busy with other things that share is worth more than the throughput.
"""

import argparse
import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from statistics import median

from benchmarks.bench_http import wait_until_ready
from benchmarks.rush import rush

SEARCH = "/v1/search?top=20"
PORT = 8797
PEER_PORT = 8798
SMALL_PX = 480


def serving(asked: argparse.Namespace) -> dict[str, object]:
    """32 clients on our search, with and without batching, and on the peer's embed; in turn."""
    bodies = _small_jpegs(asked.pictures)
    found: dict[str, list[dict[str, object]]] = {"ours": [], "ours, no batching": []}
    with _ours(asked, PORT, 8) as ours, _ours(asked, PORT + 2, 1) as unbatched:
        servers = (("ours", PORT, ours), ("ours, no batching", PORT + 2, unbatched))
        for _, port, _ in servers:
            rush(port, SEARCH, bodies, asked.clients, 1.0)  # the first requests find all cold
        for _ in range(asked.turns):
            for name, port, pid in servers:
                got = rush(port, SEARCH, bodies, asked.clients, asked.seconds, pid)
                found[name].append(asdict(got))
            if asked.peer:
                found.setdefault("peer", []).append(_peer_rush(asked, bodies))
    bare_per_s, bare_ms = _bare(asked)
    best = max(found["ours"], key=lambda turn: float(str(turn["per_s"])))
    return {
        "model": asked.model,
        "bare_per_s": bare_per_s,
        "bare_ms": bare_ms,
        "share_of_throughput": round(float(str(best["per_s"])) / bare_per_s, 3),
        "share_of_processor_time": round(bare_ms / float(str(best["server_ms"])), 3),
        **found,
    }


def lone(asked: argparse.Namespace) -> dict[str, object]:
    """One client at a time on the same shop, batching on and off, request by request in turn."""
    from http.client import HTTPConnection

    bodies = _small_jpegs(asked.pictures)
    times: dict[str, list[float]] = {"on": [], "off": []}
    with _ours(asked, PORT, 8) as _, _ours(asked, PORT + 2, 1) as _:
        ports = {"on": PORT, "off": PORT + 2}
        lines = {name: HTTPConnection("127.0.0.1", port) for name, port in ports.items()}
        for i in range(asked.rounds + 5):
            for name in ("on", "off") if i % 2 else ("off", "on"):
                start = time.perf_counter()
                lines[name].request("POST", "/v1/search", bodies[i % len(bodies)],
                                    {"content-type": "image/jpeg"})  # fmt: skip
                lines[name].getresponse().read()
                times[name].append((time.perf_counter() - start) * 1000)
    pairs = [a - b for a, b in zip(times["on"][5:], times["off"][5:], strict=True)]
    return {"on_ms": median(times["on"][5:]), "off_ms": median(times["off"][5:]),
            "median_difference_ms": median(pairs)}  # fmt: skip


def _bare(asked: argparse.Namespace) -> tuple[float, float]:
    """The encoder's best batch throughput alone, pictures a second, and what a picture then costs
    in processor time (ms)."""
    from benchmarks.bench_encode import bare_throughput
    from models.registry import find_card
    from models.samples import read_pictures
    from vision.encoder import OnnxEncoder

    spec = find_card(asked.model, asked.store).spec
    squares = read_pictures(asked.pictures, spec.size_px, spec.resize, 48)
    per_s = bare_throughput(spec, squares, [], asked.seconds, asked.threads)
    encoder, batch = OnnxEncoder(spec, threads=1), squares[:8]
    costs_ms = []
    for _ in range(40):
        spent = time.process_time()
        encoder.pictures(batch)
        costs_ms.append((time.process_time() - spent) * 1000 / len(batch))
    return per_s, round(median(costs_ms), 3)


def _small_jpegs(folder: Path) -> list[bytes]:
    import cv2

    files = sorted(p for p in folder.iterdir() if p.suffix == ".jpg")[:32]
    small = []
    for path in files:
        pixels = cv2.imread(str(path))
        scale = SMALL_PX / max(pixels.shape[:2])
        done, data = cv2.imencode(".jpg", cv2.resize(pixels, None, fx=scale, fy=scale))
        small += [data.tobytes()] if done else []
    return small


@contextmanager
def _ours(asked: argparse.Namespace, port: int, batch: int) -> Iterator[int]:
    said = {"VISTAZO_BATCH": str(batch), "VISTAZO_WAITING": "256",
            "VISTAZO_WORKERS": str(asked.workers),
            "VISTAZO_THREADS": str(asked.threads)}  # fmt: skip
    if asked.lanes:
        said["VISTAZO_LANES"] = str(asked.lanes)
    if asked.store:
        said["VISTAZO_STORE"] = str(asked.store)
    command = ["api", "serve", "--shop", str(asked.shop), "--model", asked.model]
    with _process([*command, "--port", str(port)], port, said) as pid:
        yield pid


def _peer_rush(asked: argparse.Namespace, bodies: list[bytes]) -> dict[str, object]:
    arch, seed = asked.peer
    command = ["benchmarks.peer_open_clip", arch, seed, str(PEER_PORT), str(asked.threads)]
    with _process(command, PEER_PORT, {}) as pid:
        return asdict(rush(PEER_PORT, "/embed", bodies, asked.clients, asked.seconds, pid))


@contextmanager
def _process(module: list[str], port: int, said: dict[str, str]) -> Iterator[int]:
    process = subprocess.Popen([sys.executable, "-m", *module], env=os.environ | said,
                               stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)  # fmt: skip
    try:
        wait_until_ready(port, process)
        yield process.pid
    finally:
        process.terminate()
        process.wait(20)


def main() -> None:
    """Run one of the two."""
    parser = argparse.ArgumentParser(description=__doc__)
    commands = parser.add_subparsers(required=True)
    for name, act in (("serving", serving), ("lone", lone)):
        command = commands.add_parser(name)
        command.set_defaults(act=act)
        command.add_argument("--pictures", type=Path, required=True)
        command.add_argument("--threads", type=int, default=2)
        command.add_argument("--rounds", type=int, default=30)
        command.add_argument("shop", type=Path)
        command.add_argument("--model", default="builtin")
        command.add_argument("--store", type=Path)
        command.add_argument("--lanes", type=int, default=0, help="0: by the machine")
        command.add_argument("--workers", type=int, default=32)  # who waits, waits to be encoded
        command.add_argument("--clients", type=int, default=32)
        command.add_argument("--seconds", type=float, default=8.0)
        command.add_argument("--turns", type=int, default=3)
        command.add_argument("--peer", nargs=2, metavar=("ARCH", "SEED"))
    asked = parser.parse_args()
    print(json.dumps(asked.act(asked), indent=1))


if __name__ == "__main__":
    main()
