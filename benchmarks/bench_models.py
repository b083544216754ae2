"""Towers against torch, and serving against a peer with the same weights.

    python -m benchmarks.bench_models towers ARCH SEED DRAFT --pictures FOLDER
    python -m benchmarks.bench_models serving SHOP --model NAME [--peer ARCH SEED] --pictures FOLDER
    python -m benchmarks.bench_models lone SHOP --model NAME --pictures FOLDER

All that is compared takes turns in one run on equal threads; figures are medians.
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from statistics import median

import numpy as np

from benchmarks.bench_http import wait_until_ready
from benchmarks.rush import rush
from vision.photo import Pixels

PORT = 8797
PEER_PORT = 8798
SMALL_PX = 480
Act = Callable[[Pixels], object]


def towers(asked: argparse.Namespace) -> dict[str, object]:
    """Every candidate of the draft's image tower beside torch, eager and compiled; ms for one."""
    from models.candidates import picture_candidates
    from models.registry import load_card
    from models.samples import read_pictures
    from vision.engines import open_engine

    spec = load_card(asked.draft).spec
    pictures = read_pictures(asked.pictures, spec.size_px, spec.resize, 96)
    acts = _torch(asked, pictures)
    with tempfile.TemporaryDirectory() as work:
        for c in picture_candidates(spec.image_graph, pictures[::2], Path(work)):
            run = open_engine(c.engine, c.graph, output="vector", threads=asked.threads)
            acts[c.name] = lambda x, run=run: run({"pixels": x})
        times = _take_turns(acts, pictures, asked.rounds)
    reference = min(v for k, v in times.items() if k.startswith("torch"))
    rows = {k: {"ms": round(v, 2), "faster": round(reference / v, 2)} for k, v in times.items()}
    return {"arch": asked.arch, "threads": asked.threads, "rounds": asked.rounds, "towers": rows,
            "int8_floor_gops": round(_int8_gops(asked.threads), 1)}  # fmt: skip


def serving(asked: argparse.Namespace) -> dict[str, object]:
    """32 clients on our search, with and without batching, and on the peer's embed; in turn."""
    bodies = _small_jpegs(asked.pictures)
    found: dict[str, list[dict[str, object]]] = {"ours": [], "ours, no batching": []}
    with _ours(asked, PORT, 8) as _, _ours(asked, PORT + 2, 1) as _:
        for _ in range(asked.turns):
            for name, port in (("ours", PORT), ("ours, no batching", PORT + 2)):
                got = rush(port, "/v1/search?top=20", bodies, asked.clients, asked.seconds)
                found[name].append(asdict(got))
            if asked.peer:
                found.setdefault("peer", []).append(_peer_rush(asked, bodies))
    return {"model": asked.model, "bare_per_s": _bare(asked), **found}


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


def _torch(asked: argparse.Namespace, pictures: Pixels) -> dict[str, Act]:
    import torch

    from models.openclip import Weights, load
    from models.openclip_random import enliven
    from models.openclip_towers import PictureTower

    torch.set_num_threads(asked.threads)
    loaded = load(asked.arch, Weights(seed=asked.seed))
    enliven(loaded, pictures[:32])
    tower = PictureTower(loaded).eval()

    def act(network: Callable[..., object]) -> Act:
        def see(x: Pixels) -> object:
            with torch.inference_mode():
                return network(torch.from_numpy(x))

        return see

    acts = {"torch eager": act(tower)}
    if asked.eager_only:
        return acts
    try:
        compiled = act(torch.compile(tower))
        compiled(pictures[:1])
        acts["torch compiled"] = compiled
    except (RuntimeError, OSError) as error:
        print(f"no compiled torch here: {str(error).splitlines()[0][:100]}", file=sys.stderr)
    return acts


def _take_turns(acts: dict[str, Act], pictures: Pixels, rounds: int) -> dict[str, float]:
    times: dict[str, list[float]] = {name: [] for name in acts}
    for i in range(rounds + 3):
        one = np.ascontiguousarray(pictures[i % len(pictures)][None])
        for name, act in acts.items():
            start = time.perf_counter()
            act(one)
            times[name].append((time.perf_counter() - start) * 1000)
    return {name: median(values[3:]) for name, values in times.items()}


