"""What the frozen int8 tower sees in every training photo, once, on disk (resumable).

The heads are trained on the features of the very graph that ships, so that they absorb what
rounding to integers changes.
"""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import numpy.typing as npt

from models.augment import phone_like
from models.cutout import studio_like
from models.examples import Example
from models.towers import OUTPUTS
from vision.decode import Limits, decode
from vision.photo import Box, Photo, Pixels
from vision.preprocess import preprocess
from vision.session import open_bare
from vision.spec import Resize

SHARD = 256
THUMB = 6  # 6 × 6 pixels become one for the colour block: 40 × 40 from 240
MARGIN = 0.08  # a box drawn by a mask is tighter than one drawn by a shopper
STUDIO_ROUND = 5  # rounds 1 to 4 are phone-like; from here on a studio's picture of the same
STUDIO_SOURCES = ("snaps", "street")  # a catalogue's pictures are a studio's already
FloatArray = npt.NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Features:
    """Row i belongs to example i: `texture` (N, 88), `place` (N, 120, 15, 15) and
    `deep` (N, 208, 8, 8) float16, `thing` (N, 1280) means over the map, `thumb` (N, 40, 40, 3)
    uint8."""

    texture: FloatArray
    place: npt.NDArray[np.float16]
    deep: npt.NDArray[np.float16]
    thing: FloatArray
    thumb: Pixels


def load_photo(example: Example, size_px: int) -> Photo:
    """Decode as the serving path does; a street garment's box gets a margin."""
    data = example.path.read_bytes()
    box = example.box
    if box is not None:
        whole = decode(data, box=None, side_px=1, limits=Limits())
        box = widened(box, whole.width_px, whole.height_px)
    return decode(data, box=box, side_px=size_px, limits=Limits())


def widened(box: Box, width_px: int, height_px: int) -> Box:
    dx, dy = int(box.w * MARGIN), int(box.h * MARGIN)
    left, top = max(0, box.x - dx), max(0, box.y - dy)
    right, bottom = min(width_px, box.x + box.w + dx), min(height_px, box.y + box.h + dy)
    return Box(left, top, right - left, bottom - top)


def picture(example: Example, size_px: int, resize: Resize, round_: int) -> Pixels:
    """The example as the tower gets it: clean in round 0, then phone-like, then studio-like."""
    photo = load_photo(example, size_px)
    if round_ > 0:
        seed = hashlib.sha256(f"{example.source}/{example.key}/{round_}".encode()).digest()
        rng = np.random.default_rng(int.from_bytes(seed[:8], "little"))
        shrunk = _shrunk(photo.pixels, 2 * size_px)
        studied = round_ >= STUDIO_ROUND and example.source in STUDIO_SOURCES
        studio = studio_like(shrunk, rng) if studied else None
        pixels = phone_like(shrunk, rng) if studio is None else studio
        photo = Photo(pixels, photo.width_px, photo.height_px)
    return preprocess(photo, size_px, resize)


def _shrunk(pixels: Pixels, side_px: int) -> Pixels:
    scale = side_px / max(pixels.shape[:2])
    if scale >= 1:
        return pixels
    size = (max(8, round(pixels.shape[1] * scale)), max(8, round(pixels.shape[0] * scale)))
    return np.asarray(cv2.resize(pixels, size, interpolation=cv2.INTER_AREA), np.uint8)


def compute_features(
    examples: Sequence[Example], tower: Path, size_px: int, resize: Resize, round_: int, cache: Path
) -> Features:
    """Features of `examples`, from `cache` where they lie there already."""
    mark = hashlib.sha256(tower.read_bytes()).hexdigest()[:12]
    session = open_bare(tower)
    shards = []
    for start in range(0, len(examples), SHARD):
        part = examples[start : start + SHARD]
        keys = hashlib.sha256("\n".join(e.key for e in part).encode()).hexdigest()[:12]
        path = cache / f"{part[0].source}-{mark}-{resize}-{round_}-{start:05d}-{keys}.npz"
        if not path.exists():
            _write(path, _shard(part, session, size_px, resize, round_))
        with np.load(path) as held:
            shards.append({name: held[name] for name in held.files})
    return Features(*(np.concatenate([s[n] for s in shards]) for n in Features.__slots__))


def _shard(
    part: Sequence[Example], session: Any,
    size_px: int, resize: Resize, round_: int,
) -> dict[str, npt.NDArray[np.generic]]:  # fmt: skip
    rows: dict[str, list[npt.NDArray[np.generic]]] = {n: [] for n in Features.__slots__}
    for example in part:
        pixels = picture(example, size_px, resize, round_)
        texture, place, deep, thing = session.run(OUTPUTS, {"pixels": pixels[None]})
        rows["texture"].append(texture[0].mean((1, 2)))
        rows["place"].append(place[0].astype(np.float16))
        rows["deep"].append(deep[0].astype(np.float16))
        rows["thing"].append(thing[0].mean((1, 2)))
        small = pixels.shape[0] // THUMB
        rows["thumb"].append(cv2.resize(pixels, (small, small), interpolation=cv2.INTER_AREA))
    return {name: np.stack(values) for name, values in rows.items()}


def _write(path: Path, arrays: dict[str, npt.NDArray[np.generic]]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_suffix(".part.npz")
    np.savez(part, **arrays)  # type: ignore[arg-type]  # numpy's stub takes no mapping of generics
    part.replace(path)
