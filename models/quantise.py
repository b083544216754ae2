"""Makes towers integer: static QDQ int8, per channel, calibrated on real photos; or dynamic int8.

Convolutions never dynamically: ONNX Runtime's dynamic Conv was 50 times slower and lost 7 % of
cosine. Matrix products take it well (ViT-B-32: cosine .9999, 3 times faster).
"""

from collections.abc import Iterator
from pathlib import Path

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

PRODUCTS = ["MatMul", "Gemm"]


class _Photos(CalibrationDataReader):  # type: ignore[misc]  # the library ships no types
    """Feeds photos (uint8, N × S × S × 3) one by one, so that memory stays small."""

    def __init__(self, photos: npt.NDArray[np.uint8]) -> None:
        self._rows: Iterator[npt.NDArray[np.uint8]] = iter(photos[:, None])

    def get_next(self) -> dict[str, npt.NDArray[np.uint8]] | None:
        row = next(self._rows, None)
        return None if row is None else {"pixels": row}


def quantise_tower(fp32: Path, int8: Path, photos: npt.NDArray[np.uint8]) -> None:
    """Write `int8` from `fp32`: unsigned activations, signed weights a channel, MinMax ranges.

    MinMax because ReLU6 already clips what percentile calibration would. Quantised are Conv and
    the residual Add; normalisation and whatever is no convolution stay float.
    """
    quantize_static(
        str(fp32),
        str(int8),
        _Photos(photos),
        quant_format=QuantFormat.QDQ,
        op_types_to_quantize=["Conv", "Add", "Clip"],
        per_channel=True,
        activation_type=QuantType.QUInt8,
        weight_type=QuantType.QInt8,
        calibrate_method=CalibrationMethod.MinMax,
    )


def prepare(fp32: Path, prepared: Path) -> None:
    """Write `prepared`, what both kinds start from: constants folded, shapes known."""
    quant_pre_process(str(fp32), str(prepared), skip_symbolic_shape=True)


def quantise_products(prepared: Path, int8: Path) -> None:
    """Write `int8` with the weights of matrix products in 8 bits, activations measured per run."""
    quantize_dynamic(
        str(prepared),
        str(int8),
        op_types_to_quantize=PRODUCTS,
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
        _Photos(photos),
        quant_format=QuantFormat.QDQ,
        nodes_to_quantize=names,
        per_channel=True,
        activation_type=QuantType.QUInt8,
        weight_type=QuantType.QInt8,
        calibrate_method=CalibrationMethod.MinMax,
    )


def _safe_nodes(graph: onnx.GraphProto) -> list[str]:
    convolutions = [n for n in graph.node if n.op_type == "Conv"]
    full = [n for n in convolutions[1:] if _groups(n) == 1]
    return [n.name for n in [*(n for n in graph.node if n.op_type in PRODUCTS), *full]]


def _groups(node: onnx.NodeProto) -> int:
    return next((int(a.i) for a in node.attribute if a.name == "group"), 1)
