"""The few picture operations that drawing needs, on float32 arrays.

A Field is float32 H × W, or H × W × C where said; an Ink is planar, C × H × W, because a field
multiplies the planes of a picture several times faster than its interleaved pixels.
"""

from collections.abc import Sequence

import cv2
import numpy as np
import numpy.typing as npt

Field = npt.NDArray[np.float32]
Ink = npt.NDArray[np.float32]

COARSE_SIGMA_PX = 3.0


def floats(values: object) -> Field:
    """Anything array-like as float32."""
    return np.asarray(values, np.float32)


def rng_of(*key: int | str) -> np.random.Generator:
    """A generator that depends on the key alone, the same on every machine."""
    words = [k if isinstance(k, int) else int.from_bytes(k.encode(), "big") for k in key]
    return np.random.Generator(np.random.PCG64(np.random.SeedSequence(words)))


def resized(field: Field, size: tuple[int, int], *, how: int = cv2.INTER_LINEAR) -> Field:
    """The field at (width, height)."""
    return floats(cv2.resize(field, size, interpolation=how))


def blur(field: Field, sigma_px: float) -> Field:
    """Gaussian blur; wide ones are done on a smaller copy, which nobody can see."""
    if sigma_px <= COARSE_SIGMA_PX:
        return floats(cv2.GaussianBlur(field, (0, 0), sigma_px))
    height, width = field.shape[:2]
    step = sigma_px / 1.6
    small = (max(2, round(width / step)), max(2, round(height / step)))
    soft = cv2.GaussianBlur(cv2.resize(field, small, interpolation=cv2.INTER_AREA), (0, 0), 1.5)
    return floats(cv2.resize(soft, (width, height), interpolation=cv2.INTER_CUBIC))


def moved(field: Field, dx: float, dy: float) -> Field:
    """The field shifted by so many pixels; what enters is 0."""
    return warped(field, [[1, 0, dx], [0, 1, dy]])


def warped(field: Field, matrix: Sequence[Sequence[float]]) -> Field:
    """The field under a 2 × 3 affine matrix, in a frame of the same size."""
    height, width = field.shape[:2]
    return floats(cv2.warpAffine(field, floats(matrix), (width, height)))


def sampled(field: Field, x: Field, y: Field, *, wrap: bool = False) -> Field:
    """The field read at positions x, y; outside it repeats (`wrap`) or is 0."""
    border = cv2.BORDER_WRAP if wrap else cv2.BORDER_CONSTANT
    return floats(cv2.remap(field, x, y, cv2.INTER_LINEAR, borderMode=border))


def slopes(relief: Field) -> tuple[Field, Field]:
    """How steeply a relief rises to the right and downwards, in pixels a pixel."""
    across = cv2.Sobel(relief, cv2.CV_32F, 1, 0, ksize=3, scale=1 / 8)
    down = cv2.Sobel(relief, cv2.CV_32F, 0, 1, ksize=3, scale=1 / 8)
    return floats(across), floats(down)


def noise(rng: np.random.Generator, width: int, height: int, size_px: float) -> Field:
    """Smooth noise with features of about `size_px`, unit deviation."""
    step = max(size_px / 2.5, 1.0)
    grid = (int(height / step) + 3, int(width / step) + 3)
    rough = cv2.GaussianBlur(rng.standard_normal(grid, np.float32), (0, 0), 1.0)
    field = cv2.resize(rough, (width, height), interpolation=cv2.INTER_CUBIC)
    return floats(field / field.std())
