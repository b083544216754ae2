"""Patterns printed on or woven into cloth, as RGB tiles that repeat."""

from collections.abc import Callable
from functools import lru_cache

import cv2
import numpy as np
import numpy.typing as npt

from models.drawn_fields import Field, floats, rng_of
from models.drawn_weaves import TILE_PX

RGB = tuple[int, int, int]
Polygon = npt.NDArray[np.float64]
Draw = Callable[[Field, Field, Field, int], Field]


@lru_cache(maxsize=24)
def pattern(name: str, first: RGB, second: RGB, third: RGB, size: int) -> Field | None:
    """A printed pattern, RGB float32 0..255, TILE_PX a side, repeating; None if it is plain.

    `size` 0, 1 or 2 is small, middle or large where the pattern has sizes.
    """
    draw = _PATTERNS.get(name)
    if draw is None:
        return None
    tile = draw(floats(first), floats(second), floats(third), size)
    around = np.pad(floats(tile), ((4, 4), (4, 4), (0, 0)), mode="wrap")
    return floats(cv2.GaussianBlur(around, (0, 0), 0.7)[4:-4, 4:-4])


def _ground(colour: Field) -> Field:
    return np.broadcast_to(colour, (TILE_PX, TILE_PX, 3)).astype(np.float32)


def _stripes(a: Field, b: Field, c: Field, size: int) -> Field:
    y = np.arange(TILE_PX)[:, None, None]
    period = (24, 40, 80)[size]
    return floats(
        np.broadcast_to(np.where(y % period < period * 0.45, b, a), (TILE_PX, TILE_PX, 3))
    )


def _pinstripe(a: Field, b: Field, c: Field, size: int) -> Field:
    x = np.arange(TILE_PX)[None, :, None]
    period, line = ((20, 3), (24, 5), (30, 10))[size]
    return floats(np.broadcast_to(np.where(x % period < line, b, a), (TILE_PX, TILE_PX, 3)))


def _dots(a: Field, b: Field, c: Field, size: int) -> Field:
    period, radius = ((20, 4), (40, 9), (60, 17))[size]
    y, x = np.mgrid[0:TILE_PX, 0:TILE_PX]
    half = period / 2
    near = np.minimum(
        np.hypot(x % period - half, y % period - half),
        np.hypot((x + half) % period - half, (y + half) % period - half),
    )
    return floats(np.where((near < radius)[..., None], b, a))


def _gingham(a: Field, b: Field, c: Field, size: int) -> Field:
    period = (20, 30, 60)[size]
    x = (np.arange(TILE_PX) % period < period / 2).astype(np.float32)
    share = (x[:, None] + x[None, :])[..., None] / 2
    return floats(a * (1 - share) + b * share)


def _tartan(a: Field, b: Field, c: Field, size: int) -> Field:
    period = (60, 80, 120)[size]
    at = (np.arange(TILE_PX) % period) / period
    band = np.where(at < 0.42, 1.0, 0.0)
    thin = np.where(np.abs(at - 0.7) < 0.035, 1.0, 0.0)
    dark = np.where(np.abs(at - 0.21) < 0.05, 1.0, 0.0)

    def sett(weights: Polygon, share: float) -> Field:
        return np.asarray(share * (weights[:, None] + weights[None, :])[..., None], np.float32)

    tile = a * (1 - sett(band, 0.4)) + b * sett(band, 0.4)
    tile = tile * (1 - sett(dark, 0.3))
    return tile * (1 - sett(thin, 0.45)) + c * sett(thin, 0.45)


def _argyle(a: Field, b: Field, c: Field, size: int) -> Field:
    y, x = np.mgrid[0:TILE_PX, 0:TILE_PX]
    u, v = np.abs(x % 80 - 40) / 40, np.abs(y % 120 - 60) / 60
    tile = np.where((u + v < 1)[..., None], b, a)
    line = np.abs(u - v) < 0.035
    return np.where(line[..., None], c, tile)


def _chevron(a: Field, b: Field, c: Field, size: int) -> Field:
    y, x = np.mgrid[0:TILE_PX, 0:TILE_PX]
    period = (20, 40, 60)[size]
    zigzag = (y + np.abs(x % period - period / 2)) % period
    return np.where((zigzag < period / 2)[..., None], b, a)


def _scatter(rng: np.random.Generator, n: int, apart_px: float) -> list[tuple[float, float]]:
    """Places on a repeating tile that keep their distance."""
    kept: list[tuple[float, float]] = []
    for x, y in rng.random((n * 30, 2)) * TILE_PX:
        wrap = [(abs(x - u), abs(y - v)) for u, v in kept]
        if all(
            np.hypot(min(dx, TILE_PX - dx), min(dy, TILE_PX - dy)) > apart_px for dx, dy in wrap
        ):
            kept.append((float(x), float(y)))
        if len(kept) == n:
            break
    return kept


