"""The studio: an article turned on its axis, and put before a light wall with its shadow."""

import cv2
import numpy as np

from models.drawn_fields import Field, Ink, blur, floats, moved, sampled, warped
from vision.photo import Pixels

TURN_DEGREES = 30.0
BODY_DEPTH = 0.34  # of a torso or a bag, to its half width


def turned(ink: Ink, alpha: Field) -> tuple[Ink, Field]:
    """The article seen from TURN_DEGREES to its left; its front bends like an elliptic column.

    A point at sin(phi) across the front moves to A·sin(phi + delta).
    """
    height, width = alpha.shape
    columns = np.flatnonzero(alpha.max(0) > 0.5)
    middle = float(columns[0] + columns[-1]) / 2
    half = max(float(columns[-1] - columns[0]) / 2, 1.0)
    theta = float(np.deg2rad(TURN_DEGREES))
    reach = float(np.hypot(np.cos(theta), BODY_DEPTH * np.sin(theta)))
    delta = float(np.arctan2(BODY_DEPTH * np.sin(theta), np.cos(theta)))
    x = (np.arange(width, dtype=np.float32) - middle) / half
    phi = np.arcsin(np.clip(x / reach, -1, 1)) - delta
    unseen = (np.abs(x) > reach) | (phi < -np.pi / 2)
    source = np.where(unseen, -1e4, middle + half * np.sin(phi))
    map_x = np.ascontiguousarray(np.broadcast_to(floats(source), (height, width)))
    rows = np.arange(height, dtype=np.float32)[:, None]
    map_y = np.ascontiguousarray(np.broadcast_to(rows, (height, width)))
    cover = sampled(alpha, map_x, map_y)
    shade = floats(np.clip(1.02 - 0.16 * (phi + delta), 0.8, 1.12))
    share = shade[None, :] / np.maximum(cover, 1e-3)
    return np.stack([sampled(plane * alpha, map_x, map_y) * share for plane in ink]), cover


def in_studio(pixels: Pixels, alpha: Field, *, grounded: bool) -> Pixels:
    """Put a cutout before a light wall, or on a light floor if `grounded`, with a soft shadow."""
    height, width = alpha.shape
    y = np.linspace(0, 1, height, dtype=np.float32)[:, None]
    x = np.linspace(-1, 1, width, dtype=np.float32)[None, :]
    wall = np.float32(248.5) - 7 * x * x - 9 * y * y
    wall = wall * (1 - (_floor_shadow(alpha) if grounded else _wall_shadow(alpha)))
    planes = [wall + (floats(p) - wall) * alpha for p in cv2.split(pixels)]
    return np.asarray(cv2.merge([cv2.convertScaleAbs(p) for p in planes]), np.uint8)


def _wall_shadow(alpha: Field) -> Field:
    far, near = moved(blur(alpha, 16), 10, 16), moved(blur(alpha, 5), 2, 5)
    return 0.13 * far + 0.12 * near


def _floor_shadow(alpha: Field) -> Field:
    """The article's outline pressed flat at its foot, dark where it touches."""
    rows = np.flatnonzero(alpha.max(1) > 0.5)
    foot, head = int(rows[-1]), int(rows[0])
    squeeze = 0.1
    flat = warped(alpha, [[1, 0, 12], [0, squeeze, foot * (1 - squeeze) + 4]])
    touch = np.zeros_like(alpha)
    touch[max(0, foot - 5) : foot + 5] = alpha[max(head, foot - 26) : foot + 1].max(0)
    return floats(np.clip(0.34 * blur(flat, 17) + 0.5 * blur(touch, 6), 0, 0.8))
