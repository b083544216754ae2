"""One picture of a subject as the region finder is shown it, and what each cell should say.

A photo is turned a little, cropped, scaled and mirrored, its garments change colour inside their
masks, its person is sometimes stood before another ground, a snap's garment on a studio's white.
"""

from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np
import numpy.typing as npt

from models.regions_stock import UNSURE, Picture, Subject
from vision.regions import CELL_PX, KINDS, SIDE_PX

GRID = SIDE_PX // CELL_PX
_LEAST_LEFT = 0.3  # a thing of which less is inside the frame is nothing to learn from
_FULL = 0.5  # of a cell: then it speaks for the thing


@dataclass(frozen=True, slots=True, eq=False)
class Scene:
    """A picture (S, S, 3); `kind` (G, G) int8: 0 nothing, 1 to K, -1 not to be learned from; `box`
    (4, G, G): left, top, right, bottom in sides of the picture; `weight` (G, G)."""

    pixels: Picture
    kind: npt.NDArray[np.int8]
    box: npt.NDArray[np.float32]
    weight: npt.NDArray[np.float32]


def plain_scene(subject: Subject) -> Scene:
    """The picture as it is, squashed into the square as the serving path does."""
    size = (SIDE_PX, SIDE_PX)
    pixels = cv2.resize(subject.pixels, size, interpolation=cv2.INTER_AREA)
    marks = cv2.resize(subject.marks, size, interpolation=cv2.INTER_NEAREST)
    return _labelled(np.asarray(pixels, np.uint8), np.asarray(marks, np.uint8), subject)


def random_scene(subject: Subject, ground: Picture, rng: np.random.Generator) -> Scene:
    """The picture otherwise; `ground` is what may be put behind."""
    pixels: Any = subject.pixels
    if rng.random() < 0.6:
        pixels = _recoloured(pixels, subject, rng)
    if rng.random() < 0.25:
        pixels = _moved(pixels, subject.body, ground, rng)
    turn = _turn(pixels.shape[1], pixels.shape[0], rng)
    size = (SIDE_PX, SIDE_PX)
    pixels = cv2.warpAffine(
        pixels, turn, size, flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE
    )
    marks: Any = cv2.warpAffine(subject.marks, turn, size, flags=cv2.INTER_NEAREST)
    return _labelled(_lit(pixels, rng), marks, subject, float(abs(np.linalg.det(turn[:, :2]))))


def _turn(width: int, height: int, rng: np.random.Generator) -> Any:
    """The affine map of a photo to the square: mirrored, scaled, stretched, turned, moved."""
    zoom = float(np.exp(rng.uniform(np.log(0.7), np.log(1.6))))
    stretch = float(np.exp(rng.uniform(-0.25, 0.25)))
    across, down = SIDE_PX / width * zoom * stretch, SIDE_PX / height * zoom / stretch
    angle = rng.normal(0, 0.05)
    turned = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    mirror = -1.0 if rng.random() < 0.5 else 1.0
    linear = turned @ np.diag([across * mirror, down])
    spare = SIDE_PX * (1 - zoom)  # what is outside when zoomed in, around when zoomed out
    middle = SIDE_PX / 2 + rng.uniform(-0.5, 0.5, 2) * abs(spare)
    shift = middle - linear @ np.array([width / 2, height / 2])
    return np.column_stack([linear, shift])


def _recoloured(pixels: Any, subject: Subject, rng: np.random.Generator) -> Any:
    """Each garment in another colour: kinds are shapes and places, not shades."""
    lab: Any = cv2.cvtColor(pixels, cv2.COLOR_RGB2LAB)
    table = np.zeros((256, 3), np.float32)
    for number in range(1, len(subject.kinds) + 1):
        if rng.random() < 0.6:
            table[number] = rng.normal(0, (35, 14, 14))
    shifted = lab.astype(np.float32) + table[subject.marks]
    lab = np.clip(shifted, 0, 255).astype(np.uint8)
    return cv2.cvtColor(lab, cv2.COLOR_LAB2RGB)


def _moved(pixels: Any, body: Picture, ground: Picture, rng: np.random.Generator) -> Any:
    """Whatever is no background before plain white, a wall's colour, or another ground."""
    size = (pixels.shape[1], pixels.shape[0])
    behind: Any = np.empty_like(pixels)
    way = rng.random()
    if way < 0.35:
        behind[:] = rng.integers(225, 256)
    elif way < 0.5:
        behind[:] = rng.integers(30, 240, 3)
    else:
        blurred = cv2.GaussianBlur(ground, (0, 0), ground.shape[0] / 40)
        behind = cv2.resize(blurred, size, interpolation=cv2.INTER_LINEAR)
    soft = cv2.GaussianBlur(body.astype(np.float32), (0, 0), 1.2)[..., None]
    return (pixels * soft + behind * (1 - soft)).astype(np.uint8)


def _lit(pixels: Any, rng: np.random.Generator) -> Picture:
    """Another light, sometimes grey, sometimes blurred."""
    bright = np.arange(256, dtype=np.float32) / 255
    curve = 255 * bright ** rng.uniform(0.75, 1.35) * rng.uniform(0.75, 1.2)
    table = np.clip(curve[:, None] * rng.normal(1, 0.06, 3), 0, 255).astype(np.uint8)
    lit: Any = np.stack([table[pixels[..., c], c] for c in range(3)], -1)
    if rng.random() < 0.05:
        lit[:] = lit.mean(axis=2, keepdims=True)
    if rng.random() < 0.15:
        lit = cv2.GaussianBlur(lit, (0, 0), rng.uniform(0.5, 1.5))
    return np.asarray(lit, np.uint8)


def _labelled(pixels: Picture, marks: Picture, subject: Subject, scale: float = 0.0) -> Scene:
    """What each cell should say; the smaller thing has a cell that two would like."""
    kind, box, weight = (
        np.zeros((GRID, GRID), np.int8),
        np.zeros((4, GRID, GRID), np.float32),
        np.zeros((GRID, GRID), np.float32),
    )
    kind[_share(marks == UNSURE) > 0.3] = -1
    things = []
    for number, name in enumerate(subject.kinds, 1):
        inside = marks == number
        area = int(inside.sum())
        before = scale * float((subject.marks == number).sum()) if scale else area
        things.append((area, area < _LEAST_LEFT * before, name, inside))
    for area, lost, name, inside in sorted(things, key=lambda thing: -thing[0]):
        if area == 0:
            continue
        share = _share(inside)
        speaks = share >= min(_FULL, 0.6 * float(share.max()))
        if lost or area < 12:
            kind[speaks] = -1
            continue
        rows, columns = np.flatnonzero(inside.any(1)), np.flatnonzero(inside.any(0))
        edges = columns[0], rows[0], columns[-1] + 1, rows[-1] + 1
        kind[speaks] = KINDS.index(name) + 1
        box[:, speaks] = np.array(edges, np.float32)[:, None] / SIDE_PX
        weight[speaks] = 1 / np.sqrt(speaks.sum())
        timid = (share >= 0.15) & (share < _FULL) & ~speaks & (kind == 0)
        kind[timid] = -1
    weight[kind <= 0] = 0
    return Scene(pixels, kind, box, weight)


def _share(inside: Any) -> npt.NDArray[np.float32]:
    """(G, G): how much of each cell is marked."""
    cells = inside.reshape(GRID, CELL_PX, GRID, CELL_PX)
    return np.asarray(cells.mean((1, 3)), np.float32)
