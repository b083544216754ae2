"""A Photo becomes the square that the graph takes."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from vision.photo import Photo
from vision.preprocess import preprocess
from vision.spec import Resize


def photo(height_px: int, width_px: int, colour: tuple[int, int, int] = (10, 20, 30)) -> Photo:
    pixels = np.full((height_px, width_px, 3), colour, np.uint8)
    return Photo(pixels, width_px, height_px)


@pytest.mark.parametrize("how", ["squash", "pad", "crop"])
@given(h=st.integers(1, 400), w=st.integers(1, 400), size=st.integers(1, 96))
@settings(max_examples=30, deadline=None)
def test_any_photo_fits_any_square(how: Resize, h: int, w: int, size: int) -> None:
    square = preprocess(photo(h, w), size, how)
    assert square.shape == (size, size, 3)
    assert square.dtype == np.uint8
    assert square.flags.c_contiguous
    if how != "pad":
        assert (square == np.array([10, 20, 30])).all()


def test_padding_keeps_the_aspect_on_white() -> None:
    square = preprocess(photo(50, 100), 40, "pad")
    assert (square[:9] == 255).all()
    assert (square[-9:] == 255).all()
    assert (square[11:29] == np.array([10, 20, 30])).all()


def test_cropping_takes_the_middle() -> None:
    pixels = np.zeros((10, 30, 3), np.uint8)
    pixels[:, 10:20] = 200
    assert (preprocess(Photo(pixels, 30, 10), 10, "crop") == 200).all()


def test_shrinking_averages_instead_of_skipping() -> None:
    board = (np.indices((256, 256)).sum(axis=0) % 2 * 255).astype(np.uint8)
    square = preprocess(Photo(np.dstack([board] * 3), 256, 256), 32, "squash")
    assert np.abs(square.astype(int) - 127).max() <= 2


def test_a_photo_of_the_right_size_is_not_touched() -> None:
    pixels = np.random.default_rng(0).integers(0, 256, (64, 64, 3), dtype=np.uint8)
    assert (preprocess(Photo(pixels, 64, 64), 64, "pad") == pixels).all()
