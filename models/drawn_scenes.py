"""What snaps are taken on: beds, wooden floors, tiles, carpets and walls. All planar RGB 0..255."""

import cv2
import numpy as np

from models.drawn_fields import Field, Ink, blur, floats, noise, resized, slopes
from models.drawn_patterns import RGB
from models.drawn_weaves import TILE_PX, weave

SNAP_PX = (720, 960)
BOARDS_PX = 1300

SHEETS = ((226, 222, 214), (196, 204, 214), (150, 158, 172), (214, 190, 180), (92, 98, 112),
          (232, 228, 226), (170, 64, 62), (206, 196, 170))  # fmt: skip
WOODS = ((176, 128, 84), (140, 96, 62), (200, 164, 122), (104, 74, 54), (176, 164, 150))
CARPETS = ((150, 142, 132), (110, 96, 88), (186, 174, 156), (84, 92, 104))
STONES = ((206, 200, 190), (170, 160, 150), (224, 222, 218))
WALLS = ((222, 218, 210), (198, 206, 204), (214, 200, 186), (188, 172, 176))


def background(rng: np.random.Generator) -> Ink:
    """One of the scenes, evenly lit, 3 × 960 × 720."""
    scenes = (_bed, _bed, _wood, _wood, _tiles, _carpet, _wall)
    return scenes[int(rng.integers(len(scenes)))](rng)


def _coloured(tone: Field, colours: tuple[RGB, ...], rng: np.random.Generator) -> Ink:
    colour = floats(colours[int(rng.integers(len(colours)))])
    return floats(colour[:, None, None] * tone)


def _bed(rng: np.random.Generator) -> Ink:
    """A rumpled sheet: wide soft hills, long folds across them, a fine weave."""
    width, height = SNAP_PX
    turn = float(rng.uniform(0, 180))
    folds = np.exp(-np.abs(_streaks(rng, turn, 40, 330)) * 4.0)
    small = np.exp(-np.abs(_streaks(rng, turn + float(rng.uniform(30, 90)), 28, 160)) * 5.0)
    relief = 34 * noise(rng, width, height, 200) + 15 * folds + 5 * small
    across, down = slopes(blur(floats(relief), 4.0))
    shade = np.clip(1 + 0.4 * (0.7 * across + down), 0.6, 1.12)
    return _coloured(floats(shade * (1 + 0.025 * _tiled(weave("canvas")))), SHEETS, rng)


def _streaks(rng: np.random.Generator, turn: float, across_px: float, along_px: float) -> Field:
    """Noise drawn out in one direction, unit deviation."""
    side = BOARDS_PX
    field = resized(noise(rng, int(side * along_px / across_px), side, along_px), (side, side))
    return _spun(field, turn + 90)


def _spun(field: Field, degrees: float) -> Field:
    """The middle of a square field, turned, at the size of a snap."""
    width, height = SNAP_PX
    side = field.shape[0]
    spin = cv2.getRotationMatrix2D((side / 2, side / 2), degrees, 1.0)
    spin = floats(spin + np.array([[0, 0, width - side], [0, 0, height - side]]) / 2)
    return floats(cv2.warpAffine(field, spin, SNAP_PX, borderMode=cv2.BORDER_REFLECT))


def _wood(rng: np.random.Generator) -> Ink:
    """Floor boards with grain, joints and their own tones, at an angle."""
    side, board = BOARDS_PX, int(rng.integers(90, 150))
    grain = resized(rng.standard_normal((side // 2, 40), np.float32), (side, side))
    fine = resized(rng.standard_normal((side, 90), np.float32), (side, side))
    tones = floats(np.repeat(rng.normal(0, 0.08, side // board + 1), board)[:side])
    tone = 1 + tones[:, None] + np.float32(0.04) * grain + np.float32(0.025) * fine
    tone[np.arange(side) % board < 3] *= 0.6
    for row in range(side // board + 1):
        joint = int(rng.integers(0, side))
        tone[row * board : (row + 1) * board, joint : joint + 3] *= 0.6
    turn = float(rng.choice((0, 90)) + rng.normal(0, 9))
    return _coloured(_spun(floats(tone), turn), WOODS, rng)


def _tiles(rng: np.random.Generator) -> Ink:
    width, height = SNAP_PX
    side = int(rng.integers(170, 290))
    joints = np.ones((BOARDS_PX, BOARDS_PX), np.float32)
    for at in range(0, BOARDS_PX, side):
        joints[at : at + 5], joints[:, at : at + 5] = 0.72, 0.72
    tone = 1 + 0.03 * noise(rng, width, height, 60) + 0.015 * noise(rng, width, height, 8)
    return _coloured(floats(tone * _spun(joints, float(rng.normal(0, 14)))), STONES, rng)


def _carpet(rng: np.random.Generator) -> Ink:
    width, height = SNAP_PX
    tone = 1 + 0.1 * _tiled(weave("terry")) + 0.05 * noise(rng, width, height, 60)
    return _coloured(floats(tone), CARPETS, rng)


def _wall(rng: np.random.Generator) -> Ink:
    width, height = SNAP_PX
    tone = 1 + 0.02 * noise(rng, width, height, 110) + 0.008 * noise(rng, width, height, 3)
    return _coloured(floats(tone), WALLS, rng)


def _tiled(tile: Field) -> Field:
    width, height = SNAP_PX
    across, down = -(-width // TILE_PX), -(-height // TILE_PX)
    return np.tile(tile, (down, across))[:height, :width]
