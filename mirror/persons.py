"""Counts the heads in a picture: how many persons, and nothing about any of them.

The net (models/builtin/persons.onnx, made by models/make_persons.py) knows heads from all sides, of
whoever; where they were is dropped with the picture. No face is looked for, none is measured.
"""

from collections.abc import Callable
from pathlib import Path
from typing import Any, Protocol

import av
import numpy as np
import numpy.typing as npt

from vision.session import open_session

WIDTH_PX, HEIGHT_PX = 320, 192
_SURE = 0.3  # of 1.0; see docs/mirror.md for what was measured at it
_GREY = 114

Heads = Callable[[npt.NDArray[np.uint8]], npt.NDArray[np.float32]]


class PersonCounter(Protocol):
    """The seam: how many persons a picture shows."""

    def count(self, frame: av.VideoFrame) -> int:
        """Raises VisionError where it cannot be told."""
        ...


class HeadCounter:
    """Counts with the net at `path`, on one thread; raises BadModel where it cannot be loaded."""

    def __init__(self, path: Path, sure: float = _SURE) -> None:
        self._run = open_session(path, output="chance", threads=1)
        self._sure = sure

    def count(self, frame: av.VideoFrame) -> int:
        """How many heads the picture shows; raises EncoderBroken."""
        chance = self._run({"pixels": fitted(frame)[None]})[0]
        return int((chance >= self._sure).sum())


def fitted(frame: av.VideoFrame) -> npt.NDArray[np.uint8]:
    """The whole picture in WIDTH_PX × HEIGHT_PX (RGB), in its own proportions, grey around."""
    scale = min(WIDTH_PX / frame.width, HEIGHT_PX / frame.height)
    width, height = max(2, round(frame.width * scale)), max(2, round(frame.height * scale))
    small: Any = frame.to_ndarray(format="rgb24", width=width, height=height, interpolation="AREA")
    whole = np.full((HEIGHT_PX, WIDTH_PX, 3), _GREY, np.uint8)
    top, left = (HEIGHT_PX - height) // 2, (WIDTH_PX - width) // 2
    whole[top : top + height, left : left + width] = small
    return whole
