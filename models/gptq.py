"""Rounds the weights of a quantised graph anew, so that each error is taken up by the next weights.

GPTQ (Frantar 2022): a layer's output error is quadratic in its weights' errors, with the Gram
matrix of its inputs; the weights are rounded one after another, and what one loses is given to
those that follow, as the inverse of that matrix tells. What is lost on average goes into the
bias. Costs nothing at run time. The built-in tower's squared error falls to a quarter.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
import numpy.typing as npt
import onnx
from onnx import numpy_helper

from models.ranges import with_outputs
from vision.session import open_bare

POSITIONS = 400  # of a map or a sentence that a photo gives to a Gram matrix, at most
DAMPING = 0.01  # of the mean diagonal, so that the inverse exists
RUN = 64  # weights that are settled before their errors are passed on to the rest together
WIDEST = 4096  # inputs of a layer; a Gram matrix twice as wide takes eight times as long
PRODUCTS = ("MatMul", "Gemm")
Doubles = npt.NDArray[np.float64]
Floats = npt.NDArray[np.float32]


@dataclass(slots=True)
class Gram:
    """What a layer saw: sums of its inputs' products, (I, I), or (C, K, K) where each channel has
    a window of its own; and of its inputs, (I) or (C, K), over `count` positions."""

    products: Doubles
    sums: Doubles
    count: int

    def add(self, other: "Gram") -> None:
        """Count what another photo showed."""
        self.products += other.products
        self.sums += other.sums
        self.count += other.count

    @property
    def mean(self) -> Doubles:
        """The mean input."""
        return self.sums / self.count


def round_anew(fp32: Path, int8: Path, photos: npt.NDArray[Any]) -> None:
    """Rewrite the weights and biases of `int8`, made from `fp32` by static quantisation.

    Only what both graphs hold under one node name, with constant weights in 8 bits: convolutions
    (full, or one input channel a group) and products. Scales and everything else stay.
    """
    reference, model = onnx.load(str(fp32)), onnx.load(str(int8))
    layers = dict(_layers(reference, model))
    seen = gather(reference, layers, photos)
    constants = {i.name: i for i in model.graph.initializer}
    makers = {name: node for node in model.graph.node for name in node.output}
    plain = {i.name: numpy_helper.to_array(i) for i in reference.graph.initializer}
    for node in model.graph.node:
        layer = layers.get(node.name)
        if layer is not None and node.name in seen:
            _rewrite(node, layer, seen[node.name], plain, makers, constants)
    onnx.save(model, str(int8))


def round_weights(weights: Floats, gram: Gram, scales: Doubles) -> npt.NDArray[np.int8]:
    """Integers for `weights` (outputs, inputs) at `scales` (outputs), each error made good.

    No output's squared error over what `gram` saw is larger than by rounding to the nearest.
    """
    scales = np.where(scales > 0, scales, 1.0)[:, None]  # a dead output's weights are all zero
    nearest = np.clip(np.round(weights / scales), -127, 127)
    good = _good_windows if gram.products.ndim == 3 else _good
    found = good(weights.astype(np.float64), gram.products, scales)
    worse = output_errors(weights - found * scales, gram) > output_errors(
        weights - nearest * scales, gram
    )
    return np.asarray(np.where(worse[:, None], nearest, found), np.int8)


def _good(left: Doubles, products: Doubles, scales: Doubles) -> Doubles:
    """`left` (outputs, inputs) rounded one input after another, the loudest first."""
    order = np.argsort(-products.diagonal(), kind="stable")
    left = left[:, order]
    factor = _factor(products[order][:, order])
    found = np.empty_like(left)
    for start in range(0, len(order), RUN):
        stop = min(start + RUN, len(order))
        errors = np.zeros((len(left), stop - start))
        for i in range(start, stop):
            found[:, i] = np.clip(np.round(left[:, i] / scales[:, 0]), -127, 127)
            error = (left[:, i] - found[:, i] * scales[:, 0]) / factor[i, i]
            left[:, i:stop] -= np.outer(error, factor[i, i:stop])
            errors[:, i - start] = error
        left[:, stop:] -= errors @ factor[start:stop, stop:]
    return np.asarray(found[:, np.argsort(order)])


def _good_windows(left: Doubles, products: Doubles, scales: Doubles) -> Doubles:
    """The same for windows of one channel each: (C, K), a factor for every channel."""
    mean = products.diagonal(axis1=1, axis2=2).mean(1)
    damping = np.where(mean > 0, DAMPING * mean, 1.0)
    damped = products + np.eye(left.shape[1]) * damping[:, None, None]
    factor = np.linalg.cholesky(np.linalg.inv(damped)).transpose(0, 2, 1)
    found = np.empty_like(left)
    for i in range(left.shape[1]):
        found[:, i] = np.clip(np.round(left[:, i] / scales[:, 0]), -127, 127)
        error = (left[:, i] - found[:, i] * scales[:, 0]) / factor[:, i, i]
        left[:, i:] -= error[:, None] * factor[:, i, i:]
    return found


def output_errors(losses: Doubles, gram: Gram) -> Doubles:
    """(outputs): each one's squared error over what `gram` saw; `losses`: (outputs, inputs)."""
    if gram.products.ndim == 3:
        return np.asarray(np.einsum("ci,cij,cj->c", losses, gram.products, losses))
    return np.asarray(((losses @ gram.products) * losses).sum(1))


