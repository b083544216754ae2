"""Values refuse what they are not."""

import numpy as np
import numpy.typing as npt
import pytest

from vision.photo import Box, Photo


@pytest.mark.parametrize(
    "pixels",
    [
        np.zeros((4, 4), np.uint8),
        np.zeros((4, 4, 4), np.uint8),
        np.zeros((0, 4, 3), np.uint8),
        np.zeros((4, 4, 3), np.float32),
    ],
)
def test_a_photo_is_three_bytes_a_pixel_and_never_empty(pixels: npt.NDArray[np.uint8]) -> None:
    with pytest.raises(ValueError, match="uint8 H×W×3"):
        Photo(pixels, 4, 4)


def test_a_photo_has_an_original() -> None:
    with pytest.raises(ValueError, match="at least one pixel"):
        Photo(np.zeros((4, 4, 3), np.uint8), 0, 4)


@pytest.mark.parametrize("sides", [(-1, 0, 5, 5), (0, -1, 5, 5), (0, 0, 0, 5), (0, 0, 5, 0)])
def test_a_box_has_an_inside(sides: tuple[int, int, int, int]) -> None:
    with pytest.raises(ValueError, match="a box needs"):
        Box(*sides)
