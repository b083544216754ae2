"""A decoded picture."""

from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

Pixels = npt.NDArray[np.uint8]


@dataclass(frozen=True, slots=True, eq=False)
class Photo:
    """An upright sRGB picture: `pixels` is uint8, H × W × 3, neither side empty.

    `width_px` and `height_px` are the sides of the upright original; `pixels` may be a smaller
    rendition of it, or of one box in it, since decoding takes no more than the eye needs.
    """

    pixels: Pixels
    width_px: int
    height_px: int

    def __post_init__(self) -> None:
        p = self.pixels
        if p.dtype != np.uint8 or p.ndim != 3 or p.shape[2] != 3 or 0 in p.shape:
            raise ValueError(f"a Photo holds uint8 H×W×3, not {p.dtype} {p.shape}")
        if self.width_px < 1 or self.height_px < 1:
            raise ValueError("a Photo's original has at least one pixel a side")


@dataclass(frozen=True, slots=True)
class Box:
    """A rectangle in pixels of an upright original: left, top, width, height, all ≥ 0, w, h ≥ 1."""

    x: int
    y: int
    w: int
    h: int

    def __post_init__(self) -> None:
        if self.x < 0 or self.y < 0 or self.w < 1 or self.h < 1:
            said = f"{self.x},{self.y},{self.w},{self.h}"
            raise ValueError(f"a box needs x, y ≥ 0 and w, h ≥ 1, not {said}")


@dataclass(frozen=True, slots=True, eq=False)
class Square:
    """What an encoder takes of a picture: `pixels` uint8 S × S × 3, and the original's sides.

    `width_px` and `height_px` are the sides of the upright original, whatever box was wanted;
    `took_ms` tells how long its rooms took (`decode`, `preprocess`).
    """

    pixels: Pixels
    width_px: int
    height_px: int
    took_ms: dict[str, float] = field(default_factory=dict)

    def __post_init__(self) -> None:
        p = self.pixels
        if p.dtype != np.uint8 or p.ndim != 3 or p.shape[0] != p.shape[1] or p.shape[2] != 3:
            raise ValueError(f"a Square holds uint8 S×S×3, not {p.dtype} {p.shape}")
        if self.width_px < 1 or self.height_px < 1:
            raise ValueError("a Square's original has at least one pixel a side")