def gather(
    reference: onnx.ModelProto, layers: dict[str, onnx.NodeProto], photos: npt.NDArray[Any]
) -> dict[str, Gram]:
    """By node name, what each of `layers` (nodes of `reference`) sees in `photos`."""
    given = reference.graph.input[0].name
    wanted = [n for n in dict.fromkeys(node.input[0] for node in layers.values()) if n != given]
    rng = np.random.default_rng(0)
    found: dict[str, Gram] = {}
    with TemporaryDirectory() as folder:
        session = open_bare(with_outputs(reference, wanted, Path(folder)), basics=True)
        for photo in photos:
            told = session.run(wanted, {given: photo[None]}) if wanted else []
            maps = {given: photo[None], **dict(zip(wanted, told, strict=True))}
            for name, node in layers.items():
                gram = _gram(node, maps[node.input[0]][0], rng)
                if name in found:
                    found[name].add(gram)
                else:
                    found[name] = gram
    return found


def _layers(
    reference: onnx.ModelProto, model: onnx.ModelProto
) -> Iterator[tuple[str, onnx.NodeProto]]:
    """The nodes of `reference` whose weights `model` holds in 8 bits."""
    shapes = {i.name: list(i.dims) for i in reference.graph.initializer}
    makers = {name: node for node in model.graph.node for name in node.output}
    constants = {i.name: i.data_type for i in model.graph.initializer}
    whole = {n.name: n for n in model.graph.node if n.name}
    for node in reference.graph.node:
        twin = whole.get(node.name)
        if twin is None or twin.op_type != node.op_type or len(node.input) < 2:
            continue
        shape, made = shapes.get(node.input[1]), makers.get(twin.input[1])
        if shape is None or made is None or constants.get(made.input[0]) != onnx.TensorProto.INT8:
            continue
        groups = attribute(node, "group", 1)
        full = node.op_type in PRODUCTS and len(shape) == 2
        own = groups == shape[0] and shape[1] == 1
        window = node.op_type == "Conv" and len(shape) == 4 and (groups == 1 or own)
        if (full or window) and _width(node, shape) <= WIDEST:
            yield node.name, node


def _width(node: onnx.NodeProto, shape: list[int]) -> int:
    if node.op_type in PRODUCTS:
        return shape[1] if attribute(node, "transB", 0) else shape[0]
    return int(np.prod(shape[1:]))


