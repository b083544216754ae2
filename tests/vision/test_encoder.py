"""The encoder keeps its promises, whatever model it was given."""

import threading
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.tiny_model import SIDE, tiny_spec, write_image_graph
from vision.encoder import OnnxEncoder
from vision.errors import BadModel, EncoderBroken, EncoderBusy, NotWords
from vision.photo import Pixels
from vision.spec import EncoderSpec


@pytest.fixture(scope="module")
def spec(tmp_path_factory: pytest.TempPathFactory) -> EncoderSpec:
    return tiny_spec(tmp_path_factory.mktemp("model"))


@pytest.fixture(scope="module")
def encoder(spec: EncoderSpec) -> OnnxEncoder:
    return OnnxEncoder(spec, threads=1)


def plain(*colour: int) -> Pixels:
    return np.full((SIDE, SIDE, 3), colour, np.uint8)


def test_pictures_land_in_the_models_space(encoder: OnnxEncoder) -> None:
    red, blue = encoder.pictures(np.stack([plain(255, 0, 0), plain(0, 0, 255)]))
    assert red.space == blue.space == "tiny/1"
    assert float(red.vector @ blue.vector) < 0.1


@given(st.lists(st.tuples(*[st.integers(0, 255)] * 3), min_size=2, max_size=9))
@settings(max_examples=30, deadline=None)
def test_a_neighbour_in_the_batch_changes_nothing(
    encoder: OnnxEncoder, colours: list[tuple[int, int, int]]
) -> None:
    together = encoder.pictures(np.stack([plain(*c) for c in colours]))
    for colour, found in zip(colours, together, strict=True):
        (alone,) = encoder.pictures(plain(*colour)[None])
        assert np.allclose(alone.vector, found.vector, atol=1e-5)


@pytest.mark.parametrize(
    "batch",
    [
        np.zeros((SIDE, SIDE, 3), np.uint8),
        np.zeros((1, SIDE + 1, SIDE, 3), np.uint8),
        np.zeros((1, SIDE, SIDE, 3), np.float32),
        np.zeros((1, 3, SIDE, SIDE), np.uint8),
    ],
)
def test_another_shape_is_refused_before_the_graph_runs(
    encoder: OnnxEncoder, batch: Pixels
) -> None:
    with pytest.raises(ValueError, match="pictures are uint8"):
        encoder.pictures(batch)
    assert encoder.pulse().failures == 0


def test_words_are_embedded_and_blank_ones_refused(encoder: OnnxEncoder) -> None:
    first, second = encoder.words(["red shirt", "blue shirt a"])
    assert not np.allclose(first.vector, second.vector)
    for bad in ([], [" "], ["red", "\n"]):
        with pytest.raises(NotWords):
            encoder.words(bad)


def test_a_graph_whose_vectors_are_not_unit_is_refused_at_the_start(tmp_path: Path) -> None:
    spec = tiny_spec(tmp_path)
    write_image_graph(spec.image_graph, scale=0.5)
    with pytest.raises(BadModel, match="not of unit length"):
        OnnxEncoder(spec, threads=1)


def test_a_graph_that_answers_nan_is_refused_at_the_start(tmp_path: Path) -> None:
    spec = tiny_spec(tmp_path)
    write_image_graph(spec.image_graph, scale=float("nan"))
    with pytest.raises(BadModel, match="unit length"):
        OnnxEncoder(spec, threads=1)


def test_a_card_that_lies_about_the_dimension_is_refused_at_the_start(spec: EncoderSpec) -> None:
    with pytest.raises(BadModel, match="was due"):
        OnnxEncoder(replace(spec, dimension=5), threads=1)


def test_a_failed_run_shows_in_the_pulse_until_one_succeeds(
    spec: EncoderSpec, monkeypatch: pytest.MonkeyPatch
) -> None:
    encoder = OnnxEncoder(spec, threads=1)

    def broken(_: object) -> Pixels:
        raise EncoderBroken("planted")

    good = encoder._image
    monkeypatch.setattr(encoder, "_image", broken)
    with pytest.raises(EncoderBroken, match="planted"):
        encoder.pictures(plain(1, 2, 3)[None])
    assert encoder.pulse().failures == 1
    monkeypatch.setattr(encoder, "_image", good)
    encoder.pictures(plain(1, 2, 3)[None])
    assert encoder.pulse().failures == 0


def test_the_queue_before_the_encoder_is_bounded(
    spec: EncoderSpec, monkeypatch: pytest.MonkeyPatch
) -> None:
    encoder = OnnxEncoder(spec, threads=1, max_waiting=0)
    inside, leave = threading.Event(), threading.Event()
    good = encoder._image

    def slow(inputs: object) -> object:
        inside.set()
        assert leave.wait(60)
        return good(inputs)

    monkeypatch.setattr(encoder, "_image", slow)
    runner = threading.Thread(target=encoder.pictures, args=(plain(1, 1, 1)[None],))
    runner.start()
    assert inside.wait(60)
    with pytest.raises(EncoderBusy):
        encoder.pictures(plain(2, 2, 2)[None])
    leave.set()
    runner.join()
    assert encoder.pictures(plain(2, 2, 2)[None])


def test_pictures_seen_side_by_side_are_the_same_as_alone(spec: EncoderSpec) -> None:
    encoder = OnnxEncoder(spec, threads=2, lanes=2)
    (wanted,) = encoder.pictures(plain(10, 200, 30)[None])
    with encoder._turnstile.run():  # another run is under way
        (found,) = encoder.pictures(plain(10, 200, 30)[None])
    assert np.allclose(found.vector, wanted.vector, atol=1e-5)
    assert encoder._image_beside is not encoder._image
    alone = OnnxEncoder(spec, threads=2)
    assert alone._image_beside is alone._image
