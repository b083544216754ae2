"""The recipe of the region finder: its data, its loss, its export, the file that ships."""

import hashlib
import json
from pathlib import Path

import numpy as np
import pytest

from models.registry import BUILTIN
from vision.photo import Square
from vision.regions import CARD, CELL_PX, GRAPH, KINDS, SIDE_PX, open_regions

GRID = SIDE_PX // CELL_PX


def test_the_card_names_the_file_that_ships_and_what_it_is_worth() -> None:
    card = json.loads((BUILTIN / CARD).read_text("utf-8"))
    assert hashlib.sha256((BUILTIN / GRAPH).read_bytes()).hexdigest() == card["sha256"]
    assert card["size_bytes"] <= 10_000_000
    for figure in ("recall_at_precision_70_any_kind", "mean_average_precision_50"):
        low, high = card["measured"][figure]["interval"]
        assert low <= card["measured"][figure]["value"] <= high
    assert set(card["beliefs"]) == set(KINDS)


def test_an_empty_wall_shows_nothing_to_the_finder_that_ships() -> None:
    finder = open_regions(BUILTIN, threads=1, lanes=1, max_waiting=0, clock=lambda: 0.0)
    assert finder is not None
    for grey in (0, 127, 255):
        wall = Square(np.full((SIDE_PX, SIDE_PX, 3), grey, np.uint8), 640, 480)
        assert finder.find(wall, least=0.5) == []


def test_on_street_photos_the_finder_that_ships_sees_what_people_wear(shared_data: Path) -> None:
    from models.regions_stock import read_rgb, read_truths
    from vision.photo import Photo
    from vision.preprocess import preprocess

    finder = open_regions(BUILTIN, threads=1, lanes=1, max_waiting=0, clock=lambda: 0.0)
    assert finder is not None
    truths = read_truths(shared_data / "street")
    found = there = 0
    for name in sorted(truths)[:200:20]:
        pixels = read_rgb(shared_data / "street" / "photos" / name)
        assert pixels is not None
        height, width = pixels.shape[:2]
        squashed = preprocess(Photo(pixels, width, height), SIDE_PX, "squash")
        kinds = {region.kind for region in finder.find(Square(squashed, width, height))}
        wanted = {truth.kind for truth in truths[name] if truth.pixels >= 1_500}
        found, there = found + len(kinds & wanted), there + len(wanted)
    assert found >= 0.5 * there


@pytest.mark.workshop
def test_a_head_learns_one_scene_by_heart() -> None:
    import torch

    from models.regions_net import RegionNet, boxes_of, region_loss
    from models.regions_tower import TAPS

    torch.manual_seed(1)
    net = RegionNet().train()
    maps = [torch.randn(2, w, SIDE_PX // step, SIDE_PX // step) for _, w, step in TAPS.values()]
    kind = torch.zeros((2, GRID, GRID), dtype=torch.int64)
    kind[:, 5:10, 5:10] = 3
    box = torch.tensor([0.2, 0.2, 0.5, 0.5])[None, :, None, None].expand(2, 4, GRID, GRID)
    weight = (kind > 0).float()
    optimiser = torch.optim.AdamW(net.parameters(), lr=3e-3)
    losses = []
    for _ in range(25):
        found = net(*maps)
        loss = region_loss(found, kind, box, weight)
        optimiser.zero_grad()
        loss.backward()  # type: ignore[no-untyped-call]  # torch leaves it untyped
        optimiser.step()
        losses.append(loss.item())
    assert losses[-1] < 0.6 * losses[0]
    assert boxes_of(found[1]).shape == (2, 4, GRID, GRID)


@pytest.mark.workshop
def test_of_what_is_unknown_nothing_is_learned() -> None:
    import torch

    from models.regions_net import region_loss

    unknown = torch.full((1, GRID, GRID), -1)
    found = (
        torch.randn(1, len(KINDS), GRID, GRID), torch.randn(1, 4, GRID, GRID),
        torch.randn(1, GRID, GRID),
    )  # fmt: skip
    weight = torch.zeros(1, GRID, GRID)
    assert region_loss(found, unknown, torch.rand(1, 4, GRID, GRID), weight).item() == 0.0


@pytest.mark.workshop
def test_small_and_rare_things_may_count_more_while_the_whole_counts_the_same() -> None:
    import torch

    from models.regions_train import rare_first

    kind = torch.zeros((1, GRID, GRID), dtype=torch.int64)
    kind[0, :10], kind[0, 12, :2] = KINDS.index("outer") + 1, KINDS.index("bag") + 1
    weight = torch.zeros(1, GRID, GRID)
    weight[0, :10], weight[0, 12, :2] = (10 * GRID) ** -0.5, 2**-0.5
    moved = rare_first(kind, weight)
    assert moved.sum().item() == pytest.approx(weight.sum().item(), rel=1e-5)
    assert moved[0, 12, 0] > weight[0, 12, 0]
    assert moved[0, 0, 0] < weight[0, 0, 0]
