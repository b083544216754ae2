"""Reads what the region finder learns from: street photos with their masks, snaps with a cut."""

import csv
import json
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import numpy.typing as npt

from models.cutout import garment_mask
from models.errors import NoData
from vision.photo import Box

Picture = npt.NDArray[np.uint8]
RULES = Path(__file__).with_name("region_kinds.json")
UNSURE = 255
"""The mark of what is worn and is none of the ten kinds: a belt, stockings, a bracelet."""


@dataclass(frozen=True, slots=True)
class Truth:
    """A thing that a photo shows: box and visible pixels in the photo's own pixels."""

    kind: str
    box: Box
    pixels: int


@dataclass(frozen=True, slots=True)
class Subject:
    """A picture to learn from: `marks` holds, a pixel, the number of the thing it belongs to (0
    none, UNSURE), `kinds` the kind of thing 1, 2, …; `body` marks whatever is no background.
    `sides` are the original's width and height in pixels."""

    name: str
    group: str
    pixels: Picture
    marks: Picture
    body: Picture
    kinds: tuple[str, ...]
    sides: tuple[int, int]

    @property
    def street(self) -> bool:
        """Whether a mask tells all that it shows; a snap's cut tells of one thing."""
        return not self.group.startswith("sender ")


def read_rules() -> Mapping[str, Any]:
    """region_kinds.json: the ten kinds, and which labels of the data sets mean them."""
    rules: Mapping[str, Any] = json.loads(RULES.read_text("utf-8"))
    return rules


def kind_of(source: str) -> dict[str, str]:
    """The kind of each label of `source` (`street`, `snaps`) that means one."""
    return {label: kind for kind, labels in read_rules()[source].items() for label in labels}


def read_truths(street: Path) -> dict[str, list[Truth]]:
    """The things of each street photo by its name, a pair of shoes as one; raises NoData."""
    path = street / "garments.jsonl"
    if not path.is_file():
        raise NoData(street)
    kinds, single = kind_of("street"), read_rules()["one_each"]
    found: dict[str, list[Truth]] = defaultdict(list)
    for line in path.read_text("utf-8").splitlines():
        row = json.loads(line)
        kind = kinds.get(row["label"])
        if kind is None:
            continue
        truth = Truth(kind, Box(*row["box"]), row["pixels"])
        same = [t for t in found[row["photo"]] if t.kind == kind and kind in single]
        for other in same:
            found[row["photo"]].remove(other)
            truth = Truth(kind, _around(truth.box, other.box), truth.pixels + other.pixels)
        found[row["photo"]].append(truth)
    return dict(found)


def _around(a: Box, b: Box) -> Box:
    left, top = min(a.x, b.x), min(a.y, b.y)
    right, bottom = max(a.x + a.w, b.x + b.w), max(a.y + a.h, b.y + b.h)
    return Box(left, top, right - left, bottom - top)


def read_street(street: Path, high_px: int) -> list[Subject]:
    """The street photos that have a mask, at most `high_px` high; raises NoData."""
    labels = json.loads((street / "labels.json").read_text("utf-8"))
    kinds = kind_of("street")
    unsure = {i for i, label in enumerate(labels) if label in read_rules()["street_unsure"]}
    subjects = []
    for path in sorted((street / "masks").glob("*.png")):
        mask = cv2.imread(str(path), cv2.IMREAD_UNCHANGED)
        photo = read_rgb(street / "photos" / f"{path.stem}.jpg")
        if mask is None or photo is None or mask.shape != photo.shape[:2]:
            continue
        table, there = _numbered(np.unique(mask), labels, kinds, unsure)
        scale = min(1.0, high_px / mask.shape[0])
        size = (round(mask.shape[1] * scale), round(mask.shape[0] * scale))
        small = cv2.resize(np.asarray(mask, np.uint8), size, interpolation=cv2.INTER_NEAREST)
        pixels = cv2.resize(photo, size, interpolation=cv2.INTER_AREA)
        subjects.append(
            Subject(f"{path.stem}.jpg", path.stem, np.asarray(pixels, np.uint8), table[small],
                    (small > 0).astype(np.uint8), there, (mask.shape[1], mask.shape[0]))
        )  # fmt: skip
    if not subjects:
        raise NoData(street)
    return subjects


def _numbered(
    present: Any, labels: Sequence[str], kinds: Mapping[str, str], unsure: set[int]
) -> tuple[Picture, tuple[str, ...]]:
    """A table label index → number of the thing, and the things' kinds."""
    table, there = np.zeros(256, np.uint8), list[str]()
    for index in (int(i) for i in present if int(i) < len(labels)):
        kind = kinds.get(labels[index])
        if kind is None:
            table[index] = UNSURE if index in unsure else 0
        elif kind in read_rules()["one_each"] and kind in there:
            table[index] = there.index(kind) + 1
        else:
            there.append(kind)
            table[index] = len(there)
    return table, tuple(there)


def read_snaps(snaps: Path, high_px: int, most: int) -> list[Subject]:
    """At most `most` snaps whose garment GrabCut finds, spread over the file; raises NoData."""
    table = snaps / "snaps.csv"
    if not table.is_file():
        raise NoData(snaps)
    kinds, subjects = kind_of("snaps"), list[Subject]()
    with table.open(encoding="utf-8", newline="") as lines:
        rows = [r for r in csv.DictReader(lines) if r["label"] in kinds]
    rare = [r for r in rows if kinds[r["label"]] not in ("top", "bottom")]
    usual = [r for r in rows if kinds[r["label"]] in ("top", "bottom")]
    rows = rare[:: max(1, 2 * len(rare) // most)] + usual[:: max(1, 2 * len(usual) // most)]
    for row in rows:
        photo = read_rgb(snaps / "images" / row["image"], reduced=True)
        if photo is None:
            continue
        scale = min(1.0, high_px / photo.shape[0])
        pixels = cv2.resize(photo, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
        mask = garment_mask(np.asarray(pixels, np.uint8))
        if mask is not None:
            marks = _largest(mask)
            subjects.append(
                Subject(row["image"], "sender " + row["sender"], np.asarray(pixels, np.uint8),
                        marks, marks, (kinds[row["label"]],), (photo.shape[1], photo.shape[0]))
            )  # fmt: skip
    return subjects


def _largest(mask: Any) -> Picture:
    """The largest part of a mask and what is no speck beside it (a pair of shoes is two)."""
    _, parts, stats, _ = cv2.connectedComponentsWithStats(np.asarray(mask, np.uint8))
    areas = stats[1:, cv2.CC_STAT_AREA]
    kept = 1 + np.flatnonzero(areas > 0.2 * areas.max())
    return np.isin(parts, kept).astype(np.uint8)


def read_rgb(path: Path, *, reduced: bool = False) -> Picture | None:
    """A picture file as RGB, at half its sides where `reduced`; None where it cannot be read."""
    how = cv2.IMREAD_REDUCED_COLOR_2 if reduced else cv2.IMREAD_COLOR
    picture = cv2.imread(str(path), how)
    if picture is None:
        return None
    return np.asarray(cv2.cvtColor(picture, cv2.COLOR_BGR2RGB), np.uint8)
