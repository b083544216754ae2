"""What can be told of a picture without any model: its sides, its contrast, and what it is like.

`likeness` is 200 bytes: a perceptual hash of 64 bits (which of the 8 × 8 lowest frequencies of the
luma lie above their median and above 2 % of the strongest) and an 8 × 8 thumbnail in colour.
Encoding anew and scaling hardly move either; another product moves at least one.
"""

import sqlite3
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import cv2
import numpy as np
import numpy.typing as npt

from vision.photo import Pixels

HASH_BYTES = 8
SIDE = 8
LIKENESS_BYTES = HASH_BYTES + SIDE * SIDE * 3
FAINT = 0.02  # of the strongest frequency
SMALL = 32  # the picture as the frequencies are taken of it

Bits = npt.NDArray[np.uint8]


@dataclass(frozen=True, slots=True)
class Traits:
    """Of one picture: its own `width_px` and `height_px` (0 for one that cannot be decoded), the
    `contrast` of its luma (a standard deviation, 0 to 127) and its `likeness`."""

    width_px: int
    height_px: int
    contrast: float
    likeness: bytes

    @property
    def is_broken(self) -> bool:
        """Whether it could not be decoded."""
        return self.width_px == 0


BROKEN = Traits(0, 0, 0.0, b"")


def traits_of(pixels: Pixels, width_px: int, height_px: int) -> Traits:
    """The traits of a picture of these sides, from any rendition of it (H × W × 3, 0.1 ms)."""
    small = cv2.resize(pixels, (SMALL, SMALL), interpolation=cv2.INTER_AREA)
    luma = cv2.cvtColor(small, cv2.COLOR_RGB2GRAY).astype(np.float32)
    waves = cv2.dct(luma)[:SIDE, :SIDE].ravel()
    waves[0] = 0.0  # the mean brightness says nothing of what is shown
    # where a frequency is absent, as in drawings, noise must not decide
    bits = np.packbits(waves > max(float(np.median(waves)), FAINT * float(np.abs(waves).max())))
    thumbnail = cv2.resize(small, (SIDE, SIDE), interpolation=cv2.INTER_AREA)
    return Traits(
        width_px,
        height_px,
        float(luma.std()),
        bits.tobytes() + thumbnail.astype(np.uint8).tobytes(),
    )


def write_traits(connection: sqlite3.Connection, traits: Mapping[str, Traits]) -> None:
    """Write the traits of pictures by the SHA-256 of their bytes."""
    connection.executemany(
        "INSERT OR REPLACE INTO traits (sha256, width_px, height_px, contrast, likeness) "
        "VALUES (?, ?, ?, ?, ?)",
        [(sha, t.width_px, t.height_px, t.contrast, t.likeness) for sha, t in traits.items()],
    )


def copy_traits(old: sqlite3.Connection, new: sqlite3.Connection) -> None:
    """Give another space of the same shop what was seen already."""
    rows: Iterable[tuple[object, ...]] = old.execute(
        "SELECT sha256, width_px, height_px, contrast, likeness FROM traits"
    )
    new.executemany("INSERT OR IGNORE INTO traits VALUES (?, ?, ?, ?, ?)", rows)
