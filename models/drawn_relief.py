"""The ground that a part covers and how it rises there: edges, folds, quilting, drape."""

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass

import cv2
import numpy as np
import numpy.typing as npt

from models.drawn_curves import Points
from models.drawn_fields import Field, blur, floats, resized, rng_of, slopes
from models.drawn_shapes import Line, Part

SCALE = 1.5  # drawn so much larger, then averaged down: smooth edges for half the price of 2
PAD_PX = 26
FOLD_STEP = 3  # folds are soft: they are drawn at a third of the size
QUILT_PX = 15
BAND_ROWS = 48


@dataclass(frozen=True, slots=True, eq=False)
class Region:
    """A part's corner of the canvas: its rows and columns, its coverage (0..1) and `inside`, the
    distance in pixels from its free edge."""

    rows: slice
    columns: slice
    cover: Field
    inside: Field


@dataclass(frozen=True, slots=True, eq=False)
class Relief:
    """How a part rises: its slopes to the right and down, and the height of its folds."""

    slope_x: Field
    slope_y: Field
    folds: Field


def bands(region: Region, relief: Relief) -> Iterator[tuple[slice, Region, Relief]]:
    """Cut a region into strips of BAND_ROWS rows: the long row of pixel-wise steps that painting
    is then runs in the processor's cache, 1.5 times as fast."""
    for top in range(0, region.cover.shape[0], BAND_ROWS):
        rows = slice(top, min(top + BAND_ROWS, region.cover.shape[0]))
        on_canvas = slice(region.rows.start + rows.start, region.rows.start + rows.stop)
        cut = Region(on_canvas, region.columns, region.cover[rows], region.inside[rows])
        yield (
            rows, cut, Relief(relief.slope_x[rows], relief.slope_y[rows], relief.folds[rows]),
        )  # fmt: skip


def region_of(part: Part, shape: tuple[int, int]) -> Region | None:
    """Where a part lies on a canvas of (height, width) pixels; None if it misses the canvas."""
    reach = PAD_PX + part.width * SCALE / 2
    points = np.concatenate(part.outlines) * SCALE
    x0, y0 = (int(v) for v in np.maximum(np.floor(points.min(0) - reach), 0))
    x1, y1 = (int(v) for v in np.minimum(np.ceil(points.max(0) + reach), shape[::-1]))
    if x1 <= x0 or y1 <= y0:
        return None
    mask = np.zeros((y1 - y0, x1 - x0), np.uint8)
    for outline in part.outlines:
        fixed = fixed_points(outline, x0, y0)
        if part.closed:
            cv2.fillPoly(mask, [fixed], (255,), cv2.LINE_AA, 4)
        else:
            width = max(1, round(part.width * SCALE))
            cv2.polylines(mask, [fixed], False, (255,), width, cv2.LINE_AA, 4)
    solid = (mask > 127).astype(np.uint8)
    for neighbour in part.joints:
        # Where cloth is sewn to its neighbour there is no edge to curl.
        cv2.fillPoly(solid, [fixed_points(neighbour, x0, y0)], (1,), cv2.LINE_8, 4)
    inside = floats(cv2.distanceTransform(solid, cv2.DIST_L2, 5))
    return Region(slice(y0, y1), slice(x0, x1), floats(mask) * np.float32(1 / 255), inside)


def fixed_points(points: Points, x0: int, y0: int) -> npt.NDArray[np.int32]:
    """Points in sixteenths of a pixel of the region that begins at x0, y0."""
    return np.asarray(np.round((points * SCALE - floats([x0, y0])) * 16), np.int32)


def relief_of(part: Part, region: Region, drape: Field, depth: float) -> Relief:
    """The relief of a part whose cloth hangs with loose folds (`drape`) of the given depth."""
    reach = max(part.round_px * SCALE, 1.0)
    short = 1 - np.minimum(region.inside * np.float32(1 / reach), 1)
    edge = blur(np.float32(part.lift * reach) * np.sqrt(1 - short * short), 1.5)
    folds = _folds(part.folds, region) + drape * np.float32(part.drape * depth)
    if part.quilt:
        rows = np.arange(region.rows.start, region.rows.stop, dtype=np.float32)
        puff = QUILT_PX * np.sqrt(np.abs(np.sin(np.pi * rows / np.float32(part.quilt * SCALE))))
        folds = folds + puff[:, None]
    slope_x, slope_y = slopes(edge + folds)
    if part.barrel:
        slope_x += _turning(region.cover) * np.float32(part.barrel)
    return Relief(slope_x, slope_y, folds)


def drape_field(seed: int, height: int, width: int) -> Field:
    """Loose, mostly upright folds over the whole canvas, some 2 px deep."""
    rng = rng_of("drape", seed)
    rough = rng.standard_normal((height // 6 + 1, width // 6 + 1), np.float32)
    upright = cv2.GaussianBlur(rough, (0, 0), 3.2, sigmaY=20)
    hills = cv2.GaussianBlur(rough, (0, 0), 6)
    field = floats(upright / upright.std() * 1.7 + hills / hills.std() * 1.6)
    return resized(field, (width, height))


def _folds(lines: tuple[Line, ...], region: Region) -> Field:
    """Soft ridges (depth > 0) and valleys along lines, each as wide as its line."""
    height, width = region.cover.shape
    small = (width // FOLD_STEP + 1, height // FOLD_STEP + 1)
    total = np.zeros(small[::-1], np.float32)
    if not lines:
        return np.zeros(region.cover.shape, np.float32)
    corner = floats([region.columns.start, region.rows.start])
    by_width: dict[float, list[Line]] = defaultdict(list)
    for line in lines:
        by_width[max(5.0, 5 * round(line.width * SCALE / FOLD_STEP / 2.5) / 2)].append(line)
    for broad, alike in by_width.items():  # lines of about one width are softened together
        ridge = np.zeros(small[::-1], np.float32)
        for line in alike:
            fixed = np.asarray(np.round((line.points * SCALE - corner) * 16 / FOLD_STEP), np.int32)
            thick = max(1, round(broad * 0.6))
            cv2.polylines(ridge, [fixed], False, (line.depth,), thick, cv2.LINE_AA, 4)
        total += cv2.GaussianBlur(ridge, (0, 0), broad * 0.33)
    return resized(total, (width, height), how=cv2.INTER_CUBIC)


def _turning(cover: Field) -> Field:
    """The slope of a turned body (a mug, a vase) at each pixel, from the ends of its row."""
    columns = np.arange(cover.shape[1], dtype=np.float32)
    solid = cover > 0.5
    any_ = solid.any(1)
    left = np.where(any_, solid.argmax(1), 0)
    right = np.where(any_, cover.shape[1] - 1 - solid[:, ::-1].argmax(1), 1)
    middle, half = floats((left + right) / 2), floats(np.maximum((right - left) / 2, 1))
    t = np.clip((columns[None, :] - middle[:, None]) / half[:, None], -0.97, 0.97)
    return floats(-t / np.sqrt(1 - t * t))
