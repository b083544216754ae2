"""A real model of a few hundred bytes: graphs, vocabulary and spec, made with onnx on the spot.

Its picture vector is the normalised mean colour (and a constant), its word vector the normalised
histogram of token ids modulo 4: enough to tell red from blue and one text from another.
"""

from pathlib import Path
from typing import Any

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper
from tokenizers import Tokenizer, models, pre_tokenizers

from vision.spec import EncoderSpec

SIDE = 8
DIMENSION = 4
WORDS = ("[UNK]", "[PAD]", "red", "green", "blue", "shirt", "a")


def tiny_spec(folder: Path, **changes: Any) -> EncoderSpec:
    """Write the model into `folder`; its spec, with `changes`."""
    facts: dict[str, Any] = {
        "name": "tiny", "version": "1", "space": "tiny/1", "dimension": DIMENSION,
        "size_px": SIDE, "resize": "squash", "image_graph": folder / "image.onnx",
        "words_graph": folder / "words.onnx", "vocabulary": folder / "vocabulary.json",
        "tokeniser": "wordpiece", "context_length": 8, "lexicon": None, "title_weight": 0.3,
    }  # fmt: skip
    write_image_graph(facts["image_graph"])
    write_words_graph(facts["words_graph"])
    write_vocabulary(facts["vocabulary"])
    return EncoderSpec(**(facts | changes))


def write_image_graph(path: Path, scale: float = 1.0) -> None:
    """uint8 (N, S, S, 3) → mean colour and a constant, normalised, times `scale`."""
    nodes = [
        helper.make_node("Cast", ["pixels"], ["floats"], to=TensorProto.FLOAT),
        helper.make_node("ReduceMean", ["floats", "axes"], ["mean"], keepdims=0),
        helper.make_node("MatMul", ["mean", "widen"], ["wide"]),
        helper.make_node("Add", ["wide", "constant"], ["raw"]),
        helper.make_node("LpNormalization", ["raw"], ["unit"], axis=1, p=2),
        helper.make_node("Mul", ["unit", "scale"], ["vector"]),
    ]
    constants = {
        "axes": np.array([1, 2], np.int64),
        "widen": np.eye(3, DIMENSION, dtype=np.float32),
        "constant": np.array([[0, 0, 0, 20]], np.float32),
        "scale": np.array([scale], np.float32),
    }
    pixels = helper.make_tensor_value_info("pixels", TensorProto.UINT8, ["n", SIDE, SIDE, 3])
    save(path, nodes, [pixels], constants)


def write_words_graph(path: Path) -> None:
    """ids, mask (N, L) → how often each id modulo 4 occurs, normalised."""
    nodes = [
        helper.make_node("Mod", ["ids", "four"], ["slot"]),
        helper.make_node("OneHot", ["slot", "depth", "off_on"], ["hot"], axis=-1),
        helper.make_node("Cast", ["mask"], ["weight"], to=TensorProto.FLOAT),
        helper.make_node("Unsqueeze", ["weight", "last"], ["column"]),
        helper.make_node("Mul", ["hot", "column"], ["kept"]),
        helper.make_node("ReduceSum", ["kept", "first"], ["raw"], keepdims=0),
        helper.make_node("LpNormalization", ["raw"], ["vector"], axis=1, p=2),
    ]
    constants = {
        "four": np.array([DIMENSION], np.int64),
        "depth": np.array([DIMENSION], np.int64),
        "off_on": np.array([0, 1], np.float32),
        "last": np.array([-1], np.int64),
        "first": np.array([1], np.int64),
    }
    inputs = [
        helper.make_tensor_value_info(name, TensorProto.INT64, ["n", "l"])
        for name in ("ids", "mask")
    ]
    save(path, nodes, inputs, constants)


def write_vocabulary(path: Path) -> None:
    """A word-level tokenizer of seven words."""
    vocabulary = {word: i for i, word in enumerate(WORDS)}
    tokenizer = Tokenizer(models.WordLevel(vocabulary, unk_token="[UNK]"))
    tokenizer.pre_tokenizer = pre_tokenizers.Whitespace()
    tokenizer.save(str(path))


def save(
    path: Path,
    nodes: list[onnx.NodeProto],
    inputs: list[onnx.ValueInfoProto],
    constants: dict[str, Any],
) -> None:
    """Check and write a graph whose output is `vector`."""
    graph = helper.make_graph(
        nodes,
        "tiny",
        inputs,
        [helper.make_tensor_value_info("vector", TensorProto.FLOAT, ["n", DIMENSION])],
        [numpy_helper.from_array(value, name) for name, value in constants.items()],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 18)], ir_version=9)
    onnx.checker.check_model(model)
    onnx.save(model, path)
