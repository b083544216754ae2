"""What was learned lies in the graphs: they answer what was measured, whatever model they were."""

from pathlib import Path

import numpy as np
import onnx
import pytest

pytest.importorskip("torch")

import torch

from models.adapt_graph import (  # after the skip
    SENSED,
    Colours,
    adapted_pictures,
    adapted_words,
    sensing_graph,
    widest_features,
)
from models.adapt_lens import Blend, Sensed, fit_lens, fit_speech, unit
from models.registry import BUILTIN
from tests.models.tiny import noise_pictures
from tests.tiny_model import DIMENSION, SIDE, tiny_spec
from vision.session import open_session

pytestmark = pytest.mark.workshop
BINS = 5


@pytest.fixture
def colours() -> Colours:
    centres = torch.tensor(np.random.default_rng(0).normal(0, 30, (BINS, 3)), dtype=torch.float32)
    return Colours(centres, SIDE)


def test_the_features_of_the_built_in_model_are_wider_than_its_vector() -> None:
    model = onnx.load(str(BUILTIN / "image.onnx"))
    name = widest_features(model)
    assert name != "vector"
    assert any(name in node.input for node in model.graph.node)


def test_a_graph_without_learned_maps_gives_its_vector() -> None:
    node = onnx.helper.make_node("Identity", ["pixels"], ["vector"])
    assert widest_features(onnx.helper.make_model(onnx.helper.make_graph([node], "g", [], []))) == (
        "vector"
    )


def test_both_graphs_answer_what_was_learned(tmp_path: Path, colours: Colours) -> None:
    spec = tiny_spec(tmp_path)
    graph = sensing_graph(spec.image_graph, colours, SIDE, tmp_path)
    onnx.save(graph, str(tmp_path / "sensing.onnx"))
    pixels = noise_pictures(30, SIDE)
    seen = open_session(tmp_path / "sensing.onnx", output=SENSED, threads=1)({"pixels": pixels})
    plain = open_session(spec.image_graph, output="vector", threads=1)({"pixels": pixels})
    sensed = Sensed(seen[:, :DIMENSION], seen[:, DIMENSION:-BINS], seen[:, -BINS:])
    assert np.allclose(sensed.vectors, plain, atol=1e-6)
    assert np.allclose((sensed.colours**2).sum(1), 1, atol=1e-3)
    half = np.arange(15)
    lens = fit_lens(sensed, [(sensed.at(half), sensed.at(half + 15))])
    blend = Blend(0.6, 1.0)
    adapted_pictures(graph, lens, blend, tmp_path / "adapted.onnx")
    run = open_session(tmp_path / "adapted.onnx", output="vector", threads=1)
    wanted = blend.pictures(sensed.vectors, lens.see(sensed))
    assert np.allclose(run({"pixels": pixels}), wanted, atol=1e-4)

    ids = np.random.default_rng(1).integers(0, 7, (20, 6))
    feed = {"ids": ids, "mask": np.ones_like(ids)}
    said = open_session(spec.words_graph, output="vector", threads=1)(feed)
    speech = fit_speech(said, unit(np.random.default_rng(2).normal(0, 1, (20, lens.turn.shape[1]))))
    adapted_words(spec.words_graph, speech, blend, tmp_path / "words-adapted.onnx")
    run = open_session(tmp_path / "words-adapted.onnx", output="vector", threads=1)
    assert np.allclose(run(feed), blend.pictures(said, speech.say(said)), atol=1e-4)


def test_the_thing_is_what_stands_out_from_the_border(colours: Colours) -> None:
    side = 64
    look = Colours(colours.bins.centres, side)
    pixels = np.full((1, side, side, 3), 250, np.uint8)
    pixels[0, 20:44, 20:44] = (200, 30, 30)
    weights = look.weights(look.planes(torch.from_numpy(pixels)))[0].reshape(look.side, look.side)
    third = look.side // 3
    assert float(weights[third:-third, third:-third].sum()) > 0.8
    assert float(weights.sum()) == pytest.approx(1, abs=1e-4)
