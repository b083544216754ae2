"""Snaps: other than the studio picture, the same for the same dice."""

import numpy as np

from models.drawn_fields import rng_of
from models.drawn_product import Spec, draw_cutout
from models.drawn_scenes import background
from models.drawn_snap import snap

RED = Spec("tshirt", (), ((200, 30, 40), (240, 240, 240), (30, 30, 30)), "jersey")


def test_a_snap_shows_the_article_on_something_else_than_the_studio() -> None:
    cutout = draw_cutout(RED)
    seen = snap(cutout.pixels, cutout.alpha, rng_of("a"))
    assert seen.shape == (960, 720, 3)
    red = (seen[..., 0].astype(int) - seen[..., 1]) > 60
    assert 0.04 < red.mean() < 0.9
    assert seen.mean() < 235


def test_the_same_dice_take_the_same_snap_and_others_another() -> None:
    cutout = draw_cutout(RED)
    one, two, three = (snap(cutout.pixels, cutout.alpha, rng_of(k)) for k in ("a", "a", "b"))
    assert np.array_equal(one, two)
    assert not np.array_equal(one, three)


def test_every_scene_is_lit_and_finite() -> None:
    for dice in range(12):
        scene = background(rng_of("scene", dice))
        assert scene.shape == (3, 960, 720)
        assert np.isfinite(scene).all()
        assert 20 < scene.mean() < 245
