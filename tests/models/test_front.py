"""The cheap way in changes no number: bytes into the first convolution, the thumb of colours."""

from pathlib import Path

import numpy as np
import onnx
import onnxruntime
import pytest

torch = pytest.importorskip("torch")

from onnx import TensorProto, helper  # noqa: E402  # after the skip
from torch import nn  # noqa: E402

from models.front import add_thumb, fold_stem, prefer_products  # noqa: E402
from models.parity import averaged  # noqa: E402
from models.quantise import quantise_tower  # noqa: E402
from models.towers import fold_constants, fold_pads  # noqa: E402

pytestmark = pytest.mark.workshop
SIDE = 32


class Stem(nn.Module):
    """The tower's first convolution, padded and normalised as there, and one more."""

    def __init__(self, zero: float) -> None:
        super().__init__()
        self.first = nn.Conv2d(3, 16, 3, stride=2)
        self.wide = nn.Conv2d(16, 320, 1)
        self.second = nn.Conv2d(320, 8, 1)
        self.zero = zero

    def forward(self, pixels: "torch.Tensor") -> "torch.Tensor":
        x = (pixels.permute(0, 3, 1, 2).float() - self.zero) / 128.0
        x = self.first(nn.functional.pad(x, (0, 1, 0, 1))).clamp(0, 6)
        return self.second(self.wide(x).clamp(0, 6))


def quantised(folder: Path, zero: float, *, float_first: bool = False) -> onnx.ModelProto:
    torch.manual_seed(0)
    path = folder / "stem.onnx"
    torch.onnx.export(
        Stem(zero).eval(), (torch.zeros((2, SIDE, SIDE, 3), dtype=torch.uint8),), str(path),
        input_names=["pixels"], output_names=["map"],
        dynamic_axes={"pixels": {0: "n"}, "map": {0: "n"}}, opset_version=17, dynamo=False,
    )  # fmt: skip
    fold_constants(path)
    onnx.save(fold_pads(onnx.load(str(path))), str(path))
    pixels = photos(12)
    pixels[0, 0, 0], pixels[0, 0, 1] = 0, 255  # the whole range, as real photos have
    names = [n.name for n in onnx.load(str(path)).graph.node]
    kept = names[: names.index("/first/Conv") + 2] if float_first else ()  # and the clip behind it
    quantise_tower(path, folder / "int8.onnx", pixels, kept_float=kept)
    return onnx.load(str(folder / "int8.onnx"))


def photos(count: int) -> "np.ndarray":
    return np.random.default_rng(count).integers(0, 256, (count, SIDE, SIDE, 3), np.uint8)


def answers(model: onnx.ModelProto, name: str, pixels: "np.ndarray") -> "np.ndarray":
    data = model.SerializeToString()
    session = onnxruntime.InferenceSession(data, providers=["CPUExecutionProvider"])
    return np.asarray(session.run([name], {"pixels": pixels})[0])


def test_the_folded_stem_answers_to_the_bit(tmp_path: Path) -> None:
    model = quantised(tmp_path, 127.0)
    wanted = {count: answers(model, "map", photos(count)) for count in (1, 3)}
    kinds = [n.op_type for n in fold_stem(model).graph.node]
    assert "Cast" not in kinds
    assert kinds[0] == "Reshape"
    for count, map_ in wanted.items():
        assert np.array_equal(answers(model, "map", photos(count)), map_)


def test_deep_convolutions_as_products_answer_to_the_bit(tmp_path: Path) -> None:
    model = quantised(tmp_path, 127.0)
    wanted = answers(model, "map", photos(3))
    before = {i.name: i.SerializeToString() for i in model.graph.initializer}
    rewritten = prefer_products(model).graph.initializer
    changed = [i.name for i in rewritten if i.SerializeToString() != before[i.name]]
    assert len(changed) == 2, "weights and zero point of the one deep convolution"
    assert np.array_equal(answers(model, "map", photos(3)), wanted)


def test_a_tower_that_begins_otherwise_is_left_alone(tmp_path: Path) -> None:
    model = quantised(tmp_path, 90.0)
    before = model.SerializeToString()
    assert fold_stem(model).SerializeToString() == before


def test_a_float_stem_is_spared_its_division_to_the_bit(tmp_path: Path) -> None:
    model = quantised(tmp_path, 127.0, float_first=True)
    wanted = {count: answers(model, "map", photos(count)) for count in (1, 3)}
    kinds = [n.op_type for n in fold_stem(model).graph.node]
    assert "Div" not in kinds
    assert "Sub" in kinds  # the padding must stay zero
    for count, map_ in wanted.items():
        assert np.array_equal(answers(model, "map", photos(count)), map_)


@pytest.mark.parametrize("by", [4, 8])
def test_the_thumb_is_the_mean_of_its_pixels(by: int) -> None:
    pixels = helper.make_tensor_value_info("pixels", TensorProto.UINT8, ["n", SIDE, SIDE, 3])
    graph = helper.make_graph([], "empty", [pixels], [])
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=9)
    found = answers(add_thumb(model, SIDE, by), "thumb", photos(3))
    wanted = averaged(torch.from_numpy(photos(3)), by).numpy()
    np.testing.assert_allclose(found, wanted, atol=1e-6)
