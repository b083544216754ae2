"""The tower's end is tuned with the heads: better at what it learns, and not far from itself."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

torch = pytest.importorskip("torch")

from torch import nn  # noqa: E402  # after the skip

from models.corpus import Pictures, Texts  # noqa: E402
from models.examples import Example  # noqa: E402
from models.heads import COLOUR, PictureHead, Seen, WordsHead  # noqa: E402
from models.tail_net import TailNet  # noqa: E402
from models.tail_train import Tuner, Tuning  # noqa: E402

pytestmark = pytest.mark.workshop
KINDS, ROUNDS, COUNT, TAKES, HEAD, REST = 3, 2, 48, 6, 16, 4


class End(nn.Module):
    """The parts of Lite2 that TailNet reads, small."""

    def __init__(self) -> None:
        super().__init__()
        block = nn.Module()
        block._expand_conv, block._bn0 = nn.Conv2d(TAKES, 12, 1, bias=False), nn.BatchNorm2d(12)
        block._depthwise_conv = nn.Conv2d(12, 12, 3, padding=1, groups=12, bias=False)
        block._bn1 = nn.BatchNorm2d(12)
        block._project_conv, block._bn2 = nn.Conv2d(12, 8, 1, bias=False), nn.BatchNorm2d(8)
        self._blocks = nn.ModuleList([block])
        self._conv_head, self._bn1 = nn.Conv2d(8, HEAD, 1, bias=False), nn.BatchNorm2d(HEAD)


def material() -> tuple[Pictures, Texts, "list[np.ndarray]", TailNet]:
    """Maps of 60 examples of which every fifth is held back; kinds differ in their cells' mean."""
    torch.manual_seed(0)
    rng = np.random.default_rng(0)
    all_kinds = np.arange(60) % KINDS
    signal = np.eye(TAKES)[all_kinds][:, :, None, None]
    maps = [
        (signal + rng.normal(0, 1, (60, TAKES, 8, 8))).astype(np.float16) for _ in range(ROUNDS)
    ]
    rows = np.flatnonzero(np.arange(60) % 5)
    tail = TailNet(End().eval(), torch.float32)
    with torch.no_grad():
        things = torch.stack([tail(torch.from_numpy(m[rows]).float()) for m in maps])
    features = torch.cat([things, torch.rand(ROUNDS, COUNT, REST)], -1)
    histograms = torch.rand(ROUNDS, COUNT, COLOUR)
    kinds = all_kinds[rows]
    examples = [Example("luma", Path(f"{i}.jpg"), "", f"g{i}", sku=str(i)) for i in range(COUNT)]
    said = [(k, -1) for k in range(KINDS)] + [(-1, 0), (-1, 1)]
    said += [(k, c) for k in range(KINDS) for c in (0, 1)]
    words = rng.normal(size=(len(said), 384)).astype(np.float32) / 20
    texts = Texts(
        torch.from_numpy(words), np.array([k for k, _ in said]), np.array([c for _, c in said]),
        torch.rand(2, COLOUR),
    )  # fmt: skip
    return Pictures(examples, features, histograms, kinds), texts, maps, tail


def tuned(plan: Tuning) -> tuple[Tuner, TailNet]:
    pictures, texts, maps, tail = material()
    head = PictureHead(Seen(pictures.features[0], pictures.histograms[0]))
    rows = np.flatnonzero(np.arange(60) % 5)
    tuner = Tuner(pictures, texts, maps, rows, plan, (tail, head, WordsHead()))
    tuner.tune()
    return tuner, tail


def moved(tail: TailNet) -> float:
    pictures, _, maps, _ = material()
    rows = np.flatnonzero(np.arange(60) % 5)
    with torch.no_grad():
        found = tail(torch.from_numpy(maps[0][rows]).float())
    wide = found.shape[1]
    deviation = pictures.features[0, :, :wide].std(0) + 1e-3
    return float(((found - pictures.features[0, :, :wide]) / deviation).square().mean())


PLAN = Tuning(steps=60, batch=24, tail_rate=5e-3, head_rate=5e-3, kept=0.0)


def test_the_end_learns_and_straying_is_dear_where_it_is_to_be_kept() -> None:
    _, free = tuned(PLAN)
    _, held = tuned(replace(PLAN, kept=200.0))
    assert moved(free) > 1e-3
    assert moved(held) < 0.5 * moved(free)


def test_pictures_and_words_of_a_kind_meet_better_than_before() -> None:
    def loss(tuner: Tuner) -> float:
        tuner.rng = np.random.default_rng(5)
        with torch.no_grad():
            return float(np.mean([float(tuner._picture_loss()) for _ in range(8)]))

    before, _ = tuned(replace(PLAN, steps=2, tail_rate=1e-9, head_rate=1e-9))
    after, _ = tuned(PLAN)
    assert loss(after) < loss(before)


def test_it_comes_back_at_rest_and_the_same_each_time() -> None:
    one, tail = tuned(replace(PLAN, steps=5))
    _, again = tuned(replace(PLAN, steps=5))
    assert [net.training for net in (tail, one.head, one.words)] == [False] * 3
    for a, b in zip(tail.parameters(), again.parameters(), strict=True):
        torch.testing.assert_close(a, b)


def test_a_varied_map_hides_no_more_cells_than_it_may() -> None:
    pictures, texts, maps, tail = material()
    head = PictureHead(Seen(pictures.features[0], pictures.histograms[0]))
    rows = np.flatnonzero(np.arange(60) % 5)
    tuner = Tuner(pictures, texts, maps, rows, Tuning(hidden=0.2), (tail, head, WordsHead()))
    shown = tuner._varied(torch.ones(400, TAKES, 8, 8))
    hidden = (shown[:, 0] == 0).float().mean()
    assert 0.05 < float(hidden) < 0.15  # a tenth in the mean
    assert bool((shown[:, :1] == shown).all())  # a cell is hidden in all channels
