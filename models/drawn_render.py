"""Painting the parts of a shape: cloth with folds under a lamp.

Each part has a relief (`drawn_relief`), from which light follows; the weave roughens it, the
pattern lies on it and follows its slopes a little, seams and stitches are drawn on it. What lies
below is darkened where a part covers it.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np

from models.drawn_curves import Points
from models.drawn_fields import Field, Ink, blur, floats, moved, resized, sampled
from models.drawn_patterns import RGB, pattern
from models.drawn_relief import (
    SCALE,
    Region,
    Relief,
    bands,
    drape_field,
    fixed_points,
    region_of,
    relief_of,
)
from models.drawn_shapes import CANVAS_UNITS, Line, Part
from models.drawn_weaves import TILE_PX, weave

LAMP = (-0.42, -0.55, 0.72)  # from where the light comes: left, above, before
AMBIENT = 0.52
BRIGHTEST = 1.28
LIP_UNITS = floats((1.3, 0.7))  # from a seam's groove to its bright lip
SHADE_UNITS = floats((0.0, 0.7))  # from a stitch to its shadow
FOLLOW_PX = 7.0  # how far a pattern slides on a slope of 1


@dataclass(frozen=True, slots=True)
class Material:
    """How a surface takes light: `grit` is the depth of its weave, `gloss` the strength of its
    highlight and `shine` its sharpness, `drape` the depth of its loose folds, `fade` how much
    raised places have lost their dye."""

    weave: str
    grit: float = 0.06
    gloss: float = 0.0
    shine: float = 20.0
    drape: float = 1.0
    fade: float = 0.0


@dataclass(frozen=True, slots=True)
class Paint:
    """A colour on a material, perhaps printed with a pattern: (name, second, third, size)."""

    rgb: RGB
    material: Material
    pattern: tuple[str, RGB, RGB, int] | None = None


class Easel:
    """The canvas that parts are laid on, one after the other."""

    def __init__(self, seed: int) -> None:
        width, height = (round(side * SCALE) for side in CANVAS_UNITS)
        self._ink = np.zeros((3, height, width), np.float32)
        self._alpha = np.zeros((height, width), np.float32)
        self._drape = drape_field(seed, height, width)

    def lay(self, part: Part, paint: Paint, decal: Field | None) -> None:
        """Paint one part over what is there; `decal` (H×W×4) is printed where the part has a
        place for it."""
        height, width = self._alpha.shape
        region = region_of(part, (height, width))
        if region is None:
            return
        drape = self._drape[region.rows, region.columns]
        relief = relief_of(part, region, drape, paint.material.drape)
        dark, sewing = _shade_below(part, region), _sewing(part, region)
        for rows, band, slopes in bands(region, relief):
            ink = _dyed(part, paint, band, slopes)
            if decal is not None and part.decal is not None:
                _print(ink, decal, part.decal, band, slopes)
            _light(ink, slopes, band, paint.material)
            if sewing is not None:
                ink *= sewing[0][rows]
                ink += (ink * np.float32(0.17) + 26) * sewing[1][rows]
            below = self._ink[:, band.rows, band.columns]
            if dark is not None:
                below *= dark[rows]
            ink -= below
            ink *= band.cover
            below += ink
        alpha = self._alpha[region.rows, region.columns]
        alpha += (1 - alpha) * region.cover

    def result(self) -> tuple[Ink, Field]:
        """Colour (planar RGB 0..255) and coverage (0..1), averaged down to canvas units."""
        # Parts were laid on black: the ink is already weighed by its coverage.
        planes = floats(cv2.merge([*self._ink, self._alpha]))
        *ink, weight = cv2.split(resized(planes, CANVAS_UNITS, how=cv2.INTER_AREA))
        return floats(np.stack(ink) / np.maximum(weight, 1e-3)), floats(weight)


def _shade_below(part: Part, region: Region) -> Field | None:
    """By what the part's shadow multiplies what lies below: tight at its edge, wide downwards."""
    if part.shadow <= 0:
        return None
    half = floats(cv2.pyrDown(region.cover))
    quarter = floats(cv2.pyrDown(half))
    near = blur(half, 1.3)
    far = resized(moved(blur(quarter, 2.1), 0.75, 1.25), (half.shape[1], half.shape[0]))
    dark = 1 - np.float32(part.shadow) * (np.float32(0.55) * near + np.float32(0.45) * far)
    return resized(dark, (region.cover.shape[1], region.cover.shape[0]))


def _dyed(part: Part, paint: Paint, region: Region, relief: Relief) -> Ink:
    """The part's own colours, unlit: dye, pattern, weave and wear."""
    u, v = _cloth_position(part.grain, region, relief)
    tile = None
    if paint.pattern is not None and part.patterned:
        name, second, third, size = paint.pattern
        tile = pattern(name, paint.rgb, second, third, size)
    material = paint.material
    grit = 0.13 if part.weave else material.grit
    rough = sampled(weave(part.weave or material.weave), u, v, wrap=True)
    rough = 1 + np.float32(grit) * rough
    if tile is None:
        ink = floats(paint.rgb)[:, None, None] * rough
    else:
        ink = np.stack(cv2.split(sampled(tile, u, v, wrap=True)))
        ink *= rough
    if material.fade:
        ink += (235 - ink) * np.clip(relief.folds * np.float32(material.fade), -0.1, 0.3)
    return floats(ink)


