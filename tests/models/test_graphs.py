"""The joined graphs answer as the torch heads do, for one picture or many, short texts or long."""

from pathlib import Path

import numpy as np
import pytest

torch = pytest.importorskip("torch")

import onnx  # noqa: E402  # after the skip
from onnx import TensorProto, helper, numpy_helper  # noqa: E402
from torch import nn  # noqa: E402

from models.colour import SoftBins, palette  # noqa: E402
from models.features import THUMB  # noqa: E402
from models.graphs import PictureTail, WordsTail, join_picture, join_words  # noqa: E402
from models.heads import Gaze, PictureHead, Seen, WordsHead  # noqa: E402
from models.parity import averaged, run  # noqa: E402
from models.prepare import SIZE_PX  # noqa: E402
from models.saliency import Foreground, Saliency  # noqa: E402

pytestmark = pytest.mark.workshop
SIDE = SIZE_PX
SHARES = {"kind": 0.6, "instance": 0.15, "colour": 0.25}


class FakeTower(nn.Module):
    """Maps of the real tower's shapes from one random convolution each."""

    def __init__(self) -> None:
        super().__init__()
        self.near = nn.Conv2d(3, 208, 16, stride=16, padding=6)
        self.far = nn.Conv2d(3, 1280, 32, stride=32, padding=14)

    def forward(self, pixels: "torch.Tensor") -> "tuple[torch.Tensor, ...]":
        x = (pixels.permute(0, 3, 1, 2).float() - 127.0) / 128.0
        near = self.near(x).relu()
        return near[:, :88], near[:, 88:], self.far(x).relu()


@pytest.fixture(scope="module")
def tail() -> PictureTail:
    torch.manual_seed(0)
    bins = SoftBins(palette([(200, 30, 40)] * 80, ["2350b0", "2f8a3e", "f5d327"], 64))
    gaze = Gaze(Saliency(120, -(-SIDE // 16)), Foreground(-(-SIDE // 16), SIDE // THUMB), bins)
    head = PictureHead(Seen(torch.rand(30, 1488), torch.rand(30, 64)))
    return PictureTail(gaze, head, SHARES).eval()


def test_the_image_graph_answers_as_torch_does(tmp_path: Path, tail: PictureTail) -> None:
    tower = FakeTower().eval()
    pixels = torch.randint(0, 256, (3, SIDE, SIDE, 3), dtype=torch.uint8)
    names = ["texture", "place", "thing"]
    torch.onnx.export(
        tower, (pixels,), str(tmp_path / "tower.onnx"), input_names=["pixels"], output_names=names,
        dynamic_axes={n: {0: "n"} for n in ("pixels", *names)}, opset_version=17, dynamo=False,
    )  # fmt: skip
    join_picture(tmp_path / "tower.onnx", tail, SIDE, tmp_path / "image.onnx", tmp_path)
    with torch.inference_mode():
        wanted = tail(*tower(pixels), averaged(pixels, THUMB)).numpy()
    for count in (1, 3):
        found = run(tmp_path / "image.onnx", {"pixels": pixels[:count].numpy()})
        np.testing.assert_allclose(found, wanted[:count], atol=2e-4)


def states_graph(path: Path) -> None:
    """A stand-in for MiniLM with its names: token states are rows of a table."""
    table = np.random.default_rng(0).normal(size=(50, 384)).astype(np.float32)
    nodes = [
        helper.make_node("Add", ["input_ids", "token_type_ids"], ["sum"]),
        helper.make_node("Mul", ["sum", "attention_mask"], ["kept"]),
        helper.make_node("Gather", ["table", "kept"], ["last_hidden_state"]),
    ]
    inputs = [
        helper.make_tensor_value_info(n, TensorProto.INT64, ["batch", "sequence"])
        for n in ("input_ids", "attention_mask", "token_type_ids")
    ]
    out = helper.make_tensor_value_info(
        "last_hidden_state", TensorProto.FLOAT, ["batch", "sequence", 384]
    )
    held = [numpy_helper.from_array(table, "table")]
    graph = helper.make_graph(nodes, "states", inputs, [out], held)
    opsets = [helper.make_opsetid("", 17)]
    onnx.save(helper.make_model(graph, opset_imports=opsets, ir_version=9), str(path))


def test_padding_changes_no_words_vector(tmp_path: Path) -> None:
    torch.manual_seed(0)
    states_graph(tmp_path / "states.onnx")
    words = WordsTail(WordsHead(), SHARES).eval()
    join_words(tmp_path / "states.onnx", words, tmp_path / "words.onnx", tmp_path)
    alone = run(
        tmp_path / "words.onnx",
        {"ids": np.array([[5, 7]], np.int64), "mask": np.ones((1, 2), np.int64)},
    )
    ids = np.array([[5, 7, 0, 0], [1, 2, 3, 4]], np.int64)
    both = run(tmp_path / "words.onnx", {"ids": ids, "mask": (ids > 0).astype(np.int64)})
    np.testing.assert_allclose(both[0], alone[0], atol=1e-5)
    np.testing.assert_allclose(np.linalg.norm(both, axis=1), 1.0, atol=1e-5)
