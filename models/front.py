"""The image graph made cheap: how the bytes come in, the thumb of colours, which kernels run.

All of it is exact in integers; `models/parity.py` proves the whole against torch.
"""

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
import onnx
from onnx import helper, numpy_helper

Array = npt.NDArray[Any]
NORMAL_SCALE, NORMAL_ZERO = (
    1 / 128,
    127,
)  # of the tower's input: (x - 127) / 128, a QDQ pair exactly
DEEP = 288  # channels in, from which a matrix product wins
CELL = 4  # columns that the first convolution takes as one: 12 channels, which wide kernels want


def add_thumb(model: onnx.ModelProto, size_px: int, by: int) -> onnx.ModelProto:
    """Give `model` the output `thumb`: `pixels` averaged over by × by, float in 0..1, (N, T, T, 3).

    Sums of rows as one integer product: 58 µs, where cast, transpose and AveragePool take 110.
    """
    side = size_px // by
    adds = np.tile(np.eye(3, dtype=np.int8), (by, 1))
    held: dict[str, Array] = {
        "thumb_rows": np.array([0, size_px, side, by * 3]),
        "thumb_adds": adds,
        "thumb_columns": np.array([0, side, by, side * 3]),
        "thumb_axis": np.array([2]),
        "thumb_shape": np.array([0, side, side, 3]),
        "thumb_scale": np.array(1.0 / (255.0 * by * by), np.float32),
    }
    model.graph.initializer.extend(numpy_helper.from_array(v, n) for n, v in held.items())
    steps: Sequence[tuple[str, list[str], str, dict[str, Any]]] = (
        ("Reshape", ["pixels", "thumb_rows"], "thumb_1", {}),
        ("MatMulInteger", ["thumb_1", "thumb_adds"], "thumb_2", {}),
        ("Cast", ["thumb_2"], "thumb_3", {"to": onnx.TensorProto.FLOAT}),
        ("Reshape", ["thumb_3", "thumb_columns"], "thumb_4", {}),
        ("ReduceSum", ["thumb_4", "thumb_axis"], "thumb_5", {"keepdims": 0}),
        ("Reshape", ["thumb_5", "thumb_shape"], "thumb_6", {}),
        ("Mul", ["thumb_6", "thumb_scale"], "thumb", {}),
    )
    model.graph.node.extend(
        helper.make_node(kind, taken, [given], name=given, **attributes)
        for kind, taken, given, attributes in steps
    )
    shape: list[str | int | None] = ["n", side, side, 3]
    model.graph.output.append(helper.make_tensor_value_info("thumb", onnx.TensorProto.FLOAT, shape))
    return model


