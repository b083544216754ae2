"""Puts what was learned of a shop into the model's own two graphs (torch and onnx; workshop only).

Nothing here knows the built-in model's names or sizes: the features are whatever the graph has
right before its last maps, found by walking back from `vector`.
"""

from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import onnx
import torch
from onnx import ModelProto, TensorProto, helper, numpy_helper
from torch import nn
from torch.nn import functional

from models.adapt_lens import COLOUR_WEIGHT, FARTHEST, Blend, Floats, Lens, Speech
from models.colour import SoftBins, planes_lab

BORDER_FAR, BORDER_SOFT = 8.0, 2.0  # ΔE from the border's median: further out is the thing itself
FINER = 1.5
"""Narrower bins than the built-in model's: a shop's own palette is denser than one of names."""
MAPS = ("Gemm", "MatMul")
PREFIX = "shop_"
SENSED = "shop_sensed"


class Colours(nn.Module):
    """`pixels` uint8 (N, S, S, 3) → the root histogram (N, K) of what stands out from the border.

    A studio's picture stands on one even ground, which is most of the border; a full-bleed picture
    has none, and then the middle counts.
    """

    prior: torch.Tensor

    def __init__(self, centres: torch.Tensor, size_px: int) -> None:
        super().__init__()
        self.step = max(1, size_px // 34)
        self.side = size_px // self.step
        self.bins = SoftBins(centres)
        place = torch.linspace(-0.5, 0.5, self.side)
        self.register_buffer(
            "prior", torch.exp(-(place[None] ** 2 / 0.16 + place[:, None] ** 2 / 0.3)).flatten()
        )

    def planes(self, pixels: torch.Tensor) -> torch.Tensor:
        """(N, 3, side²) of bent Lab."""
        thumb = functional.avg_pool2d(pixels.permute(0, 3, 1, 2).float() / 255.0, self.step)
        lab = planes_lab(thumb.flatten(2))
        return lab * torch.tensor([[0.6], [1.0], [1.0]]) * FINER

    def weights(self, planes: torch.Tensor) -> torch.Tensor:
        """(N, side²), summing to 1: how much each pixel is the thing."""
        grid = planes.reshape(-1, 3, self.side, self.side)
        edges = [grid[:, :, 0], grid[:, :, -1], grid[:, :, :, 0], grid[:, :, :, -1]]
        half = 2 * self.side
        lower = torch.topk(torch.cat(edges, -1), half, dim=-1, largest=False).values
        ground = lower[:, :, -1:]  # the median
        far = ((planes - ground) ** 2).sum(1).clamp_min(1e-6).sqrt() / FINER
        stands = torch.sigmoid((far - BORDER_FAR) / BORDER_SOFT) * self.prior + 1e-6
        return stands / stands.sum(1, keepdim=True)

    def forward(self, pixels: torch.Tensor) -> torch.Tensor:
        planes = self.planes(pixels)
        filled: torch.Tensor = self.bins(planes, self.weights(planes))
        return filled


def widest_features(model: ModelProto) -> str:
    """The name of what enters the last learned maps before `vector`, the widest of them; `vector`
    itself where there is none (a graph whose last maps are integers)."""
    learned = {i.name: list(i.dims) for i in model.graph.initializer}
    makers = {name: node for node in model.graph.node for name in node.output}
    waiting, seen, widths = ["vector"], {"vector"}, {"vector": 0}
    while waiting:
        node = makers.get(waiting.pop())
        if node is None:
            continue
        dims = learned.get(node.input[1], []) if node.op_type in MAPS else []
        if len(dims) == 2:
            across = any(a.name == "transB" and a.i for a in node.attribute)
            widths[node.input[0]] = dims[1 if across else 0]
            continue
        for name in node.input:
            if name not in seen and name in makers:
                seen.add(name)
                waiting.append(name)
    return max(widths, key=lambda name: widths[name])


def sensing_graph(image: Path, colours: Colours, size_px: int, work: Path) -> ModelProto:
    """The image graph with one output more: vector, features and colours side by side."""
    model = onnx.load(str(image))
    features = widest_features(model)
    opset = next(o.version for o in model.opset_import if o.domain == "")
    part = work / "colours.onnx"
    example = (torch.zeros(2, size_px, size_px, 3, dtype=torch.uint8),)
    torch.onnx.export(
        colours.eval(), example, str(part), input_names=["pixels"], output_names=["colours"],
        dynamic_axes={"pixels": {0: "n"}, "colours": {0: "n"}}, opset_version=opset, dynamo=False,
    )  # fmt: skip
    added = onnx.compose.add_prefix(onnx.load(str(part)), PREFIX)
    pixels = model.graph.input[0].name
    for node in added.graph.node:
        node.input[:] = [pixels if n == f"{PREFIX}pixels" else n for n in node.input]
    model.graph.node.extend(added.graph.node)
    model.graph.initializer.extend(added.graph.initializer)
    _append(model, "Identity", [features], f"{PREFIX}features")
    parts = ["vector", f"{PREFIX}features", f"{PREFIX}colours"]
    _append(model, "Concat", parts, SENSED, axis=1)
    model.graph.output.append(
        helper.make_tensor_value_info(SENSED, TensorProto.FLOAT, ["n", "seen"])
    )
    del model.graph.value_info[:]
    return model


def adapted_pictures(sensing: ModelProto, lens: Lens, blend: Blend, out: Path) -> None:
    """Write the image graph of the adapted model."""
    model = ModelProto()
    model.CopyFrom(sensing)
    _hide(model, "vector", f"{PREFIX}base")
    kept = [n for n in model.graph.node if SENSED not in n.output]
    del model.graph.node[:]
    model.graph.node.extend(kept)
    far = np.float32(FARTHEST)
    steps = _Steps(model)
    x = steps.one("Sub", f"{PREFIX}features", lens.mean)
    x = steps.one("Mul", x, lens.slope)
    x = steps.one("Min", steps.one("Max", x, -far), far)
    colours = steps.unit(steps.one("Sub", f"{PREFIX}colours", lens.colour_mean))
    both = steps.join(steps.unit(x), steps.one("Mul", colours, np.float32(COLOUR_WEIGHT)))
    turned = steps.one("Add", steps.one("MatMul", both, lens.turn), lens.shift)
    _finish(steps, f"{PREFIX}base", steps.unit(turned), blend, out)


def adapted_words(words: Path, speech: Speech, blend: Blend, out: Path) -> None:
    """Write the words graph of the adapted model."""
    model = onnx.load(str(words))
    _hide(model, "vector", f"{PREFIX}base")
    steps = _Steps(model)
    base = f"{PREFIX}base"
    said = steps.one("Add", steps.one("MatMul", base, speech.turn), speech.shift)
    said = steps.unit(said)
    _finish(steps, base, said, blend, out)


def _finish(steps: "_Steps", base: str, learned: str, blend: Blend, out: Path) -> None:
    left = steps.one("Mul", base, np.float32(np.sqrt(1 - blend.share)))
    right = steps.one("Mul", learned, np.float32(np.sqrt(blend.share)))
    whole = steps.unit(steps.join(left, right))
    model = steps.model
    _append(model, "Identity", [whole], "vector")
    del model.graph.output[:]
    model.graph.output.append(
        helper.make_tensor_value_info("vector", TensorProto.FLOAT, ["n", "dimension"])
    )
    del model.graph.value_info[:]
    onnx.checker.check_model(model)
    onnx.save(model, str(out))


def _hide(model: ModelProto, name: str, new: str) -> None:
    """Give a tensor another name."""
    for node in model.graph.node:
        node.input[:] = [new if n == name else n for n in node.input]
        node.output[:] = [new if n == name else n for n in node.output]


def _output(name: str) -> onnx.ValueInfoProto:
    return helper.make_tensor_value_info(name, TensorProto.FLOAT, ["n", f"{name}_wide"])


def _append(model: ModelProto, op: str, inputs: list[str], output: str, **how: Any) -> None:
    model.graph.node.append(helper.make_node(op, inputs, [output], **how))


class _Steps:
    """Appends steps to a graph, each with a name of its own; constants become initialisers."""

    def __init__(self, model: ModelProto) -> None:
        self.model, self._count = model, 0

    def one(self, op: str, left: str, right: "Floats | np.float32 | str") -> str:
        """`left` op `right`."""
        name = right if isinstance(right, str) else self._constant(np.asarray(right, np.float32))
        return self._add(op, [left, name])

    def join(self, left: str, right: str) -> str:
        """Side by side."""
        return self._add("Concat", [left, right], axis=1)

    def unit(self, name: str, least: float = 1e-9) -> str:
        """Rows at length 1, shorter where they are under `least`. As a product with ones, for the
        sums of a graph take their axes in another way from opset 18 on."""
        square = self._add("Mul", [name, name])
        total = self._add("ReduceSum", [square, self._constant(np.array([1], np.int64))])
        length = self._add("Sqrt", [total])
        return self._add("Div", [name, self.one("Max", length, np.float32(least))])

    def _constant(self, values: npt.NDArray[Any]) -> str:
        name = self._name()
        self.model.graph.initializer.append(numpy_helper.from_array(values, name))
        return name

    def _add(self, op: str, inputs: list[str], **how: int) -> str:
        name = self._name()
        _append(self.model, op, inputs, name, **how)
        return name

    def _name(self) -> str:
        self._count += 1
        return f"{PREFIX}step_{self._count}"
