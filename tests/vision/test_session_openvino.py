"""OpenVINO behind the same function as ONNX Runtime, and missed politely where it is not."""

import sys
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import pytest

from tests.tiny_model import SIDE, tiny_spec, write_image_graph
from vision.encoder import OnnxEncoder
from vision.engines import open_engine
from vision.errors import BadModel, EncoderBroken
from vision.photo import Pixels
from vision.session import open_session
from vision.session_openvino import open_openvino

needs_openvino = pytest.mark.skipif(
    find_spec("openvino") is None, reason="OpenVINO is optional and not installed here"
)


def pictures(count: int) -> Pixels:
    return np.random.default_rng(2).integers(0, 256, (count, SIDE, SIDE, 3)).astype(np.uint8)


@needs_openvino
@pytest.mark.parametrize("bf16", [False, True])
def test_it_answers_as_onnx_runtime_does(tmp_path: Path, bf16: bool) -> None:
    graph = tmp_path / "g.onnx"
    write_image_graph(graph)
    ours = open_openvino(graph, output="vector", threads=1, bf16=bf16)
    theirs = open_session(graph, output="vector", threads=1)
    for count in (1, 5):
        batch = {"pixels": pictures(count), "unused": pictures(1)}
        found, wanted = ours(batch), theirs(batch)
        assert found.dtype == np.float32
        assert (found * wanted).sum(1).min() > (0.999 if bf16 else 0.99999)


@needs_openvino
def test_threads_that_run_at_once_do_not_mix_their_answers(tmp_path: Path) -> None:
    write_image_graph(tmp_path / "g.onnx")
    run = open_openvino(tmp_path / "g.onnx", output="vector", threads=1, bf16=False)
    each = pictures(8)
    alone = [run({"pixels": p[None]}) for p in each]
    with ThreadPoolExecutor(8) as pool:
        again = list(pool.map(lambda i: run({"pixels": each[i % 8][None]}), range(160)))
    for i, found in enumerate(again):
        np.testing.assert_array_equal(found, alone[i % 8])


@needs_openvino
def test_the_card_chooses_the_engine_of_each_tower(tmp_path: Path) -> None:
    spec = replace(tiny_spec(tmp_path), image_engine="openvino", words_engine="openvino-bf16")
    encoder = OnnxEncoder(spec, threads=1)
    plain = OnnxEncoder(tiny_spec(tmp_path), threads=1)
    (found,), (wanted,) = encoder.pictures(pictures(1)), plain.pictures(pictures(1))
    np.testing.assert_allclose(found.vector, wanted.vector, atol=1e-4)


@needs_openvino
def test_a_damaged_graph_and_a_wrong_input_are_told_apart(tmp_path: Path) -> None:
    (tmp_path / "bad.onnx").write_bytes(b"not a graph")
    with pytest.raises(BadModel, match=r"bad\.onnx"):
        open_openvino(tmp_path / "bad.onnx", output="vector", threads=1, bf16=False)
    write_image_graph(tmp_path / "g.onnx")
    with pytest.raises(BadModel, match=r"g\.onnx"):
        open_openvino(tmp_path / "g.onnx", output="other", threads=1, bf16=False)
    run = open_openvino(tmp_path / "g.onnx", output="vector", threads=1, bf16=False)
    with pytest.raises(EncoderBroken):
        run({"nothing": pictures(1)})
    assert run({"pixels": pictures(1)}).shape == (1, 4)


def test_without_openvino_the_model_says_what_to_install(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "openvino", None)
    with pytest.raises(BadModel, match="pip install openvino"):
        open_engine("openvino", tmp_path / "g.onnx", output="vector", threads=1)
