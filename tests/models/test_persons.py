"""The head finder and the scenes it learns from."""

import hashlib
import json
from pathlib import Path

import numpy as np
import pytest

torch = pytest.importorskip("torch", reason="the workshop extra is not installed")

from models.crowds import Cutout, Stock, read_stock, scene, targets  # noqa: E402  after the skip
from models.errors import NoData  # noqa: E402
from models.persons import CELL_PX, HEIGHT_PX, WIDTH_PX, finder_loss  # noqa: E402
from models.registry import BUILTIN  # noqa: E402

pytestmark = pytest.mark.workshop


def doll() -> Cutout:
    """A drawn person: a head, a coat."""
    pixels = np.full((300, 100, 3), (90, 40, 40), np.uint8)
    pixels[:40, 35:65] = (210, 170, 150)
    alpha = np.zeros((300, 100), np.uint8)
    alpha[:40, 35:65] = alpha[40:] = 255
    clothes = alpha.copy()
    clothes[:40] = 0
    return Cutout(pixels, pixels, alpha, clothes, 50.0, 20.0)


def stock() -> Stock:
    ground = np.full((240, 400, 3), 128, np.uint8)
    photo = np.full((800, 550, 3), 100, np.uint8)
    return Stock([doll()], [(photo, (270.0, 80.0, 90.0))], [ground])


def test_scenes_hold_nobody_one_and_several_with_every_head_inside_the_picture() -> None:
    rng = np.random.default_rng(1)
    scenes = [scene(stock(), rng) for _ in range(80)]
    assert {0, 1, 2} <= {len(one.heads) for one in scenes}
    for one in scenes:
        assert one.pixels.shape == (HEIGHT_PX, WIDTH_PX, 3)
        for x, y, size in one.heads:
            assert 0 <= x < WIDTH_PX
            assert 0 <= y < HEIGHT_PX
            assert size > 0


def test_the_same_seed_makes_the_same_scenes() -> None:
    first = scene(stock(), np.random.default_rng(5))
    assert np.array_equal(first.pixels, scene(stock(), np.random.default_rng(5)).pixels)


def test_each_head_has_its_bell_with_its_top_in_its_own_cell() -> None:
    heat, sizes = targets([(100.0, 60.0, 24.0), (300.0, 10.0, 9.0)])
    assert heat.shape == (HEIGHT_PX // CELL_PX, WIDTH_PX // CELL_PX)
    assert heat[7, 12] == heat[1, 37] == 1.0
    assert (heat == 1.0).sum() == 2
    assert sizes[7, 12] == pytest.approx(np.log(3.0))


def test_the_loss_is_least_where_the_map_is_right() -> None:
    heat, sizes = (torch.from_numpy(part)[None] for part in targets([(100.0, 60.0, 24.0)]))
    right = torch.where(heat >= 0.999, 9.0, -9.0)
    wrong = torch.where(heat >= 0.999, -9.0, -9.0)
    assert finder_loss(right, sizes, heat, sizes) < 0.01 < finder_loss(wrong, sizes, heat, sizes)


def test_without_the_photos_it_says_so(tmp_path: Path) -> None:
    with pytest.raises(NoData):
        read_stock(tmp_path, held_out=False)


def test_the_net_is_the_one_that_its_card_speaks_of() -> None:
    card = json.loads((BUILTIN / "persons.json").read_text("utf-8"))
    found = hashlib.sha256((BUILTIN / "persons.onnx").read_bytes()).hexdigest()
    assert card["sha256"] == found
    assert "Apache-2.0" in card["of"]
