"""Training pictures are made as the serving path makes them, and computed once."""

from pathlib import Path

import cv2
import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper, numpy_helper

from models.examples import Example
from models.features import THUMB, compute_features, picture, widened
from vision.photo import Box

SIDE = 40


@pytest.fixture
def example(tmp_path: Path) -> Example:
    pixels = np.random.default_rng(0).integers(0, 256, (90, 60, 3), np.uint8)
    cv2.imwrite(str(tmp_path / "a.png"), pixels)
    return Example("snaps", tmp_path / "a.png", "Shirt", "sender-1")


def tower(path: Path) -> Path:
    """Four maps of 8 × 8 cells, from the pixels' mean."""
    nodes = [
        helper.make_node("Cast", ["pixels"], ["floats"], to=TensorProto.FLOAT),
        helper.make_node("Transpose", ["floats"], ["first"], perm=[0, 3, 1, 2]),
        helper.make_node(
            "AveragePool", ["first"], ["texture"], kernel_shape=[5, 5], strides=[5, 5]
        ),
        helper.make_node("Mul", ["texture", "two"], ["place"]),
        helper.make_node("Add", ["texture", "two"], ["thing"]),
        helper.make_node("Sub", ["texture", "two"], ["deep"]),
    ]
    pixels = helper.make_tensor_value_info("pixels", TensorProto.UINT8, ["n", SIDE, SIDE, 3])
    outs = [
        helper.make_tensor_value_info(n, TensorProto.FLOAT, ["n", 3, 8, 8])
        for n in ("texture", "place", "deep", "thing")
    ]
    two = numpy_helper.from_array(np.array([2], np.float32), "two")
    graph = helper.make_graph(nodes, "tower", [pixels], outs, [two])
    opsets = [helper.make_opsetid("", 17)]
    onnx.save(helper.make_model(graph, opset_imports=opsets, ir_version=9), str(path))
    return path


def test_features_are_computed_once_and_kept(example: Example, tmp_path: Path) -> None:
    graph = tower(tmp_path / "tower.onnx")
    found = compute_features([example], graph, SIDE, "squash", 0, tmp_path / "cache")
    assert found.place.shape == found.deep.shape == (1, 3, 8, 8)
    assert found.thumb.shape == (1, SIDE // THUMB, SIDE // THUMB, 3)
    np.testing.assert_allclose(found.thing, found.texture + 2, atol=1e-3)
    example.path.unlink()  # the second time nothing is read but the cache
    again = compute_features([example], graph, SIDE, "squash", 0, tmp_path / "cache")
    np.testing.assert_array_equal(found.texture, again.texture)


def test_each_round_is_another_picture_and_each_time_the_same(example: Example) -> None:
    rounds = [picture(example, SIDE, "squash", r) for r in range(6)]
    assert all(p.shape == (SIDE, SIDE, 3) and p.dtype == np.uint8 for p in rounds)
    assert len({p.tobytes() for p in rounds}) == 6
    assert np.array_equal(rounds[3], picture(example, SIDE, "squash", 3))


def test_a_box_gets_a_margin_but_stays_inside() -> None:
    assert widened(Box(100, 100, 100, 50), 1000, 1000) == Box(92, 96, 116, 58)
    assert widened(Box(0, 0, 100, 100), 100, 100) == Box(0, 0, 100, 100)
