"""The recipe teaches the heads to tell kinds, pieces and colours apart, and to read colours."""

from pathlib import Path

import numpy as np
import pytest

torch = pytest.importorskip("torch")

from models.corpus import Choices, Pictures, Texts, draw_chances, sku_keys  # noqa: E402
from models.examples import Example  # noqa: E402
from models.heads import COLOUR, INSTANCE, KIND, picture_vector, words_vector  # noqa: E402
from models.measure import Heads  # noqa: E402
from models.train_heads import SOURCE_SHARES, Schedule, Trainer  # noqa: E402

pytestmark = pytest.mark.workshop
KINDS, COLOURS, WIDE = 3, 4, 20
SHARES = {"kind": 0.6, "instance": 0.15, "colour": 0.25}


def corpus() -> tuple[Pictures, Texts]:
    """Three kinds, four colours, features that say so under noise; and captions alike."""
    rng = np.random.default_rng(0)
    kinds = np.arange(120) % KINDS
    hues = (np.arange(120) // KINDS) % COLOURS
    examples = [Example("luma", Path(f"{i}.jpg"), "", f"g{i}", sku=str(i // 2)) for i in range(120)]
    signal = np.eye(WIDE)[kinds] * 3
    features = torch.tensor(signal + rng.normal(0, 0.5, (3, 120, WIDE)), dtype=torch.float32)
    shades = torch.rand(COLOURS, COLOUR, generator=torch.Generator().manual_seed(0))
    shades = torch.nn.functional.normalize(shades**4, dim=-1)
    noise = torch.tensor(rng.normal(0, 0.01, (3, 120, COLOUR)), dtype=torch.float32)
    histograms = shades[torch.from_numpy(hues)] + noise
    said = [(k, -1) for k in range(KINDS)] + [(-1, c) for c in range(COLOURS)]
    said += [(k, c) for k in range(KINDS) for c in range(COLOURS)]
    words = np.zeros((len(said), 384), np.float32)
    for row, (k, c) in enumerate(said):
        words[row, k] = k >= 0
        words[row, 10 + c] = c >= 0
    words /= np.linalg.norm(words, axis=1, keepdims=True)
    texts = Texts(
        torch.from_numpy(words),
        np.array([k for k, _ in said]),
        np.array([c for _, c in said]),
        shades,
    )
    return Pictures(examples, features, histograms, kinds), texts


@pytest.fixture(scope="module")
def trained() -> Heads:
    schedule = Schedule(steps=200, batch=48, words_batch=48, rate=5e-3)
    return Heads(*Trainer(*corpus(), schedule).run(), SHARES)


def test_words_find_pictures_of_the_kind_and_colour_that_they_name(trained: Heads) -> None:
    pictures, texts = corpus()
    table = trained.say(texts.vectors) @ trained.pictures(pictures).T
    best = table.argmax(1).numpy()
    hues = (best // KINDS) % COLOURS
    named, coloured = texts.kinds >= 0, texts.colours >= 0
    assert (pictures.kinds[best] == texts.kinds)[named].mean() > 0.9
    assert (hues == texts.colours)[coloured].mean() > 0.9


def test_words_fill_only_the_blocks_they_speak_of(trained: Heads) -> None:
    _, texts = corpus()
    vectors = trained.say(texts.vectors)
    assert torch.allclose(vectors.norm(dim=-1), torch.ones(len(vectors)), atol=1e-5)
    assert float(vectors[:, KIND : KIND + INSTANCE].abs().max()) == 0.0
    colour = (vectors[:, KIND + INSTANCE :] ** 2).sum(1)
    assert float(colour[torch.from_numpy(texts.colours < 0)].max()) < 0.3
    assert float(colour[torch.from_numpy(texts.kinds < 0)].min()) > 0.8


def test_each_block_of_a_picture_has_its_share(trained: Heads) -> None:
    vectors = trained.pictures(corpus()[0])
    squares = (vectors**2).split([KIND, INSTANCE, COLOUR], 1)
    for run, share in zip(squares, SHARES.values(), strict=True):
        assert torch.allclose(run.sum(1), torch.full((len(vectors),), share), atol=1e-4)


def test_the_same_seed_trains_the_same_heads() -> None:
    schedule = Schedule(steps=4, batch=16, words_batch=12)
    one, two = (Trainer(*corpus(), schedule).run()[0].kind.weight for _ in range(2))
    assert torch.equal(one, two)


def test_a_rare_kind_is_drawn_more_often_than_its_number() -> None:
    examples = [Example("snaps", Path(f"{i}"), "", f"g{i}") for i in range(100)]
    kinds = np.array([0] * 99 + [1])
    pictures = Pictures(examples, torch.zeros(1, 100, 2), torch.zeros(1, 100, 2), kinds)
    chances = draw_chances(pictures, SOURCE_SHARES)
    assert chances.sum() == pytest.approx(1.0)
    assert chances[-1] > 5 * chances[0]


def test_pictures_of_one_product_are_partners_and_snaps_are_alone() -> None:
    examples = [
        Example("luma", Path("a"), "", "g", sku="1"),
        Example("luma", Path("b"), "", "g", sku="1"),
    ]
    examples += [Example("snaps", Path("c"), "", "g"), Example("snaps", Path("d"), "", "g")]
    keys = sku_keys(examples)
    assert keys[0] == keys[1]
    assert len(set(keys.tolist())) == 3
    drawn = Choices(keys, np.arange(4), 3).draw(np.repeat(keys, 50), np.random.default_rng(0))
    assert (keys[drawn] == np.repeat(keys, 50)).all()
    assert set(drawn[:50].tolist()) == {0, 1}


def test_blocks_alone_give_unit_vectors() -> None:
    ones = [
        torch.nn.functional.normalize(torch.rand(3, n), dim=-1) for n in (KIND, INSTANCE, COLOUR)
    ]
    assert torch.allclose(picture_vector(*ones, SHARES).norm(dim=-1), torch.ones(3), atol=1e-5)
    silent = words_vector(ones[0], ones[2], torch.full((3, 2), -50.0), SHARES)
    assert torch.allclose(silent.norm(dim=-1), torch.ones(3), atol=1e-5)
