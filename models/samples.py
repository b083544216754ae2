"""The pictures and the words that calibrate and gate a graph."""

from collections.abc import Iterator
from itertools import product
from pathlib import Path
from typing import Final

import numpy as np

from models.errors import TooFewPictures
from vision.decode import Limits, decode
from vision.errors import VisionError
from vision.photo import Pixels
from vision.preprocess import preprocess
from vision.spec import Resize

SUFFIXES: Final = frozenset({".jpg", ".jpeg", ".png", ".webp", ".avif", ".heic"})
FEWEST: Final = 40
"""Half of them calibrate, half gate; under 20 a top-10 agreement says nothing."""
KINDS = (
    "dress",
    "running shoe",
    "leather bag",
    "shirt",
    "winter coat",
    "lamp",
    "mug",
    "pair of jeans",
)
COLOURS = ("red", "navy blue", "green", "white", "black")
ABROAD = (
    "vestido de niña azul talla 38", "zapatos negros de cuero", "robe d'été à fleurs",
    "weiße Bluse Größe 42", "платье красное", "赤いドレス", "红色连衣裙", "borsa di pelle nera",
)  # fmt: skip


def read_pictures(folder: Path, size_px: int, resize: Resize, most: int) -> Pixels:
    """At most `most` distinct pictures of `folder` and those below it, uint8 (N, S, S, 3).

    Spread evenly over the sorted names, the same ones every time; unreadable files are passed over.
    Raises TooFewPictures under 40.
    """
    found: dict[bytes, Pixels] = {}
    for data in _spread(folder, most):
        try:
            photo = decode(data, box=None, side_px=size_px, limits=Limits())
        except VisionError:
            continue
        square = preprocess(photo, size_px, resize)
        found.setdefault(square.tobytes(), square)
    if len(found) < FEWEST:
        raise TooFewPictures(folder, len(found), FEWEST)
    return np.stack(list(found.values()))


def sample_texts() -> list[str]:
    """48 distinct texts as shoppers type them, in six languages and more."""
    return [f"a {colour} {kind}" for colour, kind in product(COLOURS, KINDS)] + list(ABROAD)


def _spread(folder: Path, most: int) -> Iterator[bytes]:
    files = sorted(p for p in folder.rglob("*") if p.suffix.lower() in SUFFIXES)
    step = max(1, len(files) // most)
    for path in files[::step][:most]:
        yield path.read_bytes()
