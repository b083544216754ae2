"""What the region finder is shown, and what each cell is to say of it."""

import numpy as np
import pytest

from models.regions_scenes import GRID, plain_scene, random_scene
from models.regions_stock import UNSURE, Subject
from vision.regions import KINDS, SIDE_PX

COAT, BAG = KINDS.index("outer") + 1, KINDS.index("bag") + 1


def subject() -> Subject:
    """A coat in the middle, a small bag on it, a belt across: 400 × 600."""
    marks = np.zeros((600, 400), np.uint8)
    marks[120:420, 100:300] = 1
    marks[250:330, 120:180] = 2
    marks[430:460, 100:300] = UNSURE
    pixels = np.full((600, 400, 3), 200, np.uint8)
    pixels[marks == 1] = (120, 20, 30)
    return Subject("a.jpg", "a", pixels, marks, (marks > 0).astype(np.uint8), ("outer", "bag"),
                   (400, 600))  # fmt: skip


def test_a_cell_says_the_thing_under_its_middle_and_where_that_ends() -> None:
    scene = plain_scene(subject())
    row, column = int(200 / 600 * GRID), GRID // 2
    assert scene.kind[row, column] == COAT
    assert scene.box[:, row, column] == pytest.approx([0.25, 0.2, 0.75, 0.7], abs=0.01)
    assert scene.kind[0, 0] == 0


def test_the_smaller_thing_has_its_cells_and_weighs_more_a_cell() -> None:
    scene = plain_scene(subject())
    bag, coat = scene.kind == BAG, scene.kind == COAT
    assert 0 < bag.sum() < coat.sum()
    assert scene.weight[bag].mean() > scene.weight[coat].mean()
    assert scene.weight[scene.kind <= 0].sum() == 0


def test_of_what_is_none_of_the_kinds_nothing_is_learned() -> None:
    scene = plain_scene(subject())
    assert (scene.kind[int(445 / 600 * GRID)] == -1).any()


@pytest.mark.parametrize("seed", range(12))
def test_however_it_is_turned_the_boxes_hold_their_cells(seed: int) -> None:
    rng = np.random.default_rng(seed)
    ground = np.full((50, 50, 3), 90, np.uint8)
    scene = random_scene(subject(), ground, rng)
    assert scene.pixels.shape == (SIDE_PX, SIDE_PX, 3)
    rows, columns = np.nonzero(scene.kind > 0)
    left, top, right, bottom = scene.box[:, rows, columns]
    slack = 1 / GRID
    assert np.all((left <= (columns + 0.5) / GRID + slack) & (top <= (rows + 0.5) / GRID + slack))
    assert np.all(right >= (columns + 0.5) / GRID - slack)
    assert np.all(bottom >= (rows + 0.5) / GRID - slack)
    assert scene.box.min() >= 0
    assert scene.box.max() <= 1


def test_the_same_seed_makes_the_same_picture() -> None:
    ground = np.full((50, 50, 3), 90, np.uint8)
    one, other = (random_scene(subject(), ground, np.random.default_rng(5)) for _ in range(2))
    assert np.array_equal(one.pixels, other.pixels)
    assert np.array_equal(one.kind, other.kind)
