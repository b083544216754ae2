"""Rounding that makes its errors good: never worse than to the nearest, and the graph stays one."""

from pathlib import Path

import numpy as np
import onnx
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from onnx import TensorProto, helper, numpy_helper

pytest.importorskip("torch")  # the workshop's own tests run where the workshop is installed

from models.gptq import Gram, gather, output_errors, round_anew, round_weights
from models.quantise import quantise_safely, quantise_tower
from vision.session import open_bare

pytestmark = pytest.mark.workshop
SIDE = 16


def gram_of(rows: "np.ndarray") -> Gram:
    return Gram((rows.T @ rows).astype(np.float64), rows.sum(0).astype(np.float64), len(rows))


@settings(max_examples=60, deadline=None)
@given(
    seed=st.integers(0, 2**32 - 1), outputs=st.integers(1, 9), inputs=st.integers(1, 80),
    positions=st.integers(1, 200), shared=st.floats(0, 1), dead=st.booleans(),
)  # fmt: skip
def test_no_output_is_worse_than_rounded_to_the_nearest(
    seed: int, outputs: int, inputs: int, positions: int, shared: float, dead: bool
) -> None:
    rng = np.random.default_rng(seed)
    rows = rng.normal(size=(positions, inputs)) + shared * 5 * rng.normal(size=(positions, 1))
    rows[:, rng.random(inputs) < 0.2] = 0.0  # inputs that are never seen
    weights = rng.normal(size=(outputs, inputs)).astype(np.float32)
    scales = np.abs(weights).max(1).astype(np.float64) / 127
    if dead:
        weights[0], scales[0] = 0.0, 0.0
    gram = gram_of(rows)
    found = round_weights(weights, gram, scales)
    assert found.dtype == np.int8
    assert found.min() >= -127
    safe = np.where(scales > 0, scales, 1.0)[:, None]
    nearest = np.clip(np.round(weights / safe), -127, 127)
    ours = output_errors(weights - found * safe, gram)
    theirs = output_errors(weights - nearest * safe, gram)
    assert (ours <= theirs + 1e-9 * (1 + theirs)).all()


def test_where_inputs_move_together_most_of_the_error_is_made_good() -> None:
    rng = np.random.default_rng(0)
    rows = rng.normal(size=(500, 64)) + 3 * rng.normal(size=(500, 1))
    weights = rng.normal(size=(32, 64)).astype(np.float32)
    scales = np.abs(weights).max(1).astype(np.float64) / 127
    gram = gram_of(rows)
    ours = output_errors(weights - round_weights(weights, gram, scales) * scales[:, None], gram)
    nearest = np.round(weights / scales[:, None]) * scales[:, None]
    assert ours.sum() < 0.5 * output_errors(weights - nearest, gram).sum()


def test_windows_of_one_channel_are_rounded_each_by_its_own() -> None:
    rng = np.random.default_rng(1)
    seen = rng.normal(size=(6, 9, 300)) + 2 * rng.normal(size=(6, 1, 300))
    gram = Gram(seen @ seen.transpose(0, 2, 1), seen.sum(2), 300)
    weights = rng.normal(size=(6, 9)).astype(np.float32)
    scales = np.abs(weights).max(1).astype(np.float64) / 15  # coarse, so that there is an error
    found = round_weights(weights, gram, scales)
    ours = output_errors(weights - found * scales[:, None], gram)
    nearest = np.round(weights / scales[:, None]) * scales[:, None]
    assert ours.sum() < output_errors(weights - nearest, gram).sum()


def small_tower(path: Path) -> Path:
    """A full convolution, one a channel, a deep one, and a product behind them."""
    rng = np.random.default_rng(2)
    held = {
        "w1": rng.normal(0, 0.4, (8, 3, 3, 3)), "b1": rng.normal(0, 0.1, 8),
        "w2": rng.normal(0, 0.4, (8, 1, 3, 3)), "b2": rng.normal(0, 0.1, 8),
        "w3": rng.normal(0, 0.4, (12, 8, 1, 1)), "b3": rng.normal(0, 0.1, 12),
        "w4": rng.normal(0, 0.4, (12, 5)),
    }  # fmt: skip
    node = helper.make_node
    nodes = [
        node("Transpose", ["pixels"], ["t"], name="t", perm=[0, 3, 1, 2]),
        node("Cast", ["t"], ["c"], name="c", to=TensorProto.FLOAT),
        node("Mul", ["c", "small"], ["x"], name="x"),
        node("Conv", ["x", "w1", "b1"], ["y1"], name="first", pads=[0, 0, 1, 1], strides=[2, 2],
             kernel_shape=[3, 3]),
        node("Clip", ["y1", "low", "high"], ["a1"], name="clip1"),
        node("Conv", ["a1", "w2", "b2"], ["y2"], name="own", group=8, pads=[1, 1, 1, 1],
             kernel_shape=[3, 3]),
        node("Clip", ["y2", "low", "high"], ["a2"], name="clip2"),
        node("Conv", ["a2", "w3", "b3"], ["y3"], name="deep", kernel_shape=[1, 1]),
        node("ReduceMean", ["y3"], ["mean"], name="mean", axes=[2, 3], keepdims=0),
        node("MatMul", ["mean", "w4"], ["vector"], name="product"),
    ]  # fmt: skip
    constants = {n: np.asarray(v, np.float32) for n, v in held.items()}
    constants |= {"low": np.float32(0), "high": np.float32(6), "small": np.float32(1 / 64)}
    graph = helper.make_graph(
        nodes, "tower",
        [helper.make_tensor_value_info("pixels", TensorProto.UINT8, ["n", SIDE, SIDE, 3])],
        [helper.make_tensor_value_info("vector", TensorProto.FLOAT, ["n", 5])],
        [numpy_helper.from_array(np.asarray(v), n) for n, v in constants.items()],
    )  # fmt: skip
    opset = [helper.make_opsetid("", 17)]
    onnx.save(helper.make_model(graph, opset_imports=opset, ir_version=9), str(path))
    return path


