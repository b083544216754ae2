"""The tower leaves the workshop unchanged: pads folded, integers near to floats."""

from pathlib import Path

import numpy as np
import onnx
import onnxruntime
import pytest

torch = pytest.importorskip("torch")

from torch import nn  # noqa: E402  # after the skip

from models.quantise import quantise_tower  # noqa: E402
from models.towers import fold_constants, fold_pads  # noqa: E402

pytestmark = pytest.mark.workshop


class Padded(nn.Module):
    """Two convolutions with TensorFlow's lopsided padding, as Lite2 has."""

    def __init__(self) -> None:
        super().__init__()
        self.first = nn.Conv2d(3, 8, 3, stride=2)
        self.second = nn.Conv2d(8, 8, 3, stride=2)

    def forward(self, pixels: "torch.Tensor") -> "torch.Tensor":
        x = (pixels.permute(0, 3, 1, 2).float() - 127.0) / 128.0
        x = self.first(nn.functional.pad(x, (0, 1, 0, 1))).clamp(0, 6)
        return self.second(nn.functional.pad(x, (1, 2, 1, 2))).clamp(0, 6)


@pytest.fixture
def exported(tmp_path: Path) -> Path:
    torch.manual_seed(0)
    pixels = torch.zeros((2, 32, 32, 3), dtype=torch.uint8)
    path = tmp_path / "padded.onnx"
    torch.onnx.export(
        Padded().eval(), (pixels,), str(path), input_names=["pixels"], output_names=["map"],
        dynamic_axes={"pixels": {0: "n"}, "map": {0: "n"}}, opset_version=17, dynamo=False,
    )  # fmt: skip
    return path


def run(path: Path, pixels: "np.ndarray") -> "np.ndarray":
    providers = ["CPUExecutionProvider"]
    session = onnxruntime.InferenceSession(str(path), providers=providers)
    return np.asarray(session.run(["map"], {"pixels": pixels})[0])


def photos() -> "np.ndarray":
    return np.random.default_rng(0).integers(0, 256, (12, 32, 32, 3), np.uint8)


def test_pads_move_into_the_convolutions_and_nothing_changes(exported: Path) -> None:
    wanted = run(exported, photos())
    fold_constants(exported)
    folded = fold_pads(onnx.load(str(exported)))
    onnx.save(folded, str(exported))
    assert "Pad" not in {n.op_type for n in folded.graph.node}
    np.testing.assert_allclose(run(exported, photos()), wanted, atol=1e-5)


def test_integers_stay_near_to_floats(exported: Path, tmp_path: Path) -> None:
    quantise_tower(exported, tmp_path / "int8.onnx", photos())
    a, b = run(exported, photos()).ravel(), run(tmp_path / "int8.onnx", photos()).ravel()
    assert float(a @ b / np.linalg.norm(a) / np.linalg.norm(b)) > 0.995
    kinds = {n.op_type for n in onnx.load(str(tmp_path / "int8.onnx")).graph.node}
    assert {"QuantizeLinear", "DequantizeLinear"} <= kinds
    assert "ConvInteger" not in kinds  # what dynamic quantisation would leave