def fold_stem(model: onnx.ModelProto) -> onnx.ModelProto:
    """Let a quantised tower read the bytes themselves, four columns at a time.

    Its normalisation, (x - 127) / 128, is what a QDQ pair of that scale and zero point says, so the
    bytes go into the first convolution as they are: no Cast, Sub, Div, QuantizeLinear. And that
    convolution (3 × 3, stride 2) sees rows of S / 4 cells with 12 channels instead of S pixels with
    3, and gives two columns of its output at once: ONNX Runtime's wide integer kernel wants
    channels in fours, and took 240 µs where its narrow one took 630.

    A tower whose first convolution is float is spared a step only; one that begins otherwise is
    returned as it is.
    """
    found = _stem(model.graph)
    if found is None:
        return _divide_once(model)
    graph = model.graph
    conv, reads, steps = found
    for node in steps:
        graph.node.remove(node)
    size_px = graph.input[0].type.tensor_type.shape.dim[1].dim_value
    half = size_px // 2
    channels = _widen(graph, conv)
    (rounded,) = (n for n in graph.node if conv.output[0] in n.input)
    (read_back,) = (n for n in graph.node if rounded.output[0] in n.input)
    held = {
        "stem_cells": np.array([0, size_px, size_px // CELL, 3 * CELL]),
        "stem_columns": np.array([0, half, half, channels]),
    }
    graph.initializer.extend(numpy_helper.from_array(v, n) for n, v in held.items())
    before = (
        helper.make_node("Reshape", ["pixels", "stem_cells"], ["stem_1"], name="stem_1"),
        helper.make_node("DequantizeLinear", ["stem_1", *reads], ["stem_2"], name="stem_2"),
        helper.make_node("Transpose", ["stem_2"], ["stem_3"], name="stem_3", perm=[0, 3, 1, 2]),
    )
    conv.input[0] = "stem_3"
    after = (
        helper.make_node(
            "Transpose", [rounded.output[0]], ["stem_4"], name="stem_4", perm=[0, 2, 3, 1]
        ),
        helper.make_node("Reshape", ["stem_4", "stem_columns"], ["stem_5"], name="stem_5"),
        helper.make_node("Transpose", ["stem_5"], ["stem_6"], name="stem_6", perm=[0, 3, 1, 2]),
    )
    read_back.input[0] = "stem_6"
    place = list(graph.node).index(read_back)
    for node in reversed(after):
        graph.node.insert(place, node)
    for node in reversed(before):
        graph.node.insert(0, node)
    return model


def _divide_once(model: onnx.ModelProto) -> onnx.ModelProto:
    """Take the Div of a float stem, (x - 127) / 128, into the weights behind it: a power of two,
    so that not a bit changes, and a pass fewer over the largest float map. Not a DequantizeLinear:
    ONNX Runtime 1.31 sees integers there and rounds the weights behind it, float on purpose.
    """
    graph = model.graph
    steps: list[onnx.NodeProto] = []
    name = "pixels"
    for kind in ("Transpose", "Cast", "Sub", "Div", "Conv"):
        readers = [n for n in graph.node if name in n.input]
        if len(readers) != 1 or readers[0].op_type != kind:
            return model
        steps.append(readers[0])
        name = readers[0].output[0]
    shift, division, conv = steps[2:]
    constants = {i.name: i for i in graph.initializer}
    size, weights = constants.get(division.input[1]), constants.get(conv.input[1])
    if size is None or weights is None or numpy_helper.to_array(size) != 1 / NORMAL_SCALE:
        return model
    scaled = numpy_helper.to_array(weights) * np.float32(NORMAL_SCALE)
    weights.CopyFrom(numpy_helper.from_array(scaled, weights.name))
    conv.input[0] = shift.output[0]
    graph.node.remove(division)
    return model


def prefer_products(model: onnx.ModelProto) -> onnx.ModelProto:
    """Have the deep 1 × 1 convolutions computed as matrix products, to the same bits.

    ONNX Runtime has a convolution kernel of its own for weights whose zero point is 0; for others
    it takes its matrix product, which knows the tiles of AMX: 40 µs for 73, the picture 4 % sooner.
    So the weights are told one lower, with a zero point one lower. Shallow ones gain nothing.
    """
    makers = {name: node for node in model.graph.node for name in node.output}
    constants = {i.name: i for i in model.graph.initializer}
    for conv in [n for n in model.graph.node if n.op_type == "Conv" and n.input[1] in makers]:
        weights, _, zero = makers[conv.input[1]].input
        integers = numpy_helper.to_array(constants[weights])
        gives, takes, *window = integers.shape
        if window != [1, 1] or takes < max(gives, DEEP) or integers.min() < -127:
            continue
        zeros = numpy_helper.to_array(constants[zero])
        for name, array in ((weights, integers - np.int8(1)), (zero, zeros - np.int8(1))):
            constants[name].CopyFrom(numpy_helper.from_array(array, name))
    return model


def _stem(
    graph: onnx.GraphProto,
) -> tuple[onnx.NodeProto, list[str], list[onnx.NodeProto]] | None:
    """The first Conv, scale and zero point of its input, and the nodes from `pixels` to it."""
    makers = {name: node for node in graph.node for name in node.output}
    constants = {i.name: i for i in graph.initializer}
    conv = next(n for n in graph.node if n.op_type == "Conv")
    steps: list[onnx.NodeProto] = []
    name = conv.input[0]
    while name != "pixels":
        steps.append(makers[name])
        name = makers[name].input[0]
    kinds = [n.op_type for n in steps]
    wanted = ["DequantizeLinear", "QuantizeLinear", "Div", "Sub", "Cast", "Transpose"]
    side = graph.input[0].type.tensor_type.shape.dim[1].dim_value
    pads = next(list(a.ints) for a in conv.attribute if a.name == "pads")
    if kinds != wanted or pads != [0, 0, 1, 1] or side % CELL:
        return None
    reads = list(steps[0].input[1:])
    scale, zero = (numpy_helper.to_array(constants[n]) for n in reads)
    if not np.isclose(scale, NORMAL_SCALE) or zero != NORMAL_ZERO:
        return None
    return conv, reads, steps


def _widen(graph: onnx.GraphProto, conv: onnx.NodeProto) -> int:
    """Rewrite the weights of `conv` for cells; how many channels it gave before."""
    makers = {name: node for node in graph.node for name in node.output}
    constants = {i.name: i for i in graph.initializer}

    def rewrite(name: str, array: Array) -> None:
        constants[name].CopyFrom(numpy_helper.from_array(array, name))

    weights, bias = (list(makers[name].input) for name in conv.input[1:3])
    narrow = numpy_helper.to_array(constants[weights[0]])  # (channels, 3, 3, 3): out, in, y, x
    channels = len(narrow)
    wide = np.zeros((2 * channels, 3 * CELL, 3, 2), np.int8)
    for second in (0, 1):  # the cell's first and second column of the output
        for x in range(3):
            cell, column = divmod(2 * second + x, CELL)
            rows = slice(second * channels, (second + 1) * channels)
            wide[rows, 3 * column : 3 * column + 3, :, cell] = narrow[:, :, :, x]
    rewrite(weights[0], wide)
    for name in [*weights[1:], *bias]:
        rewrite(name, np.tile(numpy_helper.to_array(constants[name]), 2))
    for attribute in conv.attribute:
        if attribute.name == "strides":
            attribute.ints[:] = [2, 1]
        if attribute.name == "kernel_shape":
            attribute.ints[:] = [3, 2]
    return channels
