"""A product as a shopper's phone sees it: askew on a bed or a floor, in poor light."""

import cv2
import numpy as np

from models.drawn_fields import Field, Ink, blur, floats, moved, noise, sampled, slopes
from models.drawn_scenes import SNAP_PX, background
from vision.photo import Pixels


def snap(
    pixels: Pixels, alpha: Field, rng: np.random.Generator, *, softness: float = 1.0
) -> Pixels:
    """Photograph a cutout (uint8 H×W×3 and coverage 0..1) with a careless phone: 960 × 720 × 3.

    The article is rumpled by its `softness` (0 for china), turned, seen at a slant and sometimes
    cut off by the frame; it lies on cloth, wood, tiles or carpet or hangs before a wall; light is
    uneven and tinted; the sensor adds blur and noise. The same `rng` state gives the same snap.
    """
    article = [*(floats(p) * alpha for p in cv2.split(pixels)), alpha]
    if softness > 0:
        article = _rumpled(article, rng, softness)
    view = _view_of(alpha, rng)
    *ink, cover = [
        floats(cv2.warpPerspective(p, view, SNAP_PX, flags=cv2.INTER_AREA)) for p in article
    ]
    scene = background(rng)
    lamp = _lamp(rng)
    ground = (1 - _shadow(cover, rng)) * (1 - cover)
    scene = scene * (ground * lamp) + np.stack(ink) * lamp
    return _sensor(scene, rng)


def _rumpled(article: list[Field], rng: np.random.Generator, softness: float) -> list[Field]:
    """Shift the cloth by a smooth field and shade its slopes, as after a day in a bag."""
    height, width = article[0].shape
    depth = float(rng.uniform(0.4, 1.0)) * softness
    x, y = np.meshgrid(np.arange(width, dtype=np.float32), np.arange(height, dtype=np.float32))
    map_x = x + np.float32(6 * depth) * noise(rng, width, height, 120)
    map_y = y + np.float32(6 * depth) * noise(rng, width, height, 120)
    relief = 8 * noise(rng, width, height, 70) + 3 * creases(rng, width, height, 90)
    across, down = slopes(relief)
    shade = np.clip(1 + np.float32(0.3 * depth) * (across + down), 0.72, 1.2)
    moved_ = [sampled(plane, map_x, map_y) for plane in article]
    return [plane * shade for plane in moved_[:3]] + moved_[3:]


def creases(rng: np.random.Generator, width: int, height: int, size_px: float) -> Field:
    """Sharp-backed ridges, as cloth makes: the fold of smooth noise about zero."""
    return floats(np.exp(-np.abs(noise(rng, width, height, size_px)) * 5))


def _view_of(alpha: Field, rng: np.random.Generator) -> Field:
    """The perspective from the cutout to the frame: turned, off centre, the far end smaller."""
    width, height = SNAP_PX
    rows, columns = np.flatnonzero(alpha.max(1) > 0.5), np.flatnonzero(alpha.max(0) > 0.5)
    x0, x1, y0, y1 = columns[0], columns[-1] + 1, rows[0], rows[-1] + 1
    corners = floats([[x0, y0], [x1, y0], [x1, y1], [x0, y1]])
    turn = float(np.deg2rad(rng.normal(0, 11) + (180 if rng.random() < 0.04 else 0)))
    fill = float(rng.uniform(0.62, 1.02))
    scale = fill * min(width / float(x1 - x0), height / float(y1 - y0))
    rotate = floats([[np.cos(turn), -np.sin(turn)], [np.sin(turn), np.cos(turn)]])
    placed = (corners - corners.mean(0)) @ rotate.T * np.float32(scale)
    slant = rng.uniform(-0.16, 0.16, 2)
    depth = 1 + slant[0] * placed[:, :1] / width * 2 + slant[1] * placed[:, 1:] / height * 2
    centre = floats([width, height]) * floats(0.5 + rng.normal(0, 0.045, 2))
    return floats(cv2.getPerspectiveTransform(corners, floats(placed / depth + centre)))


def _shadow(cover: Field, rng: np.random.Generator) -> Field:
    """The article's shadow on what it lies on: tight where it touches, wide on one side."""
    far = moved(blur(cover, 18), float(rng.uniform(-16, 16)), float(rng.uniform(4, 20)))
    return floats(0.32 * far + 0.3 * blur(cover, 4))


def _lamp(rng: np.random.Generator) -> Field:
    """Uneven light: a bright side, dark corners, sometimes the photographer's shadow."""
    width, height = SNAP_PX
    x = np.linspace(-1, 1, width, dtype=np.float32)[None, :]
    y = np.linspace(-1, 1, height, dtype=np.float32)[:, None]
    angle, fall = float(rng.uniform(0, 2 * np.pi)), float(rng.uniform(0.05, 0.26))
    cos, sin = np.float32(np.cos(angle)), np.float32(np.sin(angle))
    corners = np.float32(rng.uniform(0.02, 0.13)) * (x * x + y * y)
    light = 1 + np.float32(fall) * (x * cos + y * sin) - corners
    if rng.random() < 0.4:
        edge = x * -sin + y * cos - np.float32(rng.uniform(0, 0.6))
        light *= 1 - np.float32(rng.uniform(0.12, 0.3)) / (1 + np.exp(-edge * 9))
    return floats(light * np.float32(rng.uniform(0.8, 1.08)))


def _sensor(scene: Ink, rng: np.random.Generator) -> Pixels:
    """White balance, blur, noise and contrast of a phone, to uint8."""
    warmth = rng.normal(0.02, 0.055)
    tint = (1 + warmth, 1 + rng.normal(0, 0.012), 1 - warmth)
    sigma, grain = float(rng.uniform(0.5, 1.5)), float(rng.uniform(1.5, 5.5))
    dust = rng.standard_normal(scene.shape[1:], np.float32) * np.float32(grain)
    planes = [blur(p * np.float32(t), sigma) + dust for p, t in zip(scene, tint, strict=True)]
    picture = cv2.merge([np.clip(p, 0, 255).astype(np.uint8) for p in planes])
    levels = (np.arange(256) / 255) ** rng.uniform(0.86, 1.16) * 255
    return np.asarray(cv2.LUT(picture, np.asarray(levels.round(), np.uint8)), np.uint8)
