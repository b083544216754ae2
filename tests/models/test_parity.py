"""A graph in integers that is no longer the same eye is refused before anybody is served by it."""

from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("torch")

from models.closeness import compare
from models.errors import ParityLost
from models.examples import Example
from models.gate import GATES, require
from models.parity import PHOTOS, judging_examples

pytestmark = pytest.mark.workshop


def vectors(count: int, noise: float) -> "tuple[np.ndarray, np.ndarray]":
    rng = np.random.default_rng(0)
    plain = rng.normal(size=(count, 64))
    moved = plain + noise * rng.normal(size=plain.shape)
    lengths = [np.linalg.norm(x, axis=1, keepdims=True) for x in (plain, moved)]
    return (plain / lengths[0]).astype(np.float32), (moved / lengths[1]).astype(np.float32)


def test_the_eye_must_keep_ninety_seven_of_a_hundred_nearest() -> None:
    assert GATES["int8"].agreement == 0.97
    require("a good one", "int8", compare(*vectors(PHOTOS, 0.01)))


def test_a_planted_loss_is_refused() -> None:
    reference, found = vectors(PHOTOS, 0.01)
    found[:12] = found[12:24]  # one photo in twenty answers as another does
    with pytest.raises(ParityLost):
        require("a broken one", "int8", compare(reference, found))


def test_none_of_the_photos_that_calibrated_judges() -> None:
    examples = [Example("snaps", Path(f"{i}.jpg"), "Shirt", f"sender-{i}") for i in range(600)]
    told = {e.path for e in examples[::5]}
    chosen = judging_examples(examples, told)
    assert len({e.path for e in chosen}) == PHOTOS
    assert not told & {e.path for e in chosen}
    assert chosen[0] is examples[1]
    assert chosen[-1] is examples[-1]  # spread over all of them