def _gram(node: onnx.NodeProto, seen: Floats, rng: np.random.Generator) -> Gram:
    """What one photo shows a layer: `seen` is (C, H, W), or (positions, I)."""
    if node.op_type in PRODUCTS:
        rows = _some(seen.reshape(-1, seen.shape[-1]), rng)
        return Gram((rows.T @ rows).astype(np.float64), rows.sum(0).astype(np.float64), len(rows))
    windows = _windows(node, seen)
    windows = _some(windows.transpose(1, 0, 2), rng)  # (positions, C, K)
    if attribute(node, "group", 1) == 1:
        rows = windows.reshape(len(windows), -1)
        return Gram((rows.T @ rows).astype(np.float64), rows.sum(0).astype(np.float64), len(rows))
    own = np.ascontiguousarray(windows.transpose(1, 2, 0))  # (C, K, positions)
    products = own @ own.transpose(0, 2, 1)
    return Gram(products.astype(np.float64), own.sum(2).astype(np.float64), len(windows))


def _windows(node: onnx.NodeProto, seen: Floats) -> Floats:
    """(C, positions, K): what each output position of a convolution looks at."""
    high, wide = attribute(node, "kernel_shape", [1, 1])
    down, right = attribute(node, "strides", [1, 1])
    top, left, bottom, end = attribute(node, "pads", [0, 0, 0, 0])
    padded = np.pad(seen, ((0, 0), (top, bottom), (left, end)))
    views = np.lib.stride_tricks.sliding_window_view(padded, (high, wide), axis=(1, 2))
    views = views[:, ::down, ::right]
    return views.reshape(len(seen), -1, high * wide)


def _some(rows: Floats, rng: np.random.Generator) -> Floats:
    """At most POSITIONS of `rows`, drawn."""
    if len(rows) <= POSITIONS:
        return rows
    return rows[rng.choice(len(rows), POSITIONS, replace=False)]


def _rewrite(
    node: onnx.NodeProto,
    layer: onnx.NodeProto,
    gram: Gram,
    plain: dict[str, Floats],
    makers: dict[str, onnx.NodeProto],
    constants: dict[str, onnx.TensorProto],
) -> None:
    """Round the weights of `node` anew, and give what is lost on average to its bias."""

    def value(name: str) -> npt.NDArray[Any]:
        return numpy_helper.to_array(constants[name])

    def write(name: str, array: npt.NDArray[Any]) -> None:
        constants[name].CopyFrom(numpy_helper.from_array(array, name))

    weights = plain[layer.input[1]]
    across = layer.op_type in PRODUCTS and not attribute(layer, "transB", 0)
    flat = weights.T if across else weights.reshape(len(weights), -1)
    held, scale = makers[node.input[1]].input[:2]
    scales = np.broadcast_to(value(scale).astype(np.float64).reshape(-1), (len(flat),))
    found = round_weights(flat, gram, scales)
    shaped = found.T if across else found.reshape(weights.shape)
    write(held, np.ascontiguousarray(shaped))
    if len(node.input) < 3 or node.input[2] not in makers:
        return
    lost = flat - found * scales[:, None]
    shift = (lost * gram.mean).sum(1) if gram.products.ndim == 3 else lost @ gram.mean
    bias, steps = makers[node.input[2]].input[:2]
    wide = np.broadcast_to(value(steps).astype(np.float64).reshape(-1), shift.shape)
    wanted = plain[layer.input[2]] + shift
    integers = np.divide(wanted, wide, out=np.zeros_like(wide), where=wide > 0)
    write(bias, np.round(integers).astype(np.int32))


def _factor(products: Doubles) -> Doubles:
    """The upper Cholesky factor of the damped inverse."""
    mean = products.diagonal().mean()
    damped = products + np.eye(len(products)) * (DAMPING * mean if mean > 0 else 1.0)
    return np.asarray(np.linalg.cholesky(np.linalg.inv(damped)).T)


def attribute(node: onnx.NodeProto, name: str, otherwise: Any) -> Any:
    """An integer attribute of `node`, or a list of them."""
    for held in node.attribute:
        if held.name == name:
            return list(held.ints) if held.ints else int(held.i)
    return otherwise
