"""Ranges of activations: a narrower one is taken where it loses less, and biases keep their say."""

from pathlib import Path

import numpy as np
import onnx
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from onnx import TensorProto, helper, numpy_helper
from onnxruntime.quantization import (
    CalibrationDataReader,
    CalibrationMethod,
    QuantFormat,
    QuantType,
    quantize_static,
)

pytest.importorskip("torch")  # the workshop's own tests run where the workshop is installed

from models.ranges import Steps, narrow, narrowed
from vision.session import open_bare

pytestmark = pytest.mark.workshop


@settings(max_examples=60, deadline=None)
@given(
    seed=st.integers(0, 2**32 - 1), zero=st.integers(0, 255), scale=st.floats(1e-4, 10),
    rare=st.floats(1, 50),
)  # fmt: skip
def test_the_narrower_range_never_loses_more(
    seed: int, zero: int, scale: float, rare: float
) -> None:
    rng = np.random.default_rng(seed)
    values = (rng.normal(size=500) * scale * 20).astype(np.float32)
    values[0] *= np.float32(rare)
    steps = Steps(scale, zero)
    found = narrowed(steps, values)
    assert found.error(values) <= steps.error(values)
    assert 0 <= found.zero <= 255


def test_one_rare_value_does_not_set_the_range() -> None:
    values = np.random.default_rng(0).normal(size=200_000).astype(np.float32)
    values[0] = 9.0
    wide = Steps(14 / 255, 91)
    found = narrowed(wide, values)
    assert found.scale < 0.8 * wide.scale
    assert found.error(values[1:]) < 0.6 * wide.error(values[1:])


class Rows(CalibrationDataReader):  # type: ignore[misc]  # the library ships no types
    def __init__(self, rows: "np.ndarray") -> None:
        self.rows = iter(rows[:, None])

    def get_next(self) -> "dict[str, np.ndarray] | None":
        row = next(self.rows, None)
        return None if row is None else {"pixels": row}


def graph(path: Path) -> Path:
    rng = np.random.default_rng(3)
    held = {
        "w1": rng.normal(0, 0.5, (6, 3, 1, 1)), "b1": rng.normal(0, 0.5, 6),
        "w2": rng.normal(0, 0.5, (4, 6, 1, 1)), "b2": rng.normal(0, 0.5, 4),
    }  # fmt: skip
    held["w2"][3] = 0.0  # a dead channel: no steps, and a bias none the less
    held["b2"][3] = 0.0
    node = helper.make_node
    made = helper.make_graph(
        [
            node("Cast", ["pixels"], ["x"], name="x", to=TensorProto.FLOAT),
            node("Mul", ["x", "small"], ["s"], name="s"),
            node("Conv", ["s", "w1", "b1"], ["y"], name="one", kernel_shape=[1, 1]),
            node("Conv", ["y", "w2", "b2"], ["map"], name="two", kernel_shape=[1, 1]),
        ],
        "small",
        [helper.make_tensor_value_info("pixels", TensorProto.UINT8, ["n", 3, 8, 8])],
        [helper.make_tensor_value_info("map", TensorProto.FLOAT, ["n", 4, 8, 8])],
        [numpy_helper.from_array(np.asarray(v, np.float32), n) for n, v in held.items()]
        + [numpy_helper.from_array(np.float32(1 / 64), "small")],
    )
    opset = [helper.make_opsetid("", 17)]
    onnx.save(helper.make_model(made, opset_imports=opset, ir_version=9), str(path))
    return path


def test_narrowed_ranges_bring_a_graph_nearer_to_its_reference(tmp_path: Path) -> None:
    fp32, int8 = graph(tmp_path / "fp32.onnx"), tmp_path / "int8.onnx"
    rng = np.random.default_rng(4)
    pixels = rng.integers(90, 110, (40, 3, 8, 8)).astype(np.uint8)
    pixels[0, :, 0, 0] = 255  # one rare value widens every range of MinMax
    quantize_static(
        str(fp32), str(int8), Rows(pixels), quant_format=QuantFormat.QDQ, per_channel=True,
        activation_type=QuantType.QUInt8, weight_type=QuantType.QInt8,
        calibrate_method=CalibrationMethod.MinMax,
    )  # fmt: skip
    asked = pixels[1:]
    wanted = open_bare(fp32).run(["map"], {"pixels": asked})[0]
    before = np.abs(open_bare(int8).run(["map"], {"pixels": asked})[0] - wanted).mean()
    narrow(fp32, int8, asked)
    onnx.checker.check_model(onnx.load(str(int8)), full_check=True)
    after = np.abs(open_bare(int8).run(["map"], {"pixels": asked})[0] - wanted).mean()
    assert after < 0.8 * before
