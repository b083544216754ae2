"""Reads the photo sets of the shared data folder as training and measuring examples."""

import csv
import html
import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from models.errors import NoData
from vision.photo import Box

SMALLEST_BOX_PX = 28  # a street garment cut smaller than this shows nothing that can be named


@dataclass(frozen=True, slots=True)
class Example:
    """One picture (or one box in it) and what is known of it.

    `label` is the source's own word for the kind; `group` is what must not straddle a split: the
    sender of a snap, the street photo, the product in all its colours. `sku` is empty unless it
    is a catalogue's; `rgb` is the garment's median colour where a mask gave it.
    """

    source: str
    path: Path
    label: str
    group: str
    sku: str = ""
    title: str = ""
    colour: str = ""
    view: str = "main"
    box: Box | None = None
    rgb: tuple[int, int, int] | None = None

    @property
    def key(self) -> str:
        """A name that is unique within the source."""
        return f"{self.path.name}{self.box or ''}"


def read_snaps(shared: Path) -> list[Example]:
    """Phone photos of clothes, grouped by sender."""
    folder = shared / "snaps"
    return [
        Example("snaps", folder / "images" / r["image"], r["label"], f"sender-{r['sender']}")
        for r in _rows(folder / "snaps.csv")
    ]


def read_street(shared: Path) -> list[Example]:
    """Garments cut from street photos, grouped by photo."""
    folder = shared / "street"
    found = []
    for line in _lines(folder / "garments.jsonl"):
        row = json.loads(line)
        x, y, w, h = row["box"]
        if min(w, h) < SMALLEST_BOX_PX:
            continue
        r, g, b = row["rgb"]
        found.append(
            Example(
                "street",
                folder / "photos" / row["photo"],
                row["label"],
                f"photo-{row['photo']}",
                box=Box(x, y, w, h),
                rgb=(r, g, b),
            )
        )
    return found


def read_luma(shared: Path) -> list[Example]:
    """The fashion shop's catalogue pictures and other views, grouped by product."""
    folder = shared / "catalogues" / "luma"
    products = {r["sku"]: r for r in _rows(folder / "catalogue.csv")}
    pictures = [(r["image"], r["sku"], "main") for r in products.values()]
    pictures += [(r["image"], r["sku"], r["view"]) for r in _rows(folder / "views.csv")]
    found = []
    for image, sku, view in pictures:
        row = products[sku]
        title = html.unescape(row["title"]).strip()
        group = f"luma-{sku.split('-')[0]}"
        found.append(
            Example(
                "luma", folder / image, row["categories"], group, sku, title, row["colour"], view
            )
        )
    return found


def read_retail(shared: Path) -> list[Example]:
    """Eight departments of a small general shop."""
    folder = shared / "catalogues" / "retail_demo"
    return [
        Example(
            "retail", folder / r["image"], f"{r['category']}/{r['subcategory']}",
            f"retail-{r['sku']}", r["sku"], r["title"],
        )
        for r in _rows(folder / "catalogue.csv")
    ]  # fmt: skip


def read_myntra(shared: Path) -> list[Example]:
    """The large catalogue with no stated licence: to measure with, never to train on."""
    folder = shared / "catalogues" / "myntra"
    return [
        Example(
            "myntra", folder / r["image"], f"{r['category']}/{r['subcategory']}/{r['type']}",
            f"myntra-{r['sku']}", r["sku"], r["title"], r["colour"],
        )
        for r in _rows(folder / "catalogue.csv")
    ]  # fmt: skip


READERS = {
    "snaps": read_snaps,
    "street": read_street,
    "luma": read_luma,
    "retail": read_retail,
    "myntra": read_myntra,
}


def _rows(path: Path) -> Iterator[dict[str, str]]:
    try:
        with path.open(encoding="utf-8", newline="") as file:
            yield from csv.DictReader(file)
    except OSError as cause:
        raise NoData(path) from cause


def _lines(path: Path) -> list[str]:
    try:
        return path.read_text(encoding="utf-8").splitlines()
    except OSError as cause:
        raise NoData(path) from cause
