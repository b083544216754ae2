"""ONNX Runtime behind one function, its errors translated."""

import os
from pathlib import Path

import numpy as np
import pytest

from tests.tiny_model import SIDE, write_image_graph
from vision.errors import BadModel, EncoderBroken
from vision.session import _places, open_session


def test_a_graph_answers_unit_vectors(tmp_path: Path) -> None:
    write_image_graph(tmp_path / "g.onnx")
    run = open_session(tmp_path / "g.onnx", output="vector", threads=1)
    found = run({"pixels": np.full((3, SIDE, SIDE, 3), 9, np.uint8)})
    assert found.shape == (3, 4)
    assert np.allclose(np.linalg.norm(found, axis=1), 1, atol=1e-6)


@pytest.mark.parametrize("content", [b"", b"not a graph", b"\x08\x07" * 500])
def test_a_damaged_graph_is_a_bad_model(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "g.onnx").write_bytes(content)
    with pytest.raises(BadModel, match=r"g\.onnx"):
        open_session(tmp_path / "g.onnx", output="vector", threads=1)


def test_a_missing_graph_is_a_bad_model(tmp_path: Path) -> None:
    with pytest.raises(BadModel, match=r"gone\.onnx"):
        open_session(tmp_path / "gone.onnx", output="vector", threads=1)


def test_a_graph_without_the_output_is_a_bad_model(tmp_path: Path) -> None:
    write_image_graph(tmp_path / "g.onnx")
    with pytest.raises(BadModel, match="no output named 'other'"):
        open_session(tmp_path / "g.onnx", output="other", threads=1)


def test_a_wrong_input_breaks_the_run_and_not_the_session(tmp_path: Path) -> None:
    write_image_graph(tmp_path / "g.onnx")
    run = open_session(tmp_path / "g.onnx", output="vector", threads=1)
    with pytest.raises(EncoderBroken):
        run({"pixels": np.zeros((1, 3), np.uint8)})
    with pytest.raises(EncoderBroken):
        run({"nothing": np.zeros((1, 3), np.uint8)})
    assert run({"pixels": np.zeros((1, SIDE, SIDE, 3), np.uint8)}).shape == (1, 4)


def test_helpers_have_cores_of_their_own_and_the_caller_may_be_anywhere_afterwards(
    tmp_path: Path,
) -> None:
    cores = os.sched_getaffinity(0)
    callers, helpers = _places(len(cores))
    assert callers.isdisjoint(helpers)
    assert callers | set(helpers) == (cores if len(cores) > 1 else set())
    assert _places(1) == _places(len(cores) + 1) == (set(), [])
    write_image_graph(tmp_path / "g.onnx")
    run = open_session(tmp_path / "g.onnx", output="vector", threads=len(cores))
    run({"pixels": np.zeros((1, SIDE, SIDE, 3), np.uint8)})
    assert os.sched_getaffinity(0) == cores