def _int8_gops(threads: int) -> float:
    """What this machine does in int8 at best, in 10⁹ operations a second: one large product."""
    import onnx
    import onnxruntime as ort
    from onnx import TensorProto, helper

    size = 2048
    names = (("a", TensorProto.UINT8), ("b", TensorProto.INT8), ("c", TensorProto.INT32))
    a, b, c = (helper.make_tensor_value_info(n, t, [size, size]) for n, t in names)
    node = helper.make_node("MatMulInteger", ["a", "b"], ["c"])
    model = helper.make_model(helper.make_graph([node], "g", [a, b], [c]), ir_version=9,
                              opset_imports=[helper.make_opsetid("", 18)])  # fmt: skip
    onnx.checker.check_model(model)
    options = ort.SessionOptions()
    options.intra_op_num_threads = threads
    session = ort.InferenceSession(model.SerializeToString(), options)
    rng = np.random.default_rng(0)
    fed = {"a": rng.integers(0, 255, (size, size), np.uint8),
           "b": rng.integers(-127, 127, (size, size), np.int8)}  # fmt: skip
    best = min(_timed(lambda: session.run(None, fed)) for _ in range(12))
    return 2 * size**3 / best / 1e9


def _timed(act: Callable[[], object]) -> float:
    start = time.perf_counter()
    act()
    return time.perf_counter() - start


def _bare(asked: argparse.Namespace) -> float:
    """The encoder's best batch throughput alone, pictures a second."""
    from benchmarks.bench_encode import bare_throughput
    from models.registry import find_card
    from models.samples import read_pictures

    spec = find_card(asked.model, asked.store).spec
    squares = read_pictures(asked.pictures, spec.size_px, spec.resize, 48)
    return bare_throughput(spec, squares, [], asked.seconds, asked.threads)


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
def _ours(asked: argparse.Namespace, port: int, batch: int) -> Iterator[None]:
    said = {"VISTAZO_BATCH": str(batch), "VISTAZO_WAITING": "256",
            "VISTAZO_WORKERS": str(asked.workers), "VISTAZO_THREADS": str(asked.threads),
            "VISTAZO_LANES": str(asked.lanes)}  # fmt: skip
    if asked.store:
        said["VISTAZO_STORE"] = str(asked.store)
    command = ["api", "serve", "--shop", str(asked.shop), "--model", asked.model]
    with _process([*command, "--port", str(port)], port, said):
        yield


def _peer_rush(asked: argparse.Namespace, bodies: list[bytes]) -> dict[str, object]:
    arch, seed = asked.peer
    command = ["benchmarks.peer_open_clip", arch, seed, str(PEER_PORT), str(asked.threads)]
    with _process(command, PEER_PORT, {}):
        return asdict(rush(PEER_PORT, "/embed", bodies, asked.clients, asked.seconds))


@contextmanager
def _process(module: list[str], port: int, said: dict[str, str]) -> Iterator[None]:
    process = subprocess.Popen([sys.executable, "-m", *module], env=os.environ | said,
                               stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)  # fmt: skip
    try:
        wait_until_ready(port, process)
        yield
    finally:
        process.terminate()
        process.wait(20)


def main() -> None:
    """Run one of the three."""
    parser = argparse.ArgumentParser(description=__doc__)
    commands = parser.add_subparsers(required=True)
    for name, act in (("towers", towers), ("serving", serving), ("lone", lone)):
        command = commands.add_parser(name)
        command.set_defaults(act=act)
        command.add_argument("--pictures", type=Path, required=True)
        command.add_argument("--threads", type=int, default=2)
        command.add_argument("--rounds", type=int, default=30)
        if name == "towers":
            command.add_argument("arch")
            command.add_argument("seed", type=int)
            command.add_argument("draft", type=Path)
            command.add_argument("--eager-only", action="store_true")
            continue
        command.add_argument("shop", type=Path)
        command.add_argument("--model", default="builtin")
        command.add_argument("--store", type=Path)
        command.add_argument("--lanes", type=int, default=1)
        command.add_argument("--workers", type=int, default=4)
        command.add_argument("--clients", type=int, default=32)
        command.add_argument("--seconds", type=float, default=8.0)
        command.add_argument("--turns", type=int, default=3)
        command.add_argument("--peer", nargs=2, metavar=("ARCH", "SEED"))
    asked = parser.parse_args()
    print(json.dumps(asked.act(asked), indent=1))


if __name__ == "__main__":
    main()
