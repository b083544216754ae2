"""The outlines of everything the drawn shop sells: parts, read from `drawn_shapes.json`.

A shape is a list of parts in painter's order, on a canvas of 600 × 800 units; `drawn_curves` reads
their outlines. Each row of the file says which views or variants (`if`, `unless`) show it.
"""

import json
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np

from models.drawn_curves import Points, outlines_of
from models.drawn_fields import floats

CANVAS_UNITS = (600, 800)
MARGIN_UNITS = (44, 44)
RIGID_UNITS = 34  # what is smaller (a button, a rivet) moves with the cloth but keeps its form


@dataclass(frozen=True, slots=True)
class Fit:
    """How one article differs from its pattern: `width` and `length` are factors near 1,
    `flare` widens what hangs below the shape's waist (per 100 units)."""

    width: float = 1.0
    length: float = 1.0
    flare: float = 0.0


AS_CUT = Fit()


@dataclass(frozen=True, slots=True, eq=False)
class Line:
    """A drawn line: its points, its width and how deep it lies (folds: how high it rises)."""

    points: Points
    width: float
    depth: float


@dataclass(frozen=True, slots=True, eq=False)
class Part:
    """One piece of cloth, leather, metal or clay, in canvas units.

    `outlines` are filled together when `width` is 0, else they are strokes of that width.
    `round_px` is how far the edge curls, `barrel` how strongly the piece turns away sideways,
    `grain` the direction of the cloth in degrees. `joints` are the neighbours it is sewn to.
    """

    outlines: tuple[Points, ...]
    closed: bool
    width: float
    paint: str
    grain: float
    round_px: float
    lift: float
    barrel: float
    quilt: float
    drape: float
    shadow: float
    patterned: bool
    weave: str
    decal: tuple[float, float, float] | None
    joints: tuple[Points, ...]
    folds: tuple[Line, ...]
    seams: tuple[Line, ...]
    stitches: tuple[Line, ...]


@cache
def shapes() -> dict[str, Any]:
    """The file of shapes: `pieces` shared by several shapes, and `shapes` by kind."""
    path = Path(__file__).with_name("drawn_shapes.json")
    loaded: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    return loaded


def parts_of(kind: str, tags: frozenset[str], fit: Fit) -> tuple[Part, ...]:
    """The parts of a kind that `tags` (variant and view) show, fitted into the canvas."""
    book = shapes()
    shape = book["shapes"][kind]
    rows = [r for r in _unfold(shape["parts"], book["pieces"]) if _shown(r, tags)]
    waist = float(shape.get("waist", 300))
    fit = replace(fit, length=fit.length * shape.get("length", 1.0))
    parts = [part for row in rows for part in _parts(row, fit, waist)]
    return _fitted(parts)


def _unfold(rows: list[dict[str, Any]], pieces: dict[str, Any]) -> list[dict[str, Any]]:
    """Replace `{"use": name}` by the parts of that piece, which inherit its conditions."""
    out: list[dict[str, Any]] = []
    for row in rows:
        if "use" not in row:
            out.append(row)
            continue
        extra = {k: v for k, v in row.items() if k != "use"}
        out.extend({**part, **_both(part, extra)} for part in pieces[row["use"]])
    return out


def _both(part: dict[str, Any], extra: dict[str, Any]) -> dict[str, Any]:
    """What a use adds to a piece's part; conditions are joined, all else is replaced."""
    joined: dict[str, Any] = {
        k: f"{part.get(k, '')} {extra[k]}" for k in ("if", "unless") if k in extra
    }
    return {**extra, **joined}


def _shown(row: dict[str, Any], tags: frozenset[str]) -> bool:
    wanted, unwanted = row.get("if", "").split(), row.get("unless", "").split()
    return all(t in tags for t in wanted) and not any(t in tags for t in unwanted)


def _parts(row: dict[str, Any], fit: Fit, waist: float) -> list[Part]:
    """One part, or two for a pair: mirrored cloth has a mirrored grain."""
    how = row.get("as", "shape")
    outlines = tuple(_warp(p, fit, waist) for p in outlines_of(row["d"], how))
    part = _part(row, outlines, fit, waist)
    if how not in ("pair", "pairline"):
        return [part]
    left, right = outlines
    return [replace(part, outlines=(left,)), replace(part, outlines=(right,), grain=-part.grain)]