def _cloth_position(grain: float, region: Region, relief: Relief) -> tuple[Field, Field]:
    """Where on its bolt of cloth each pixel was cut."""
    x, y = _places(region)
    x = x - np.float32(CANVAS_UNITS[0] * SCALE / 2)
    y = y - np.float32(CANVAS_UNITS[1] * SCALE / 2)
    cos, sin = floats(np.cos(np.deg2rad(grain))), floats(np.sin(np.deg2rad(grain)))
    u = x * cos + y * sin + relief.slope_x * np.float32(FOLLOW_PX)
    v = y * cos - x * sin + relief.slope_y * np.float32(FOLLOW_PX)
    for place in (u, v):  # modulo, several times faster than np.mod on floats
        place -= TILE_PX * np.floor(place * np.float32(1 / TILE_PX))
    return floats(u), floats(v)


def _places(region: Region) -> tuple[Field, Field]:
    columns = np.arange(region.columns.start, region.columns.stop, dtype=np.float32)
    rows = np.arange(region.rows.start, region.rows.stop, dtype=np.float32)
    return columns[None, :], rows[:, None]


def _print(
    ink: Ink, decal: Field, place: tuple[float, float, float], region: Region, relief: Relief
) -> None:
    """Lay a motif on the cloth; it bends with the slopes."""
    x, y, width = (v * SCALE for v in place)
    side = decal.shape[0]
    columns, rows = _places(region)
    u = floats(((columns - x) / width + 0.5) * side + relief.slope_x * 5)
    v = floats(((rows - y) / width + 0.5) * side + relief.slope_y * 5)
    red, green, blue, share = cv2.split(sampled(decal, u, v))
    share = floats(share) * np.float32(0.94)
    for plane, inked in zip(ink, (red, green, blue), strict=True):
        plane += (inked - plane) * share


def _light(ink: Ink, relief: Relief, region: Region, material: Material) -> None:
    """Light the part: a lamp, its highlight, and darkness gathering at the edges."""
    sx, sy = relief.slope_x, relief.slope_y
    length = 1 / np.sqrt(1 + sx * sx + sy * sy)
    lamp = floats(LAMP) / np.linalg.norm(floats(LAMP))
    facing = np.maximum((lamp[2] - sx * lamp[0] - sy * lamp[1]) * length, 0)
    diffuse = np.float32(AMBIENT) + facing * np.float32((1 - AMBIENT) / lamp[2])
    edge = np.float32(0.86) + np.float32(0.14) * np.minimum(region.inside * np.float32(1 / 9), 1)
    ink *= np.minimum(diffuse, BRIGHTEST) * edge
    if material.gloss:
        half = lamp + floats([0, 0, 1])
        half /= np.linalg.norm(half)
        glance = np.maximum((half[2] - sx * half[0] - sy * half[1]) * length, 0)
        ink += np.float32(material.gloss * 255) * floats(cv2.pow(glance, material.shine))


def _sewing(part: Part, region: Region) -> tuple[Field, Field] | None:
    """Seams (a groove and its bright lip) and stitches (dashes): by what they multiply the lit
    part, and where thread shines on it."""
    if not part.seams and not part.stitches:
        return None
    factor = np.ones(region.cover.shape, np.float32)
    thread = np.zeros(region.cover.shape, np.float32)
    for seam in part.seams:
        groove = _stroke([seam.points], seam.width, region)
        lip = np.maximum(_stroke([seam.points + LIP_UNITS], seam.width, region) - groove, 0)
        factor *= 1 + np.float32(seam.depth) * (np.float32(0.16) * lip - np.float32(0.5) * groove)
    for row in part.stitches:
        dashes = _dashes(row)
        thread = np.maximum(thread, _stroke(dashes, row.width, region))
        factor *= 1 - np.float32(0.3) * _stroke(dashes + SHADE_UNITS, row.width, region)
    return factor, thread


def _stroke(lines: Sequence[Points] | Points, width: float, region: Region) -> Field:
    canvas = np.zeros(region.cover.shape, np.uint8)
    fixed = [fixed_points(line, region.columns.start, region.rows.start) for line in lines]
    cv2.polylines(canvas, fixed, False, (255,), max(1, round(width * SCALE)), cv2.LINE_AA, 4)
    return floats(canvas) * np.float32(1 / 255)


def _dashes(row: Line) -> Points:
    """A stitched line as N × 2 × 2 ends: dashes of 4 units with gaps of 2.6."""
    steps = np.linalg.norm(np.diff(row.points, axis=0), axis=1)
    along = np.concatenate([[0], np.cumsum(steps)])
    ends = np.arange(0, along[-1] - 4, 6.6)[:, None] + [0, 4]
    x = np.interp(ends, along, row.points[:, 0])
    y = np.interp(ends, along, row.points[:, 1])
    return floats(np.stack([x, y], 2))
