"""Draws the page's icons for home screens from the shapes of api/pages/mark.svg.

    python tools/draw_icons.py

The ground fills the whole square, as launchers cut their own shape out of it.
"""

from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw

PAGES = Path(__file__).parents[1] / "api" / "pages"
SIZES_PX = (192, 512)
FINER = 4  # drawn larger and shrunk: smooth edges
MARIGOLD, INK = (255, 196, 46), (27, 25, 23)
# The eye of mark.svg in its 32 × 32 box: two curves from corner to corner, then down to a point.
CURVES = (
    ((4.5, 13.5), (7.6, 9.6), (11.6, 7.6), (16, 7.6)),
    ((16, 7.6), (20.4, 7.6), (24.4, 9.6), (27.5, 13.5)),
)
POINT, PUPIL, PUPIL_R, LINE = (16, 25.5), (16, 14.3), 3.5, 2.4


def curve(a, b, c, d, steps=60):
    """A cubic Bézier as points."""
    t = np.linspace(0, 1, steps)[:, None]
    a, b, c, d = (np.array(p, float) for p in (a, b, c, d))
    return (1 - t) ** 3 * a + 3 * (1 - t) ** 2 * t * b + 3 * (1 - t) * t**2 * c + t**3 * d


def icon(size_px):
    """The mark on a full square."""
    side = size_px * FINER
    image = Image.new("RGB", (side, side), MARIGOLD)
    pen = ImageDraw.Draw(image)
    scale, shift = side / 32 * 0.82, side * 0.09  # inside the circle that every launcher keeps
    outline = np.vstack([curve(*CURVES[0]), curve(*CURVES[1]), [POINT], [CURVES[0][0]]])
    points = [tuple(p) for p in outline * scale + shift]
    width = round(LINE * scale)
    pen.line([*points, points[1]], INK, width, joint="curve")
    x, y, r = PUPIL[0] * scale + shift, PUPIL[1] * scale + shift, PUPIL_R * scale
    pen.ellipse((x - r, y - r, x + r, y + r), INK)
    return image.resize((size_px, size_px), Image.Resampling.LANCZOS)


if __name__ == "__main__":
    for size_px in SIZES_PX:
        icon(size_px).save(PAGES / f"icon-{size_px}.png", optimize=True)
