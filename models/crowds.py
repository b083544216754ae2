"""Pictures of nobody, one or several persons, made of cut-out ones: what the head finder learns.

Persons are cut from the street photos by their masks and stood before snaps of floors, beds and
walls, beside each other and in front of each other; some pictures are the street's own. Clothes
without a person in them are pasted too, so that a rack of coats is no company.
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

import cv2
import numpy as np
import numpy.typing as npt

from models.errors import NoData
from models.persons import CELL_PX, HEIGHT_PX, WIDTH_PX

_Thing = TypeVar("_Thing")
Picture = npt.NDArray[np.uint8]
HEAD_SHARE = 0.13  # of a standing person's height
_TALLEST_PX = 420
_HELD_OUT = 60  # street photos that only measure
_BODY = {"hair", "skin", "hat", "glasses", "sunglasses", "shoes", "boots", "heels", "sneakers"}
_FACE = ("skin", "glasses", "sunglasses")
_HOW_MANY = (0.15, 0.34, 0.3, 0.15, 0.06)


@dataclass(frozen=True, slots=True, eq=False)
class Cutout:
    """A person: RGB, the same seen from behind (the face is hair), how opaque (0 to 255), clothes
    alone, and the head's middle."""

    pixels: Picture
    behind: Picture
    alpha: Picture
    clothes: Picture
    head_x: float
    head_y: float


@dataclass(frozen=True, slots=True, eq=False)
class Scene:
    """A picture (192, 320, 3) and its heads: (x, y, height) in pixels."""

    pixels: Picture
    heads: tuple[tuple[float, float, float], ...]


@dataclass(frozen=True, slots=True)
class Stock:
    """What scenes are made of."""

    persons: Sequence[Cutout]
    photos: Sequence[tuple[Picture, tuple[float, float, float]]]
    grounds: Sequence[Picture]


