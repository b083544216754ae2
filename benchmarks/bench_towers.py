"""An architecture's image tower in every form, beside torch and the machine's own limit.

    python -m benchmarks.bench_towers ARCH --pictures FOLDER [--work DIR] [--rounds N]

Exports ARCH with random weights into the work folder (once), makes every candidate, gates each
against fp32 on pictures that calibrated nothing, and times all of them, torch eager and torch
compiled in turn on equal threads. The limit is the tower's arithmetic at the pace of one large
int8 product, measured in the same run. Results: benchmarks/results/towers-ARCH.json.
"""

import argparse
import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from statistics import median

import numpy as np

from benchmarks.graph_work import work_gop
from benchmarks.result_files import save
from vision.photo import Pixels

Act = Callable[[Pixels], object]
PICTURES = 96
WARM_UP = 3


def towers(asked: argparse.Namespace) -> dict[str, object]:
    """Every candidate beside torch: ms for one picture, how much faster, what its gate says."""
    from models.candidates import picture_candidates
    from models.registry import load_card
    from models.samples import read_pictures
    from vision.engines import open_engine

    spec = load_card(_draft(asked)).spec
    pictures = read_pictures(asked.pictures, spec.size_px, spec.resize, PICTURES)
    acts = torch_towers(asked, pictures)
    gates: dict[str, str | None] = {}
    with tempfile.TemporaryDirectory() as work:
        reference = None
        for c in picture_candidates(spec.image_graph, pictures[::2], Path(work)):
            run = open_engine(c.engine, c.graph, output="vector", threads=asked.threads)
            acts[c.name] = lambda x, run=run: run({"pixels": x})
            found = _answers(acts[c.name], pictures[1::2])
            reference = found if reference is None else reference
            gates[c.name] = _refused(c.precision, reference, found)
        times, gops = take_turns(acts, pictures, asked.rounds, asked.threads)
    return _summary(asked, times, gates, work_gop(spec.image_graph, spec.size_px), gops)


def torch_towers(asked: argparse.Namespace, pictures: Pixels) -> dict[str, Act]:
    """The same network in torch, eager and (where a compiler is installed) compiled."""
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


def take_turns(
    acts: dict[str, Act], pictures: Pixels, rounds: int, threads: int
) -> tuple[dict[str, float], float]:
    """Median ms of each for one picture, and the best int8 pace met between the rounds."""
    times: dict[str, list[float]] = {name: [] for name in acts}
    product = _product(threads)
    pace = 0.0
    for i in range(rounds + WARM_UP):
        one = np.ascontiguousarray(pictures[i % len(pictures)][None])
        for name, act in acts.items():
            start = time.perf_counter()
            act(one)
            times[name].append((time.perf_counter() - start) * 1000)
        pace = max(pace, product())
    return {name: median(values[WARM_UP:]) for name, values in times.items()}, pace


def _summary(
    asked: argparse.Namespace,
    times: dict[str, float],
    gates: dict[str, str | None],
    work: float,
    pace: float,
) -> dict[str, object]:
    torch_ms = min(ms for name, ms in times.items() if name.startswith("torch"))
    passed = {name: ms for name, ms in times.items() if name in gates and gates[name] is None}
    best = min(passed, key=lambda name: passed[name])
    floor_ms = work / pace * 1000
    return {
        "arch": asked.arch, "threads": asked.threads, "rounds": asked.rounds,
        "towers": {
            name: {"ms": round(ms, 2), "faster_than_torch": round(torch_ms / ms, 2),
                   "refused": gates.get(name)}
            for name, ms in times.items()
        },
        "best": best, "best_ms": round(passed[best], 2), "torch_ms": round(torch_ms, 2),
        "best_faster_than_torch": round(torch_ms / passed[best], 2),
        "tower_gop": round(work, 2), "int8_gops": round(pace, 0),
        "int8_floor_ms": round(floor_ms, 2), "best_to_floor": round(passed[best] / floor_ms, 2),
    }  # fmt: skip


def _draft(asked: argparse.Namespace) -> Path:
    draft: Path = asked.work / f"{asked.arch}-{asked.seed}"
    if not (draft / "card.json").exists():
        said = ["export", asked.arch, "--random", str(asked.seed), "--out", str(draft)]
        command = [sys.executable, "-W", "ignore", "-m", "models", *said]
        subprocess.run([*command, "--pictures", str(asked.pictures)], check=True,
                       stdout=subprocess.DEVNULL)  # fmt: skip
    return draft


def _answers(act: Act, pictures: Pixels) -> "np.ndarray[tuple[int, ...], np.dtype[np.float32]]":
    parts = [act(np.ascontiguousarray(pictures[i : i + 8])) for i in range(0, len(pictures), 8)]
    return np.concatenate([np.asarray(part, np.float32) for part in parts])


def _refused(
    precision: str,
    reference: "np.ndarray[tuple[int, ...], np.dtype[np.float32]]",
    found: "np.ndarray[tuple[int, ...], np.dtype[np.float32]]",
) -> str | None:
    from models.closeness import compare
    from models.gate import complaint

    return complaint(precision, compare(reference, found))  # type: ignore[arg-type]  # one of three


def _product(threads: int) -> Callable[[], float]:
    """A large int8 product; called, it tells its pace in 10⁹ operations a second."""
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
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    session = ort.InferenceSession(model.SerializeToString(), options)
    rng = np.random.default_rng(0)
    fed = {"a": rng.integers(0, 255, (size, size), np.uint8),
           "b": rng.integers(-127, 127, (size, size), np.int8)}  # fmt: skip

    def pace() -> float:
        start = time.perf_counter()
        session.run(None, fed)
        return float(2 * size**3 / (time.perf_counter() - start) / 1e9)

    return pace


def main() -> None:
    """Measure, print, save."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("arch", help="for example ViT-B-32 or MobileCLIP2-S0")
    parser.add_argument("--pictures", type=Path, required=True, help="40 or more distinct photos")
    parser.add_argument("--work", type=Path, default=Path(".cache") / "towers")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--rounds", type=int, default=30)
    parser.add_argument("--eager-only", action="store_true", help="leave out torch.compile")
    asked = parser.parse_args()
    found = towers(asked)
    save(f"towers-{asked.arch}", found)
    print(json.dumps(found, indent=1))


if __name__ == "__main__":
    main()
