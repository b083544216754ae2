"""Outlines written as text: points that a curve passes through.

`240,106! 262,140 300,152` is a curve through three points (Catmull-Rom tangents, so a chain of
cubic Béziers) that turns sharply where `!` stands.
"""

import numpy as np
import numpy.typing as npt

from models.drawn_fields import floats

Points = npt.NDArray[np.float32]

MIDDLE_UNITS = 300
STEPS_A_CURVE = 10


def outlines_of(text: str, how: str) -> list[Points]:
    """The outlines of a text: `half` mirrors it into one outline, `pair` into two, `dots` reads
    ellipses; what ends in `line` stays open."""
    closed = not how.endswith("line")
    if how == "dots":
        return [_dot(dot) for dot in text.split()]
    if how == "pairdots":
        dots = [_dot(dot) for dot in text.split()]
        return dots + [_mirror(d) for d in dots]
    points, corners = _knots(text)
    if how.startswith("half"):
        return [_smooth(*_whole(points, corners, closed=closed), closed=closed)]
    one = _smooth(points, corners, closed=closed)
    return [one, _mirror(one)] if how.startswith("pair") else [one]


def _whole(points: Points, corners: list[bool], *, closed: bool) -> tuple[Points, list[bool]]:
    """A left half with its mirror image; points on the middle line stand once."""
    first = 1 if points[-1][0] == MIDDLE_UNITS else 0
    last = -1 if closed and points[0][0] == MIDDLE_UNITS else None
    again, sharp = _mirror(points)[::-1][first:last], corners[::-1][first:last]
    return np.concatenate([points, again]), corners + sharp


def _knots(text: str) -> tuple[Points, list[bool]]:
    words = text.split()
    points = np.array(
        [[float(n) for n in word.rstrip("!").split(",")] for word in words], np.float32
    )
    return points, [word.endswith("!") for word in words]


def _dot(text: str) -> Points:
    """An ellipse `x,y,radius` or `x,y,rx,ry`, or tilted by degrees: `x,y,rx,ry,tilt`."""
    n = [float(v) for v in text.split(",")]
    x, y, rx = n[:3]
    ry = n[3] if len(n) > 3 else rx
    tilt = np.deg2rad(n[4]) if len(n) > 4 else 0.0
    a = np.linspace(0, 2 * np.pi, 48, endpoint=False)
    px, py = rx * np.cos(a), ry * np.sin(a)
    turned = (x + px * np.cos(tilt) - py * np.sin(tilt), y + px * np.sin(tilt) + py * np.cos(tilt))
    return np.stack(turned, 1).astype(np.float32)


def _mirror(points: Points) -> Points:
    return floats(points * (-1, 1) + (600, 0))


def _smooth(points: Points, corners: list[bool], *, closed: bool) -> Points:
    """A curve through the points: tangents by Catmull-Rom, none at a corner."""
    n = len(points)
    tangents = np.zeros_like(points)
    for i in range(n):
        if not corners[i] and (closed or 0 < i < n - 1):
            tangents[i] = (points[(i + 1) % n] - points[i - 1]) / 2
    t = np.linspace(0, 1, STEPS_A_CURVE, endpoint=False, dtype=np.float32)[:, None]
    pieces = []
    for i in range(n if closed else n - 1):
        a, b = points[i], points[(i + 1) % n]
        reach = float(np.linalg.norm(b - a))
        ta, tb = _short(tangents[i], reach), _short(tangents[(i + 1) % n], reach)
        h1, h2 = 2 * t**3 - 3 * t**2 + 1, t**3 - 2 * t**2 + t
        pieces.append(h1 * a + h2 * ta + (1 - h1) * b + (t**3 - t**2) * tb)
    if not closed:
        pieces.append(points[-1:])
    return np.concatenate(pieces).astype(np.float32)


def _short(tangent: Points, reach: float) -> Points:
    """No tangent longer than its chord, else curves overshoot beside short pieces."""
    length = float(np.linalg.norm(tangent))
    return tangent if length <= reach else floats(tangent * (reach / length))
