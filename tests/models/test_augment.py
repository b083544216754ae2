"""A phone's picture of the same thing: other pixels, a picture all the same, the same each time."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from models.augment import phone_like
from models.cutout import garment_mask, studio_like
from vision.photo import Pixels


def checked(height: int, width: int) -> Pixels:
    rows, columns = np.mgrid[:height, :width]
    return np.stack([(rows * 7) % 256, (columns * 5) % 256, (rows + columns) % 256], 2).astype(
        np.uint8
    )


def shirt_on_a_table() -> Pixels:
    rng = np.random.default_rng(0)
    scene = rng.normal((150, 120, 90), 6, (240, 200, 3))
    scene[60:190, 50:150] = rng.normal((30, 60, 180), 6, (130, 100, 3))
    return scene.clip(0, 255).astype(np.uint8)


@given(st.integers(16, 120), st.integers(16, 120), st.integers(0, 1000))
@settings(max_examples=60, deadline=None)
def test_any_picture_stays_a_picture(height: int, width: int, seed: int) -> None:
    found = phone_like(checked(height, width), np.random.default_rng(seed))
    assert found.dtype == np.uint8
    assert found.ndim == 3
    assert found.shape[2] == 3
    assert 0 not in found.shape


def test_the_same_seed_makes_the_same_picture() -> None:
    one, two = (phone_like(checked(90, 70), np.random.default_rng(5)) for _ in range(2))
    assert np.array_equal(one, two)
    other = phone_like(checked(90, 70), np.random.default_rng(6))
    assert one.shape != other.shape or not np.array_equal(one, other)


def test_the_colour_survives_the_phone() -> None:
    red = np.full((80, 80, 3), (190, 20, 30), np.uint8)
    for seed in range(20):
        mean = phone_like(red, np.random.default_rng(seed)).reshape(-1, 3).mean(0)
        assert mean[0] > 2 * max(mean[1], mean[2])


def test_a_shirt_on_a_table_is_cut_out_and_laid_on_white() -> None:
    mask = garment_mask(shirt_on_a_table())
    assert mask is not None
    assert mask[60:190, 50:150].mean() > 0.95
    assert mask[:40].mean() < 0.05
    studio = studio_like(shirt_on_a_table(), np.random.default_rng(0))
    assert studio is not None
    corner = studio[:3, :3].reshape(-1, 3).mean(0)
    assert corner.min() > 190
    middle = studio[studio.shape[0] // 2, studio.shape[1] // 2].astype(int)
    assert middle[2] > middle[0] + 60


@pytest.mark.parametrize("shade", [0, 255])
def test_a_picture_of_nothing_is_not_cut(shade: int) -> None:
    assert studio_like(np.full((90, 90, 3), shade, np.uint8), np.random.default_rng(0)) is None
