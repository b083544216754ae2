"""Narrows the ranges of a quantised graph's activations to those of least squared error.

MinMax gives a range to the rarest value; most of a map then shares fewer steps. A range that cuts
the rare ones is worth it where the steps that all others gain weigh more (one early map keeps 46 %
of its squared error). Costs nothing at run time.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
import numpy.typing as npt
import onnx
from onnx import helper, numpy_helper

from vision.session import open_bare

SAMPLE = 1500  # values of a map that each photo gives
LOWER = (1.0, 0.9, 0.8, 0.7, 0.6, 0.5, 0.4, 0.3)
UPPER = (1.0, 0.95, 0.9, 0.85, 0.8, 0.75, 0.7, 0.6, 0.5, 0.4, 0.3)
TOP = 255
LARGEST = 2.0**30  # of a bias in 32 bits; half of what there is, for the mean that GPTQ adds
Floats = npt.NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Steps:
    """A way of rounding to unsigned 8 bits: (x / `scale`) + `zero`, cut to 0..255."""

    scale: float
    zero: int

    def error(self, values: Floats) -> float:
        """The mean squared error of `values` once rounded."""
        held = np.clip(np.round(values / self.scale) + self.zero, 0, TOP)
        return float(np.mean((values - (held - self.zero) * self.scale) ** 2))


def narrowed(steps: Steps, values: Floats) -> Steps:
    """Of all narrower ranges tried, and `steps` itself, the one with the least error."""
    return min(_tried(steps), key=lambda tried: tried.error(values))


def _tried(steps: Steps) -> Iterator[Steps]:
    low, high = -steps.zero * steps.scale, (TOP - steps.zero) * steps.scale
    yield steps
    for lower in LOWER if low < 0 else (1.0,):
        for upper in UPPER:
            scale = float(np.float32((high * upper - low * lower) / TOP))
            if scale > 0:
                yield Steps(scale, round(-low * lower / scale))


def narrow(fp32: Path, int8: Path, photos: npt.NDArray[Any]) -> None:
    """Rewrite the ranges of `int8`, made from `fp32` by static quantisation, and its biases' steps.

    A range is narrowed by what `photos` show of the tensor of that name in `fp32`; where there is
    none, or it is the input as it comes (pixels use every value), it stays.
    """
    reference, model = onnx.load(str(fp32)), onnx.load(str(int8))
    known = {name for node in reference.graph.node for name in node.output}
    made = {name for node in model.graph.node for name in node.output}
    tensors = {
        node.input[0]: node for node in model.graph.node
        if node.op_type == "QuantizeLinear" and node.input[0] in made
    }  # fmt: skip
    plain = {name: _plain(name) for name in tensors if _plain(name) in known}
    constants = {i.name: i for i in model.graph.initializer}
    seen = _seen(reference, sorted(set(plain.values())), photos)
    biases = list(_biases(model, constants))
    for name, told in plain.items():
        scale, zero = tensors[name].input[1:3]
        held = Steps(
            float(numpy_helper.to_array(constants[scale])),
            int(numpy_helper.to_array(constants[zero])),
        )
        found = narrowed(held, seen[told])
        _write(constants[scale], np.array(found.scale, np.float32))
        _write(constants[zero], np.array(found.zero, np.uint8))
    for bias in biases:
        bias.follow(constants)
    onnx.save(model, str(int8))


def _plain(name: str) -> str:
    """What a tensor was called before its graph was quantised: a graph's output is renamed."""
    return name.removesuffix("_QuantizeLinear_Input")


def _seen(
    reference: onnx.ModelProto, names: list[str], photos: npt.NDArray[Any]
) -> dict[str, Floats]:
    """Values of tensors of `reference`, drawn evenly from every photo."""
    rng = np.random.default_rng(0)
    found: dict[str, list[Floats]] = {name: [] for name in names}
    given = reference.graph.input[0].name
    with TemporaryDirectory() as folder:
        session = open_bare(with_outputs(reference, names, Path(folder)), basics=True)
        for photo in photos:
            for name, map_ in zip(names, session.run(names, {given: photo[None]}), strict=True):
                found[name].append(map_.ravel()[rng.integers(0, map_.size, SAMPLE)])
    return {name: np.concatenate(values) for name, values in found.items()}


def with_outputs(reference: onnx.ModelProto, names: list[str], folder: Path) -> Path:
    """`reference` with the tensors `names` among its outputs, as a file in `folder`."""
    told = onnx.ModelProto()
    told.CopyFrom(reference)
    known = {o.name for o in told.graph.output} | {i.name for i in told.graph.input}
    told.graph.output.extend(
        helper.make_tensor_value_info(name, onnx.TensorProto.FLOAT, None)
        for name in names if name not in known
    )  # fmt: skip
    path = folder / "told.onnx"
    onnx.save(told, str(path))
    return path


@dataclass(frozen=True, slots=True)
class _Bias:
    """A bias in 32 bits, which counts in steps of its layer's input times those of its weights."""

    integers: str
    steps: str
    input_scale: str
    weights: str
    weights_scale: str
    wanted: npt.NDArray[np.float64]

    def follow(self, constants: dict[str, onnx.TensorProto]) -> None:
        """Say `wanted` in the steps that hold now. Where they are too fine for 32 bits (an output
        whose weights are all but zero), those of its weights are made coarser."""
        into = numpy_helper.to_array(constants[self.input_scale]).astype(np.float64).reshape(-1)
        scale = numpy_helper.to_array(constants[self.weights_scale])
        steps = into * scale.astype(np.float64).reshape(-1)
        least = np.abs(self.wanted) / LARGEST
        coarser = np.where(steps > 0, np.maximum(1.0, least / np.where(steps > 0, steps, 1.0)), 1.0)
        steps = np.broadcast_to(steps * coarser, self.wanted.shape)
        if (coarser > 1).any():
            weights = numpy_helper.to_array(constants[self.weights])
            across = coarser.reshape(-1, *[1] * (weights.ndim - 1))
            _write(constants[self.weights], np.round(weights / across).astype(np.int8))
            wide = scale * coarser.reshape(scale.shape)
            _write(constants[self.weights_scale], wide.astype(np.float32))
        integers = np.divide(self.wanted, steps, out=np.zeros_like(self.wanted), where=steps > 0)
        _write(constants[self.integers], np.round(integers).astype(np.int32))
        held = numpy_helper.to_array(constants[self.steps])
        told = steps if held.size > 1 else steps[:1]
        _write(constants[self.steps], told.astype(np.float32).reshape(held.shape))


def _biases(model: onnx.ModelProto, constants: dict[str, onnx.TensorProto]) -> Iterator[_Bias]:
    """Every bias in 32 bits, with what it says now."""
    makers = {name: node for node in model.graph.node for name in node.output}
    for node in model.graph.node:
        read = [makers[name] for name in node.input if name in makers]
        if len(read) != 3 or any(n.op_type != "DequantizeLinear" for n in read):
            continue
        data, weights, bias = read
        integers = numpy_helper.to_array(constants[bias.input[0]])
        steps = numpy_helper.to_array(constants[bias.input[1]]).astype(np.float64)
        yield _Bias(
            bias.input[0], bias.input[1], data.input[1], weights.input[0], weights.input[1],
            integers * steps,
        )  # fmt: skip


def _write(constant: onnx.TensorProto, array: npt.NDArray[np.generic]) -> None:
    constant.CopyFrom(numpy_helper.from_array(array, constant.name))