def _part(row: dict[str, Any], outlines: tuple[Points, ...], fit: Fit, waist: float) -> Part:
    line = row.get("as", "shape").endswith("line")
    decal = None
    if "decal" in row:
        x, y = _stretched(floats([row["decal"][:2]]), fit, waist)[0]
        decal = (float(x), float(y), float(row["decal"][2]))
    return Part(
        outlines=outlines,
        closed=not line,
        width=float(row.get("w", 0)),
        paint=row.get("paint", "main"),
        grain=float(row.get("grain", 0)),
        round_px=float(row.get("round", 26)),
        lift=float(row.get("lift", 0.5)),
        barrel=float(row.get("barrel", 0)),
        quilt=float(row.get("quilt", 0)),
        drape=float(row.get("drape", 1 if row.get("paint", "main") in ("main", "second") else 0)),
        shadow=float(row.get("shadow", 0.35)),
        patterned=bool(row.get("pattern", row.get("paint", "main") == "main")),
        weave=row.get("weave", ""),
        decal=decal,
        joints=tuple(_warp(p, fit, waist) for p in outlines_of(row["joint"], "pair"))
        if "joint" in row
        else (),
        folds=_lines(row.get("folds", []), fit, waist),
        seams=_lines(row.get("seams", []), fit, waist),
        stitches=_lines(row.get("stitches", []), fit, waist),
    )


def _lines(rows: list[list[Any]], fit: Fit, waist: float) -> tuple[Line, ...]:
    """Rows of [how, path, width, depth] as lines."""
    return tuple(
        Line(_warp(points, fit, waist), float(width), float(depth))
        for how, text, width, depth in rows
        for points in outlines_of(text, how)
    )


def _warp(points: Points, fit: Fit, waist: float) -> Points:
    """Points of the pattern where the article's fit has them."""
    if np.ptp(points, axis=0).max() < RIGID_UNITS:
        middle = (points.min(0) + points.max(0)) / 2
        return floats(points + (_stretched(middle[None], fit, waist) - middle))
    return _stretched(points, fit, waist)


def _stretched(points: Points, fit: Fit, waist: float) -> Points:
    x, y = points[:, 0] - 300, points[:, 1]
    below = np.maximum(y - waist, 0)
    x = x * fit.width * (1 + fit.flare * below / 100)
    y = np.minimum(y, waist) + below * fit.length
    return np.stack([x + 300, y], 1).astype(np.float32)


def _fitted(parts: list[Part]) -> tuple[Part, ...]:
    """Centre the parts in the canvas, at the largest size that leaves the margin."""
    reach = [(p, part.width / 2) for part in parts for p in part.outlines]
    low = np.min([p.min(0) - pad for p, pad in reach], 0)
    high = np.max([p.max(0) + pad for p, pad in reach], 0)
    room = np.subtract(CANVAS_UNITS, np.multiply(MARGIN_UNITS, 2))
    scale = float(np.min(room / (high - low)))
    shift = np.array(CANVAS_UNITS) / 2 - scale * (low + high) / 2

    placing = _Placing(scale, (float(shift[0]), float(shift[1])))
    return tuple(placing.part(part) for part in parts)


@dataclass(frozen=True, slots=True)
class _Placing:
    """A scale and a shift that bring a pattern onto the canvas."""

    scale: float
    shift: tuple[float, float]

    def points(self, points: Points) -> Points:
        return floats(points * self.scale + self.shift)

    def lines(self, rows: tuple[Line, ...]) -> tuple[Line, ...]:
        return tuple(Line(self.points(r.points), r.width * self.scale, r.depth) for r in rows)

    def part(self, part: Part) -> Part:
        decal = None
        if part.decal:
            x, y = self.points(floats(part.decal[:2]))
            decal = (float(x), float(y), part.decal[2] * self.scale)
        return replace(
            part,
            outlines=tuple(self.points(p) for p in part.outlines),
            width=part.width * self.scale,
            round_px=part.round_px * self.scale,
            quilt=part.quilt * self.scale,
            decal=decal,
            joints=tuple(self.points(p) for p in part.joints),
            folds=self.lines(part.folds),
            seams=self.lines(part.seams),
            stitches=self.lines(part.stitches),
        )
