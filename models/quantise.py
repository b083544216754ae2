"""Makes towers integer: static QDQ int8, per channel, calibrated on real photos; or dynamic int8.

Convolutions never dynamically: ONNX Runtime's dynamic Conv was 50 times slower and lost 7 % of
cosine. Matrix products take it well (ViT-B-32: cosine .9999, 3 times faster).
"""

from collections.abc import Collection, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import onnx
from onnxruntime.quantization import (
    CalibrationDataReader,
    CalibrationMethod,
    QuantFormat,
    QuantType,
    quant_pre_process,
    quantize_dynamic,
    quantize_static,
)

from models.gptq import PRODUCTS, round_anew
from models.ranges import narrow


class _Photos(CalibrationDataReader):  # type: ignore[misc]  # the library ships no types
    """Feeds photos (uint8, N × S × S × 3) one by one, so that memory stays small; or maps, to a
    graph that begins with those."""

    def __init__(self, graph: Path, photos: npt.NDArray[Any]) -> None:
        self._rows: Iterator[npt.NDArray[Any]] = iter(photos[:, None])
        self._given = onnx.load(str(graph)).graph.input[0].name

    def get_next(self) -> dict[str, npt.NDArray[Any]] | None:
        row = next(self._rows, None)
        return None if row is None else {self._given: row}


def quantise_tower(
    fp32: Path,
    int8: Path,
    photos: npt.NDArray[Any],
    *,
    kept_float: Collection[str] = (),
) -> None:
    """Write `int8` from `fp32`: unsigned activations, signed weights a channel; but for the nodes
    named in `kept_float`.

    Quantised are Conv and the residual Add; normalisation and whatever is no convolution stay
    float. Ranges begin as MinMax, since ReLU6 already clips what percentile calibration would, and
    are narrowed to the least squared error (models/ranges.py); weights are rounded so that each
    error is made good by the next (models/gptq.py).
    """
    quantize_static(
        str(fp32),
        str(int8),
        _Photos(fp32, photos),
        quant_format=QuantFormat.QDQ,
        op_types_to_quantize=["Conv", "Add", "Clip"],
        per_channel=True,
        activation_type=QuantType.QUInt8,
        weight_type=QuantType.QInt8,
        calibrate_method=CalibrationMethod.MinMax,
        nodes_to_exclude=list(kept_float),
    )
    narrow(fp32, int8, photos)
    round_anew(fp32, int8, photos)


def prepare(fp32: Path, prepared: Path) -> None:
    """Write `prepared`, what both kinds start from: constants folded, shapes known."""
    quant_pre_process(str(fp32), str(prepared), skip_symbolic_shape=True)


def quantise_products(prepared: Path, int8: Path) -> None:
    """Write `int8` with the weights of matrix products in 8 bits, activations measured per run."""
    quantize_dynamic(
        str(prepared),
        str(int8),
        op_types_to_quantize=list(PRODUCTS),
        per_channel=True,
        weight_type=QuantType.QInt8,
    )


def quantise_safely(prepared: Path, int8: Path, photos: npt.NDArray[np.uint8]) -> None:
    """Write `int8` with matrix products and full convolutions in 8 bits, the rest in float.

    Float stay: residual sums (quantised, they cost a ViT .10 of its centred cosine), the first
    convolution (it sees the raw range) and depthwise ones, whose channels differ too much in range
    to share one scale and which are cheap anyway.
    """
    names = _safe_nodes(onnx.load(str(prepared)).graph)
    quantize_static(
        str(prepared),
        str(int8),
        _Photos(prepared, photos),
        quant_format=QuantFormat.QDQ,
        nodes_to_quantize=names,
        per_channel=True,
        activation_type=QuantType.QUInt8,
        weight_type=QuantType.QInt8,
        calibrate_method=CalibrationMethod.MinMax,
    )
    round_anew(prepared, int8, photos)


def _safe_nodes(graph: onnx.GraphProto) -> list[str]:
    convolutions = [n for n in graph.node if n.op_type == "Conv"]
    full = [n for n in convolutions[1:] if _groups(n) == 1]
    return [n.name for n in [*(n for n in graph.node if n.op_type in PRODUCTS), *full]]


def _groups(node: onnx.NodeProto) -> int:
    return next((int(a.i) for a in node.attribute if a.name == "group"), 1)