def _fill(tile: Field, points: Polygon, colour: Field) -> None:
    """Fill a polygon on a repeating tile: what leaves at one side enters at another."""
    rgb = tuple(float(v) for v in colour)
    for dx in (-TILE_PX, 0, TILE_PX):
        for dy in (-TILE_PX, 0, TILE_PX):
            moved = np.round((points + floats([dx, dy])) * 16).astype(np.int32)
            cv2.fillPoly(tile, [moved], rgb, cv2.LINE_AA, 4)


def _petal(x: float, y: float, angle: float, length: float, breadth: float) -> Polygon:
    t = np.linspace(0, 2 * np.pi, 20, endpoint=False)
    u = length * (0.5 - 0.5 * np.cos(t))
    v = breadth * np.sin(t) * 0.5
    return np.stack(
        [x + u * np.cos(angle) - v * np.sin(angle), y + u * np.sin(angle) + v * np.cos(angle)], 1
    )


def _floral(a: Field, b: Field, c: Field, size: int) -> Field:
    tile = _ground(a).copy()
    rng = rng_of("floral", size)
    n, r = ((26, 12.0), (12, 20.0), (6, 30.0))[size]
    leaf = 0.45 * floats([70, 120, 80]) + 0.55 * (a * 0.75)
    for i, (x, y) in enumerate(_scatter(rng, n, TILE_PX / np.sqrt(n) * 0.72)):
        turn = rng.random() * 2 * np.pi
        for k in range(3):
            _fill(tile, _petal(x, y, turn + 0.6 + k * 2.1, r * 1.75, r * 0.55), leaf)
        petal, heart = (b, c) if i % 3 else (c, b)
        for k in range(5):
            angle = turn + k * 2 * np.pi / 5
            _fill(
                tile,
                _petal(x, y, angle, r * 1.05, r * 0.9),
                petal * np.float32(0.94 + 0.06 * (k % 2)),
            )
        _fill(tile, _petal(x - r * 0.28, y, 0, r * 0.56, r * 0.56), heart)
    return tile


def _leaves(a: Field, b: Field, c: Field, size: int) -> Field:
    tile = _ground(a).copy()
    rng = rng_of("leaves", size)
    n, r = ((20, 26.0), (10, 40.0), (6, 58.0))[size]
    for i, (x, y) in enumerate(_scatter(rng, n, TILE_PX / np.sqrt(n) * 0.7)):
        turn = rng.random() * 2 * np.pi
        for k in range(-3, 4):
            colour = (b, b * np.float32(0.8), c)[(i + abs(k)) % 3 if i % 2 else 0]
            _fill(tile, _petal(x, y, turn + k * 0.42, r * (1.1 - 0.12 * abs(k)), r * 0.26), colour)
    return tile


def _leopard(a: Field, b: Field, c: Field, size: int) -> Field:
    tile = _ground(a).copy()
    rng = rng_of("leopard", size)
    for x, y in _scatter(rng, 44, 25):
        turn, r = rng.random() * 6.3, 8 + rng.random() * 4
        _fill(tile, _petal(x - r * 0.6, y, turn, r * 1.2, r), a * np.float32(0.82))
        for k in range(3):
            angle = turn + k * 2.1 + rng.random() * 0.5
            _fill(
                tile,
                _petal(x + r * np.cos(angle), y + r * np.sin(angle), angle + 1.4, r, r * 0.6),
                b,
            )
    return tile


def _blotches(rng: np.random.Generator, sigma_px: float) -> Field:
    """Smooth noise that repeats, unit deviation."""
    rough = np.pad(rng.standard_normal((TILE_PX, TILE_PX), np.float32), 60, mode="wrap")
    soft = cv2.GaussianBlur(rough, (0, 0), sigma_px)[60:-60, 60:-60]
    return floats(soft / soft.std())


def _camo(a: Field, b: Field, c: Field, size: int) -> Field:
    rng = rng_of("camo")
    one, two, three = (_blotches(rng, sigma) for sigma in (13.0, 11.0, 9.0))
    tile = np.where((one > 0.3)[..., None], b, a)
    tile = np.where((two > 0.8)[..., None], c, tile)
    return np.where((three > 1.2)[..., None], a * np.float32(0.45), tile)


_PATTERNS: dict[str, Draw] = {
    "stripes": _stripes, "pinstripe": _pinstripe, "dots": _dots, "gingham": _gingham,
    "tartan": _tartan, "argyle": _argyle, "chevron": _chevron, "floral": _floral,
    "leaves": _leaves, "leopard": _leopard, "camo": _camo,
}  # fmt: skip
