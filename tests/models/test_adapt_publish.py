"""What is published is proven through what serves, whole or not at all."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest

pytest.importorskip("torch")
pytest.importorskip("onnx")

import torch

from models.adapt_folds import Chosen, Scores  # after the skip
from models.adapt_graph import Colours, sensing_graph
from models.adapt_judge import Evidence
from models.adapt_lens import Blend, Sensed, Speech, fit_lens, fit_speech, unit
from models.adapt_publish import Made, publish_adapted
from models.adapt_shop import Shop, Texts
from models.adapt_table import Item
from models.adapt_trial import Learned
from models.card import ModelCard
from models.errors import ParityLost
from models.registry import find_card, load_card, published
from tests.tiny_card import tiny_model
from tests.tiny_model import DIMENSION, SIDE
from vision.encoder import OnnxEncoder

pytestmark = pytest.mark.workshop
TOLD = {"products": 3, "pictures": 4, "table_sha256": "ab" * 32}
BINS, FEATURES = 5, 3  # the tiny model's last map takes the mean colour


def rows(count: int, seed: int, width: int = DIMENSION) -> Any:
    return unit(np.random.default_rng(seed).normal(0, 1, (count, width)).astype(np.float32))


@pytest.fixture
def base(tmp_path: Path) -> ModelCard:
    return load_card(tiny_model(tmp_path / "base"))


@pytest.fixture
def made(base: ModelCard, tmp_path: Path) -> Made:
    centres = torch.tensor(np.random.default_rng(0).normal(0, 30, (BINS, 3)), dtype=torch.float32)
    sensing = sensing_graph(base.spec.image_graph, Colours(centres, SIDE), SIDE, tmp_path)
    seen = Sensed(rows(30, 1), rows(30, 2, FEATURES), rows(30, 3, BINS))
    half = np.arange(15)
    lens = fit_lens(seen, [(seen.at(half), seen.at(half + 15))])
    speech = fit_speech(rows(20, 4), rows(20, 5, lens.turn.shape[1]))
    scores = Scores({"picture": [rows(9, 6)[:, 0]]}, {"picture": [rows(9, 7)[:, 0]]})
    return Made(sensing, Learned(lens, speech), Chosen(Blend(0.5, 2.0), Evidence(), scores))


@pytest.fixture
def shop() -> Shop:
    items = [Item(str(i), title, str(i), ()) for i, title in enumerate(("red shirt", "", "a"))]
    seen = Sensed(rows(3, 8), rows(3, 9, FEATURES), rows(3, 10, BINS))
    first = np.arange(3)
    return Shop(items, first, first, [seen], rows(3, 11), Texts(rows(1, 12), [first]), {})


def publish(base: ModelCard, made: Made, shop: Shop, store: Path) -> Path:
    return publish_adapted("toys", base, made, shop, TOLD, store)


def test_what_is_published_is_found_by_its_name_and_serves_in_its_own_space(
    base: ModelCard, made: Made, shop: Shop, tmp_path: Path
) -> None:
    final = publish(base, made, shop, tmp_path / "store")
    card = find_card("toys", tmp_path / "store")
    width = made.learned.lens.turn.shape[1]
    assert final.name == card.version
    assert card.spec.space == f"toys/{card.version}"
    assert card.spec.dimension == DIMENSION + width
    assert card.measured == {"adapted": TOLD}
    assert [f.name for f in final.parent.iterdir()] == [card.version]
    pixels = np.random.default_rng(0).integers(0, 256, (4, SIDE, SIDE, 3), dtype=np.uint8)
    old = OnnxEncoder(base.spec, threads=1).pictures(pixels)
    new = OnnxEncoder(card.spec, threads=1).pictures(pixels)
    for before, after in zip(old, new, strict=True):
        assert np.allclose(unit(after.vector[None, :DIMENSION])[0], before.vector, atol=1e-3)


def test_the_same_again_is_the_same_version(
    base: ModelCard, made: Made, shop: Shop, tmp_path: Path
) -> None:
    first = publish(base, made, shop, tmp_path / "store")
    assert publish(base, made, shop, tmp_path / "store") == first
    assert published(tmp_path / "store") == [first]


def test_graphs_that_do_not_answer_what_was_measured_are_not_published(
    base: ModelCard, made: Made, shop: Shop, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = publish(base, made, shop, tmp_path / "store")
    monkeypatch.setattr(Speech, "say", lambda self, words: rows(len(words), 13, self.turn.shape[1]))
    with pytest.raises(ParityLost, match="words graph"):
        publish(base, made, shop, tmp_path / "store")
    assert published(tmp_path / "store") == [first]
    assert list(first.parent.iterdir()) == [first]
    load_card(first)
