"""A finder of things of a few hundred bytes: under a blue sky it sees a coat and a bag.

Its graph runs in the real engine and its votes are counted by the real code; only what it sees is
agreed beforehand, so that a test of the door knows what to expect.
"""

import hashlib
import json
from pathlib import Path

import numpy as np
import numpy.typing as npt
import onnx
from onnx import TensorProto, helper, numpy_helper
from PIL import Image, ImageDraw

from vision.regions import CARD, CELL_PX, GRAPH, KINDS, SIDE_PX

COAT = (0.25, 0.2, 0.75, 0.7)
BAG = (0.1, 0.6, 0.2, 0.8)
"""left, top, right, bottom in shares of the picture."""
CELLS = (SIDE_PX // CELL_PX) ** 2
_SKY = (60, 120, 235)


def street(size: tuple[int, int] = (600, 800)) -> Image.Image:
    """A picture in which the finder sees a coat and, less surely, a bag."""
    image = Image.new("RGB", size, _SKY)
    pen = ImageDraw.Draw(image)
    for box, colour in ((COAT, (150, 40, 40)), (BAG, (30, 30, 30))):
        pen.rectangle([share * size[place % 2] for place, share in enumerate(box)], fill=colour)
    return image


def write_finder(folder: Path, beliefs: object = None) -> None:
    """Write regions.onnx and regions.json into `folder`, each score believed as it is."""
    folder.mkdir(parents=True, exist_ok=True)
    votes = np.zeros((1, CELLS, len(KINDS) + 4), np.float32)
    _say(votes, slice(0, 20), "outer", 0.95, COAT)
    _say(votes, slice(20, 30), "bag", 0.8, BAG)
    nodes = [
        helper.make_node("Cast", ["pixels"], ["floats"], to=TensorProto.FLOAT),
        helper.make_node("ReduceMean", ["floats", "axes"], ["colour"], keepdims=0),
        helper.make_node("MatMul", ["colour", "blueness"], ["blue"]),
        helper.make_node("Sub", ["blue", "enough"], ["over"]),
        helper.make_node("Clip", ["over", "none", "all"], ["sky"]),
        helper.make_node("Reshape", ["sky", "one"], ["gate"]),
        helper.make_node("Mul", ["seen", "gate"], ["votes"]),
    ]
    constants: dict[str, npt.NDArray[np.generic]] = {
        "axes": np.array([1, 2], np.int64),
        "blueness": np.array([[-1], [0], [1]], np.float32),
        "enough": np.array(90, np.float32),
        "none": np.array(0, np.float32),
        "all": np.array(1, np.float32),
        "one": np.array([1, 1, 1], np.int64),
        "seen": votes,
    }
    shape: list[str | int | None] = ["n", SIDE_PX, SIDE_PX, 3]
    pixels = helper.make_tensor_value_info("pixels", TensorProto.UINT8, shape)
    found = helper.make_tensor_value_info("votes", TensorProto.FLOAT, ["n", *votes.shape[1:]])
    held = [numpy_helper.from_array(value, name) for name, value in constants.items()]
    graph = helper.make_graph(nodes, "finder", [pixels], [found], held)
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 18)], ir_version=9)
    onnx.checker.check_model(model)
    onnx.save(model, folder / GRAPH)
    told = {kind: [1.0, 0.0] for kind in KINDS} if beliefs is None else beliefs
    vouched = hashlib.sha256((folder / GRAPH).read_bytes()).hexdigest()
    (folder / CARD).write_text(json.dumps({"beliefs": told, "sha256": vouched}), "utf-8")


def _say(
    votes: npt.NDArray[np.float32], cells: slice, kind: str, sure: float, box: tuple[float, ...]
) -> None:
    votes[0, cells, KINDS.index(kind)] = sure
    votes[0, cells, len(KINDS) :] = box
