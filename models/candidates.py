"""Every way in which a tower could be served here: precisions times engines.

Nothing is believed: each candidate must pass its gate (models/gate.py) and is timed beside the
others (models/bench.py) before one of them is published.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import numpy.typing as npt

from models.gate import Precision
from models.quantise import prepare, quantise_products, quantise_safely
from vision.spec import Engine


@dataclass(frozen=True, slots=True)
class Candidate:
    """A graph file on an engine. `name` is what tables call it."""

    name: str
    precision: Precision
    engine: Engine
    graph: Path


def picture_candidates(
    fp32: Path, photos: npt.NDArray[np.uint8], folder: Path
) -> Iterator[Candidate]:
    """The image tower `fp32` in every form, the new files written into `folder`.

    `photos` (uint8, N × S × S × 3) calibrate the static one: 64 distinct real ones do. They must
    not be those that the gate looks at.
    """
    yield from _plain(fp32)
    prepared = _prepared(fp32, folder)
    dynamic, static = folder / "image-dynamic.onnx", folder / "image-static.onnx"
    quantise_products(prepared, dynamic)
    yield Candidate("int8 dynamic, ONNX Runtime", "int8", "onnxruntime", dynamic)
    quantise_safely(prepared, static, photos)
    yield Candidate("int8 static, ONNX Runtime", "int8", "onnxruntime", static)
    if has_openvino():
        yield Candidate("int8 static, OpenVINO bf16", "int8", "openvino-bf16", static)


def words_candidates(fp32: Path, folder: Path) -> Iterator[Candidate]:
    """The words tower `fp32` in every form; words need no calibration."""
    yield from _plain(fp32)
    dynamic = folder / "words-dynamic.onnx"
    quantise_products(_prepared(fp32, folder), dynamic)
    yield Candidate("int8 dynamic, ONNX Runtime", "int8", "onnxruntime", dynamic)


def has_openvino() -> bool:
    """Whether OpenVINO is installed here."""
    return find_spec("openvino") is not None


def can_bf16() -> bool:
    """Whether this CPU computes in bfloat16; elsewhere OpenVINO would quietly use fp32."""
    cpuinfo = Path("/proc/cpuinfo")
    return cpuinfo.is_file() and bool(
        {"avx512_bf16", "amx_bf16", "bf16"} & set(cpuinfo.read_text("utf-8").split())
    )


def _plain(fp32: Path) -> Iterator[Candidate]:
    yield Candidate("fp32, ONNX Runtime", "fp32", "onnxruntime", fp32)
    if has_openvino():
        yield Candidate("fp32, OpenVINO", "fp32", "openvino", fp32)
        if can_bf16():
            yield Candidate("bf16, OpenVINO", "bf16", "openvino-bf16", fp32)


def _prepared(fp32: Path, folder: Path) -> Path:
    path = folder / f"{fp32.stem}-prepared.onnx"
    prepare(fp32, path)
    return path
