"""Weaves: how a cloth feels, as tiles of relief that repeat."""

from collections.abc import Callable
from functools import cache

import cv2
import numpy as np

from models.drawn_fields import Field, floats, rng_of

TILE_PX = 240


@cache
def weave(name: str) -> Field:
    """The relief of a weave: float32, TILE_PX a side, repeating, roughly in -1..1."""
    y, x = np.mgrid[0:TILE_PX, 0:TILE_PX].astype(np.float32)
    rng = rng_of("weave", name)
    relief = _WEAVES.get(name, _smooth)(x, y, rng)
    return np.ascontiguousarray(relief, np.float32)


def _grain(rng: np.random.Generator, across_px: float, along_px: float | None = None) -> Field:
    """Noise of one size that repeats, with unit deviation."""
    noise = rng.standard_normal((TILE_PX, TILE_PX)).astype(np.float32)
    pad = np.pad(noise, 120, mode="wrap")  # three times the longest sigma
    soft = cv2.GaussianBlur(pad, (0, 0), across_px, sigmaY=along_px or across_px)[
        120:-120, 120:-120
    ]
    return np.asarray((soft - soft.mean()) / soft.std(), np.float32)


def _wave(x: Field, period_px: float) -> Field:
    return np.asarray(np.sin(2 * np.pi * x / period_px), np.float32)


def _smooth(x: Field, y: Field, rng: np.random.Generator) -> Field:
    return _grain(rng, 0.8) * np.float32(0.3)


def _jersey(x: Field, y: Field, rng: np.random.Generator) -> Field:
    return floats(0.5 * _grain(rng, 0.7) + 0.3 * _wave(x, 4) + 0.2 * _grain(rng, 6))


def _canvas(x: Field, y: Field, rng: np.random.Generator) -> Field:
    return floats(0.6 * _wave(x, 5) * _wave(y, 5) + 0.35 * _grain(rng, 0.7, 2.4))


def _twill(x: Field, y: Field, rng: np.random.Generator) -> Field:
    diagonal = 0.45 * _wave(floats(x + y), 6)
    return floats(diagonal + 0.55 * _grain(rng, 0.7, 1.6) + 0.25 * _grain(rng, 0.6, 8))


def _knit(x: Field, y: Field, rng: np.random.Generator) -> Field:
    across = np.abs((x % 10) - 5)
    stitch = np.sin(2 * np.pi * (y + across * 0.9) / 8)
    return floats(0.7 * stitch - 0.5 * (across < 0.9)) + 0.2 * _grain(rng, 0.8)


def _chunky(x: Field, y: Field, rng: np.random.Generator) -> Field:
    across = np.abs((x % 20) - 10)
    stitch = np.sin(2 * np.pi * (y + across * 0.9) / 16)
    valley = 1.2 * np.exp(-(across**2) / 6)
    return np.asarray(0.8 * stitch - valley, np.float32) + 0.25 * _grain(rng, 1)


def _rib(x: Field, y: Field, rng: np.random.Generator) -> Field:
    return floats(0.9 * _wave(x, 8) + 0.15 * _grain(rng, 0.8))


def _wool(x: Field, y: Field, rng: np.random.Generator) -> Field:
    return 0.6 * _grain(rng, 0.8) + 0.5 * _grain(rng, 2.2)


def _leather(x: Field, y: Field, rng: np.random.Generator) -> Field:
    creases = 1 - np.abs(_grain(rng, 2.2))
    return np.asarray(0.5 * creases + 0.3 * _grain(rng, 9), np.float32)


def _terry(x: Field, y: Field, rng: np.random.Generator) -> Field:
    return 0.9 * _grain(rng, 1.4) + 0.3 * _grain(rng, 4)


def _fluff(x: Field, y: Field, rng: np.random.Generator) -> Field:
    return 1.1 * _grain(rng, 2.4) + 0.6 * _grain(rng, 1)


def _zip(x: Field, y: Field, rng: np.random.Generator) -> Field:
    return _wave(y, 6)


def _straw(x: Field, y: Field, rng: np.random.Generator) -> Field:
    over = np.where((np.floor(x / 6) + np.floor(y / 6)) % 2 == 0, _wave(x, 12), _wave(y, 12))
    return np.asarray(0.8 * np.abs(over) * 2 - 0.8, np.float32) + 0.2 * _grain(rng, 1)


def _wood(x: Field, y: Field, rng: np.random.Generator) -> Field:
    return 0.8 * _grain(rng, 1.2, 24) + 0.4 * _grain(rng, 5, 40)


_WEAVES: dict[str, Callable[[Field, Field, np.random.Generator], Field]] = {
    "jersey": _jersey, "canvas": _canvas, "twill": _twill, "knit": _knit, "chunky": _chunky,
    "rib": _rib, "wool": _wool, "leather": _leather, "terry": _terry, "fluff": _fluff,
    "zip": _zip, "straw": _straw, "wood": _wood,
}  # fmt: skip
