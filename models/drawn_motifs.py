"""What is printed on a chest, a bag or a mug: a few emblems, or a word."""

from functools import lru_cache

import numpy as np
from PIL import Image, ImageDraw, ImageFont

from models.drawn_fields import Field
from models.drawn_patterns import RGB

MOTIF_PX = 480


@lru_cache(maxsize=24)
def motif(name: str, ink: RGB, accent: RGB) -> Field:
    """A motif as float32 H × W × 4, colours 0..255 and coverage 0..1; an unknown name is a word."""
    picture = Image.new("RGBA", (MOTIF_PX, MOTIF_PX), (*ink, 0))
    pen = ImageDraw.Draw(picture)
    draw = _MOTIFS.get(name)
    if draw is not None:
        draw(pen, ink, accent)
    else:
        _word(pen, name, ink)
    out = np.asarray(picture, np.float32).copy()
    out[..., 3] /= 255
    return out


def _word(pen: ImageDraw.ImageDraw, word: str, ink: RGB) -> None:
    font = ImageFont.load_default(size=MOTIF_PX * 0.94 / max(len(word) * 0.66, 2))
    middle = (MOTIF_PX / 2, MOTIF_PX / 2)
    pen.text(middle, word, fill=(*ink, 255), font=font, anchor="mm", stroke_width=4)


def _sun(pen: ImageDraw.ImageDraw, ink: RGB, accent: RGB) -> None:
    pen.ellipse((130, 40, 350, 260), fill=accent)
    for i, y in enumerate((215, 275, 335, 395)):
        wave = [(float(x), y + 14 * float(np.sin(x / 26 + i))) for x in range(40, 441, 4)]
        pen.line(wave, fill=ink, width=24)


def _peaks(pen: ImageDraw.ImageDraw, ink: RGB, accent: RGB) -> None:
    pen.ellipse((300, 60, 400, 160), fill=accent)
    pen.polygon([(20, 400), (190, 110), (275, 260), (325, 190), (460, 400)], fill=ink)
    pen.polygon([(190, 110), (146, 186), (180, 172), (204, 200), (230, 184)], fill=(245, 245, 245))


def _leaf(pen: ImageDraw.ImageDraw, ink: RGB, accent: RGB) -> None:
    t = np.linspace(0, np.pi, 40)
    right = [(240 + 120 * float(np.sin(a)), 30 + 410 * float(a / np.pi)) for a in t]
    pen.polygon(right + [(480 - x, y) for x, y in reversed(right)], fill=ink)
    for y in (140, 195, 250, 305, 360):
        pen.line([(310, y - 10), (240, y + 40), (170, y - 10)], fill=accent, width=9)
    pen.line([(240, 80), (240, 470)], fill=accent, width=11)


def _star(pen: ImageDraw.ImageDraw, ink: RGB, accent: RGB) -> None:
    angles = np.linspace(-np.pi / 2, 1.5 * np.pi, 11)[:-1]
    pen.ellipse((20, 20, 460, 460), outline=accent, width=18)
    reach = [(190 if i % 2 == 0 else 80, float(a)) for i, a in enumerate(angles)]
    points = [(240 + r * float(np.cos(a)), 240 + r * float(np.sin(a))) for r, a in reach]
    pen.polygon(points, fill=ink)


def _rings(pen: ImageDraw.ImageDraw, ink: RGB, accent: RGB) -> None:
    for i, r in enumerate((210, 160, 110, 60)):
        pen.ellipse((240 - r, 240 - r, 240 + r, 240 + r), fill=accent if i % 2 else ink)


_MOTIFS = {"sun": _sun, "peaks": _peaks, "leaf": _leaf, "star": _star, "rings": _rings}
