"""One article of the drawn shop, drawn: from its spec to a studio picture.

`draw_cutout` gives the article alone, `draw_product` puts it into the studio. Both depend on
the spec and the view only: the same spec gives the same pixels.
"""

import json
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import cv2
import numpy as np

from models.drawn_fields import Field, floats
from models.drawn_motifs import motif
from models.drawn_patterns import RGB
from models.drawn_render import Easel, Material, Paint
from models.drawn_shapes import AS_CUT, Fit, Part, parts_of, shapes
from models.drawn_studio import in_studio, turned
from vision.photo import Pixels

VIEWS = ("front", "back", "turned", "mirrored")


@dataclass(frozen=True, slots=True)
class Spec:
    """What an article looks like.

    `kind` names a shape, `options` its variants (`vneck`, `long`); `colours` are main, second
    and accent as RGB 0..255; `pattern` is a printed pattern, "plain", or "print" with a `motif`;
    `pattern_size` is 0 (small) to 2; `seed` decides the loose folds.
    """

    kind: str
    options: tuple[str, ...]
    colours: tuple[RGB, RGB, RGB]
    material: str
    pattern: str = "plain"
    pattern_size: int = 1
    motif: str = ""
    fit: Fit = AS_CUT
    seed: int = 0

    def __post_init__(self) -> None:
        if self.kind not in shapes()["shapes"]:
            raise ValueError(f"no shape is named {self.kind!r}")
        if self.material not in stock()["materials"]:
            raise ValueError(f"no material is named {self.material!r}")


@dataclass(frozen=True, slots=True, eq=False)
class Cutout:
    """An article without its surroundings: `pixels` uint8 H×W×3, `alpha` float32 H×W in 0..1."""

    pixels: Pixels
    alpha: Field


@cache
def stock() -> dict[str, Any]:
    """The shop's colours, materials, kinds and words, from `drawn_shop.json`."""
    path = Path(__file__).with_name("drawn_shop.json")
    loaded: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    return loaded


def draw_product(spec: Spec, view: str = "front") -> Pixels:
    """A studio picture of the article, uint8 800 × 600 × 3.

    `view` is `front`, `back`, `turned` (seen from its left) or `mirrored`; raises ValueError for
    any other.
    """
    cutout = draw_cutout(spec, view)
    grounded = bool(shapes()["shapes"][spec.kind].get("ground"))
    return in_studio(cutout.pixels, cutout.alpha, grounded=grounded)


def draw_cutout(spec: Spec, view: str = "front") -> Cutout:
    """The article alone, on the 600 × 800 canvas; see `draw_product` for the views."""
    if view not in VIEWS:
        raise ValueError(f"no view is named {view!r}; there are {', '.join(VIEWS)}")
    tags = frozenset(spec.options) | {"back" if view == "back" else "front"}
    easel = Easel(spec.seed)
    printed = spec.pattern == "print" and view != "back"
    decal = motif(spec.motif, spec.colours[1], spec.colours[2]) if printed else None
    for part in parts_of(spec.kind, tags, spec.fit):
        easel.lay(part, _paint(part, spec), decal)
    ink, alpha = easel.result()
    if view == "turned":
        ink, alpha = turned(ink, alpha)
    if view == "mirrored":
        ink, alpha = ink[:, :, ::-1], np.ascontiguousarray(alpha[:, ::-1])
    pixels = cv2.merge([cv2.convertScaleAbs(np.maximum(plane, 0)) for plane in ink])
    return Cutout(np.asarray(pixels, np.uint8), alpha)


def _paint(part: Part, spec: Spec) -> Paint:
    """The colour and material of a part: the article's own, or a fixed one (metal, sole)."""
    main, second, third = spec.colours
    own = {"main": main, "second": second, "third": third}
    row = stock()["paints"].get(part.paint, {"of": "main"})
    if "rgb" in row:
        r, g, b = row["rgb"]
        return Paint((r, g, b), _material(row["material"]))
    tone = np.clip(floats(own[row["of"]]) * row.get("times", 1.0), 0, 255)
    rgb = (int(tone[0]), int(tone[1]), int(tone[2]))
    plain = row["of"] != "main" or spec.pattern in ("plain", "print")
    pattern = None if plain else (spec.pattern, second, third, spec.pattern_size)
    return Paint(rgb, _material(row.get("material", spec.material)), pattern)


@cache
def _material(name: str) -> Material:
    return Material(**stock()["materials"][name])
