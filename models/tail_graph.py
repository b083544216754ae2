"""The tuned end of the tower goes back into its graph; and runs alone, on maps kept on disk."""

from pathlib import Path

import numpy as np
import numpy.typing as npt
import onnx
from onnx import numpy_helper
from onnx.utils import Extractor

from models.tail_net import Weights
from vision.session import open_bare

BEGIN, END = "deep", "thing"
BATCH = 8
Floats = npt.NDArray[np.float32]


def write_tail(fp32: Path, weights: Weights, out: Path) -> None:
    """Write the tower `fp32` to `out` with other weights in the convolutions named.

    Raises ValueError where one is not there or has another shape.
    """
    model = onnx.load(str(fp32))
    constants = {i.name: i for i in model.graph.initializer}
    nodes = {n.name: n for n in model.graph.node if n.op_type == "Conv"}
    for name, arrays in weights.items():
        if name not in nodes:
            raise ValueError(f"the tower has no convolution {name!r}")
        for held, array in zip(nodes[name].input[1:3], arrays, strict=True):
            if tuple(constants[held].dims) != array.shape:
                raise ValueError(f"{name!r} holds {tuple(constants[held].dims)}, not {array.shape}")
            constants[held].CopyFrom(numpy_helper.from_array(np.ascontiguousarray(array), held))
    onnx.save(model, str(out))


def cut_tail(tower: Path, out: Path) -> None:
    """Write what `tower` does between its outputs `deep` and `thing` as a graph of its own."""
    onnx.save(Extractor(onnx.load(str(tower))).extract_model([BEGIN], [END]), str(out))


def run_tail(tail: Path, maps: npt.NDArray[np.float16]) -> Floats:
    """(N, 1280): means over the last map, for each of `maps` (N, 208, 8, 8)."""
    session = open_bare(tail)
    found = [
        session.run([END], {BEGIN: np.asarray(maps[i : i + BATCH], np.float32)})[0].mean((2, 3))
        for i in range(0, len(maps), BATCH)
    ]
    return np.asarray(np.concatenate(found), np.float32)