def read_stock(shared: Path, *, held_out: bool, most_grounds: int = 1500) -> Stock:
    """Persons and grounds for training, or those that only measure; raises NoData."""
    street, snaps = shared / "street", sorted((shared / "snaps").rglob("*.jpg"))
    masks = sorted((street / "masks").glob("*.png"))
    if not masks or not snaps:
        raise NoData(street)
    labels = json.loads((street / "labels.json").read_text(encoding="utf-8"))
    named = {label: i for i, label in enumerate(labels)}
    bare = [named[label] for label in sorted(_BODY)]
    face = [named[label] for label in _FACE]
    persons, photos = [], []
    for path in masks[-_HELD_OUT:] if held_out else masks[:-_HELD_OUT]:
        mask = cv2.imread(str(path), cv2.IMREAD_UNCHANGED)
        photo = cv2.imread(str(street / "photos" / f"{path.stem}.jpg"))
        if mask is None or photo is None or mask.shape != photo.shape[:2]:
            continue
        upright: Any = cv2.cvtColor(photo, cv2.COLOR_BGR2RGB)
        found = _cut(upright, np.asarray(mask), bare, face, named["hair"])
        if found:
            persons.append(found[0])
            photos.append((upright, found[1]))
    chosen = snaps[-200:] if held_out else snaps[:-200]
    step = max(1, len(chosen) // most_grounds)
    grounds = [_small(path) for path in chosen[::step]]
    return Stock(persons, photos, [g for g in grounds if g is not None])


def _small(path: Path) -> Any:
    picture = cv2.imread(str(path), cv2.IMREAD_REDUCED_COLOR_4)
    if picture is None or min(picture.shape[:2]) < 60:
        return None
    scale = 400 / max(picture.shape[:2])
    if scale < 1:
        picture = cv2.resize(picture, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
    return cv2.cvtColor(picture, cv2.COLOR_BGR2RGB)


def _cut(
    photo: Picture, mask: Picture, bare: Sequence[int], face: Sequence[int], hair: int
) -> tuple[Cutout, tuple[float, float, float]] | None:
    """The person of a street photo, unless it is no standing one, and the head in the photo."""
    body = cv2.morphologyEx((mask > 0).astype(np.uint8), cv2.MORPH_CLOSE, np.ones((5, 5)))
    _, parts, stats, _ = cv2.connectedComponentsWithStats(body)
    if len(stats) < 2:
        return None
    largest = 1 + int(stats[1:, cv2.CC_STAT_AREA].argmax())
    x, y, w, h = (int(v) for v in stats[largest, :4])
    if not (h > 300 and 1.6 < h / w < 5.5):
        return None
    own = parts == largest
    top = own[y : y + max(4, int(h * HEAD_SHARE))]
    head_x = float(np.nonzero(top)[1].mean())
    head_y = y + h * HEAD_SHARE / 2
    alpha = (own * 255).astype(np.uint8)[y : y + h, x : x + w]
    clothes = (own & ~np.isin(mask, bare)).astype(np.uint8)[y : y + h, x : x + w] * 255
    behind = _turned(photo, own & np.isin(mask, face), own & (mask == hair), y + h * HEAD_SHARE)
    scale = min(1.0, _TALLEST_PX / h)
    sides = (round(w * scale), round(h * scale))
    cut: list[Any] = [
        cv2.resize(np.ascontiguousarray(part), sides, interpolation=cv2.INTER_AREA)
        for part in (photo[y : y + h, x : x + w], behind[y : y + h, x : x + w], alpha, clothes)
    ]
    middle = ((head_x - x) * scale, (head_y - y) * scale)
    return Cutout(cut[0], cut[1], cut[2], cut[3], *middle), (head_x, head_y, h * HEAD_SHARE)


def _turned(photo: Picture, face: Any, hair: Any, chin: float) -> Picture:
    """The photo with the face above `chin` in the hair's own colours: a head from behind."""
    turned = photo.copy()
    face[int(chin) :] = False
    strands = photo[hair]
    if len(strands):
        rows, columns = np.nonzero(face)
        turned[rows, columns] = strands[(columns * 31 + rows // 3) % len(strands)]
        turned[face] = cv2.GaussianBlur(turned, (0, 0), 2.0)[face]
    return turned


def scene(stock: Stock, rng: np.random.Generator) -> Scene:
    """A random picture and who is in it."""
    base: Any
    heads: list[tuple[float, float, float]] = []
    if rng.random() < 0.3:
        base, heads = _photo(stock, rng)
    else:
        base = _ground(stock, rng)
    owner = np.zeros((HEIGHT_PX, WIDTH_PX), np.uint8)
    wanted = int(rng.choice(len(_HOW_MANY), p=_HOW_MANY)) - len(heads)
    heights = sorted(HEIGHT_PX * np.exp(rng.uniform(np.log(0.4), np.log(2.3), max(0, wanted))))
    for height in heights:
        person = _any(stock.persons, rng)
        head = _paste(base, owner, person, float(height), len(heads) + 1, rng)
        if head is not None:
            heads.append(head)
    if rng.random() < 0.15:
        person = _any(stock.persons, rng)
        _paste(base, owner, person, HEIGHT_PX * rng.uniform(0.5, 1.3), 99, rng, clothes=True)
    seen = [h for i, h in enumerate(heads, 1) if _visible(owner, h, i)]
    return Scene(_as_filmed(base, rng), tuple(seen))


def _any(things: Sequence[_Thing], rng: np.random.Generator) -> _Thing:
    return things[int(rng.integers(len(things)))]


def _photo(stock: Stock, rng: np.random.Generator) -> tuple[Any, list[tuple[float, float, float]]]:
    """A street photo's window, near or far, and its own head where it lies inside."""
    photo: Any
    photo, (x, y, size) = _any(stock.photos, rng)
    width = min(photo.shape[1], size * WIDTH_PX / (HEIGHT_PX * rng.uniform(0.07, 0.3)))
    height = width * HEIGHT_PX / WIDTH_PX
    left = rng.uniform(0, max(1.0, photo.shape[1] - width))
    top = np.clip(y - rng.uniform(0.1, 0.7) * height, 0, max(1.0, photo.shape[0] - height))
    scale = WIDTH_PX / width
    shift = np.array([[scale, 0, -left * scale], [0, scale, -top * scale]])
    window = cv2.warpAffine(
        photo, shift, (WIDTH_PX, HEIGHT_PX), flags=cv2.INTER_AREA, borderMode=cv2.BORDER_REPLICATE
    )
    head = ((x - left) * scale, (y - top) * scale, size * scale)
    inside = 0 <= head[0] < WIDTH_PX and 0 <= head[1] < HEIGHT_PX
    return window, [head] if inside else []


def _ground(stock: Stock, rng: np.random.Generator) -> Any:
    if rng.random() < 0.3:  # a wall and a floor
        wall = rng.integers(30, 250) + rng.integers(-25, 25, 3).clip(-30, 30)
        floor = rng.integers(20, 220) + rng.integers(-20, 20, 3)
        base = np.empty((HEIGHT_PX, WIDTH_PX, 3), np.uint8)
        line = int(rng.uniform(0.4, 1.0) * HEIGHT_PX)
        base[:line], base[line:] = wall.clip(0, 255), floor.clip(0, 255)
        light = np.linspace(rng.uniform(0.7, 1), rng.uniform(0.7, 1), WIDTH_PX)
        return (base * light[None, :, None]).astype(np.uint8)
    photo: Any = _any(stock.grounds, rng)
    if rng.random() < 0.5:
        photo = np.rot90(photo, int(rng.integers(1, 4)))
    width = int(rng.uniform(0.4, 1.0) * min(photo.shape[1], photo.shape[0] * 5 / 3))
    height = width * 3 // 5
    left = rng.integers(0, photo.shape[1] - width + 1)
    top = rng.integers(0, photo.shape[0] - height + 1)
    window = np.ascontiguousarray(photo[top : top + height, left : left + width])
    return cv2.resize(window, (WIDTH_PX, HEIGHT_PX), interpolation=cv2.INTER_LINEAR)


def _paste(
    base: Any, owner: Any, person: Cutout, height: float, number: int,
    rng: np.random.Generator, *, clothes: bool = False,
) -> tuple[float, float, float] | None:  # fmt: skip
    """Stand a person somewhere; the head's place, None where it is outside the picture."""
    scale = height / person.pixels.shape[0]
    flip = rng.random() < 0.5
    sides = (max(2, round(person.pixels.shape[1] * scale)), max(2, round(height)))
    front = person.behind if rng.random() < 0.35 else person.pixels
    pixels = cv2.resize(front, sides, interpolation=cv2.INTER_AREA)
    alpha = cv2.resize(person.clothes if clothes else person.alpha, sides)
    head_x = person.head_x * scale
    if flip:
        pixels, alpha, head_x = pixels[:, ::-1], alpha[:, ::-1], sides[0] - head_x
    pixels = np.clip(pixels * rng.uniform(0.6, 1.3, 3) * rng.uniform(0.8, 1.1), 0, 255)
    left = int(rng.uniform(-0.3, 1.0) * WIDTH_PX - sides[0] * 0.3)
    top = int(rng.uniform(-0.03, 0.55) * HEIGHT_PX)
    x0, y0 = max(0, left), max(0, top)
    x1, y1 = min(WIDTH_PX, left + sides[0]), min(HEIGHT_PX, top + sides[1])
    if x0 >= x1 or y0 >= y1:
        return None
    inside = np.s_[y0 - top : y1 - top, x0 - left : x1 - left]
    weight = cv2.GaussianBlur(np.ascontiguousarray(alpha[inside]), (3, 3), 0)[..., None] / 255.0
    place = base[y0:y1, x0:x1]
    place[:] = (place * (1 - weight) + pixels[inside] * weight).astype(np.uint8)
    owner[y0:y1, x0:x1][weight[..., 0] > 0.5] = number
    head = (left + head_x, top + person.head_y * scale, height * HEAD_SHARE)
    if clothes or not (0 <= head[0] < WIDTH_PX and 0 <= head[1] < HEIGHT_PX):
        return None
    return head


def _visible(owner: Any, head: tuple[float, float, float], number: int) -> bool:
    """True where nobody pasted later covers most of a head."""
    x, y, size = head
    reach = max(1, int(size * 0.4))
    disc = owner[
        max(0, int(y) - reach) : int(y) + reach + 1, max(0, int(x) - reach) : int(x) + reach + 1
    ]
    return disc.size > 0 and float((disc > number).mean()) < 0.5


def _as_filmed(base: Any, rng: np.random.Generator) -> Picture:
    """Light, blur, noise and compression of a camera in a shop."""
    picture = base.astype(np.float32)
    picture = 255 * (picture / 255) ** rng.uniform(0.7, 1.5)
    picture *= rng.uniform(0.7, 1.2, 3) if rng.random() < 0.5 else rng.uniform(0.7, 1.2)
    if rng.random() < 0.1:
        picture[:] = picture.mean(axis=2, keepdims=True)
    if rng.random() < 0.3:
        picture = cv2.GaussianBlur(picture, (0, 0), rng.uniform(0.4, 1.5))
    if rng.random() < 0.4:
        picture += rng.normal(0, rng.uniform(1, 9), picture.shape).astype(np.float32)
    filmed: Any = np.clip(picture, 0, 255).astype(np.uint8)
    if rng.random() < 0.4:
        _, jpeg = cv2.imencode(
            ".jpg", filmed, [cv2.IMWRITE_JPEG_QUALITY, int(rng.integers(30, 90))]
        )
        filmed = cv2.imdecode(jpeg, cv2.IMREAD_COLOR)
    return np.asarray(filmed, np.uint8)


def targets(
    heads: Sequence[tuple[float, float, float]],
) -> tuple[npt.NDArray[np.float32], npt.NDArray[np.float32]]:
    """The map (24, 40) with a bell at each head, 1.0 in its middle's cell, and the log sizes."""
    rows, columns = HEIGHT_PX // CELL_PX, WIDTH_PX // CELL_PX
    heat, sizes = np.zeros((rows, columns), np.float32), np.zeros((rows, columns), np.float32)
    ys, xs = np.mgrid[:rows, :columns]
    for x, y, size in heads:
        column, row = min(columns - 1, int(x / CELL_PX)), min(rows - 1, int(y / CELL_PX))
        spread = max(0.7, size / CELL_PX / 4)
        bell = np.exp(-((xs - column) ** 2 + (ys - row) ** 2) / (2 * spread**2))
        heat = np.maximum(heat, bell.astype(np.float32))
        heat[row, column] = 1.0
        sizes[row, column] = np.log(max(0.3, size / CELL_PX))
    return heat, sizes