def photos(count: int, seed: int = 0) -> "np.ndarray":
    rng = np.random.default_rng(seed)
    rough = rng.integers(0, 256, (count, 4, 4, 3))
    smooth = np.kron(rough, np.ones((1, SIDE // 4, SIDE // 4, 1)))
    noisy = smooth + rng.normal(0, 9, smooth.shape)
    return np.asarray(noisy.clip(0, 255), np.uint8)


def answers(path: Path, pixels: "np.ndarray") -> "np.ndarray":
    return np.asarray(open_bare(path).run(["vector"], {"pixels": pixels})[0])


@pytest.mark.parametrize("how", ["tower", "safely"])
def test_a_quantised_graph_stays_whole_and_comes_close(tmp_path: Path, how: str) -> None:
    fp32, int8 = small_tower(tmp_path / "fp32.onnx"), tmp_path / "int8.onnx"
    (quantise_tower if how == "tower" else quantise_safely)(fp32, int8, photos(24))
    onnx.checker.check_model(onnx.load(str(int8)), full_check=True)
    wanted, found = answers(fp32, photos(9, seed=5)), answers(int8, photos(9, seed=5))
    assert np.abs(found - wanted).max() < 0.1 * wanted.std()


def test_scales_and_every_other_node_stay_as_they_were(tmp_path: Path) -> None:
    fp32, int8 = small_tower(tmp_path / "fp32.onnx"), tmp_path / "int8.onnx"
    quantise_tower(fp32, int8, photos(24))
    before = onnx.load(str(int8))
    round_anew(fp32, int8, photos(24, seed=7))  # other photos: other integers, nothing else
    after = onnx.load(str(int8))
    assert [n.SerializeToString() for n in before.graph.node] == [
        n.SerializeToString() for n in after.graph.node
    ]
    changed = {
        b.name for a, b in zip(before.graph.initializer, after.graph.initializer, strict=True)
        if a.SerializeToString() != b.SerializeToString()
    }  # fmt: skip
    assert changed
    assert all(name.endswith("_quantized") for name in changed)


def test_what_layers_see_is_counted_over_all_photos(tmp_path: Path) -> None:
    reference = onnx.load(str(small_tower(tmp_path / "fp32.onnx")))
    layers = {n.name: n for n in reference.graph.node if n.name in {"own", "product"}}
    grams = gather(reference, layers, photos(3))
    assert grams["own"].products.shape == (8, 9, 9)
    assert grams["own"].count == 3 * (SIDE // 2) ** 2
    assert grams["product"].products.shape == (12, 12)
    assert grams["product"].count == 3
    assert np.allclose(grams["product"].mean, grams["product"].sums / 3)


def test_a_graph_that_begins_with_a_convolution_is_rounded_too(tmp_path: Path) -> None:
    held = np.random.default_rng(6).normal(0, 0.4, (4, 3, 1, 1)).astype(np.float32)
    graph = helper.make_graph(
        [helper.make_node("Conv", ["deep", "w", "b"], ["map"], name="only", kernel_shape=[1, 1])],
        "end",
        [helper.make_tensor_value_info("deep", TensorProto.FLOAT, ["n", 3, 4, 4])],
        [helper.make_tensor_value_info("map", TensorProto.FLOAT, ["n", 4, 4, 4])],
        [numpy_helper.from_array(held, "w"), numpy_helper.from_array(held[:, 0, 0, 0], "b")],
    )
    opset = [helper.make_opsetid("", 17)]
    fp32, int8 = tmp_path / "fp32.onnx", tmp_path / "int8.onnx"
    onnx.save(helper.make_model(graph, opset_imports=opset, ir_version=9), str(fp32))
    maps = np.random.default_rng(7).normal(size=(20, 3, 4, 4)).astype(np.float32)
    quantise_tower(fp32, int8, maps)
    wanted = open_bare(fp32).run(["map"], {"deep": maps})[0]
    found = open_bare(int8).run(["map"], {"deep": maps})[0]
    assert np.abs(found - wanted).max() < 0.05


def test_nodes_that_are_to_stay_float_do(tmp_path: Path) -> None:
    fp32, int8 = small_tower(tmp_path / "fp32.onnx"), tmp_path / "int8.onnx"
    quantise_tower(fp32, int8, photos(24), kept_float={"first", "clip1", "own", "clip2"})
    weights = {n.name: n.input[1] for n in onnx.load(str(int8)).graph.node if n.op_type == "Conv"}
    assert weights["first"] == "w1"
    assert weights["own"] == "w2"
    assert weights["deep"] != "w3"
