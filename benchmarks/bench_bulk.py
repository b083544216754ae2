"""Indexing a whole catalogue against the encoder's bare throughput; and again with 1 % changed.

Bare throughput counts the same work: a picture, and a title where titles go into the vectors.
"""

import csv
import io
import json
import os
import random
import shutil
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path

from PIL import Image, ImageEnhance

CHANGED = 0.01


@dataclass(frozen=True, slots=True)
class Cost:
    """What a run of `vistazo index` took: on the clock, and on the cores, which a busy machine
    lengthens less."""

    wall_s: float
    processor_s: float

    def times(self, factor: float) -> "Cost":
        """So many times as much."""
        return Cost(self.wall_s * factor, self.processor_s * factor)


@dataclass(frozen=True, slots=True)
class Bulk:
    """What a full run, an unchanged run and a run with 1 % changed pictures cost.

    `full` was measured over `full_measured_over` products; for more it is multiplied.
    """

    what: str
    products: int
    full: Cost
    unchanged: Cost
    changed: Cost
    bare_per_s: float
    full_measured_over: int

    @property
    def share_of_bare(self) -> float:
        """Pictures a second of the full run ÷ the encoder's bare throughput."""
        return self.products / self.full.wall_s / self.bare_per_s

    @property
    def changed_share(self) -> float:
        """Cost of the changed run ÷ cost of the full run."""
        return self.changed.wall_s / self.full.wall_s

    def line(self) -> str:
        """In a sentence."""
        of_processor = self.changed.processor_s / self.full.processor_s
        return (
            f"{self.what}, {self.products:,} products: full run {self.full.wall_s:.1f} s "
            f"(measured over {self.full_measured_over:,}); unchanged {self.unchanged.wall_s:.2f}; "
            f"1 % changed {self.changed.wall_s:.2f} s = {self.changed_share:.4f} of a full run, "
            f"{of_processor:.4f} by processor time"
        )


def index_s(source: Path, shop: Path, *options: str) -> Cost:
    """What `vistazo index` costs, process start included."""
    start, before = time.perf_counter(), os.times()
    command = [sys.executable, "-m", "api", "index", str(source), "--shop", str(shop), "--json"]
    subprocess.run([*command, *options], check=True, stdout=subprocess.DEVNULL)
    after = os.times()
    busy = after.children_user + after.children_system
    busy -= before.children_user + before.children_system
    return Cost(time.perf_counter() - start, busy)


def run(
    what: str,
    catalogue: Path,
    work: Path,
    bare_per_s: float,
    *options: str,
    products: int = 0,
) -> Bulk:
    """Index a copy of `catalogue` in `work`, then again unchanged, then with 1 % re-edited.

    With `products` the unchanged and the changed run are over a shop of so many, which is filled up
    once and kept; the full run is over the catalogue alone, and multiplied.
    """
    kind = "-".join(("shop", *options)).replace("--", "")
    source, shop, first = work / "source", work / kind, work / "first"
    copied = source / catalogue.name
    shutil.rmtree(first, ignore_errors=True)
    if not products:
        for old in (source, shop):
            shutil.rmtree(old, ignore_errors=True)
        measured = copy_of(catalogue, source)
        full = index_s(copied, shop, *options)
    else:
        _fill(catalogue, source, shop, products, *options)
        measured = copy_of(catalogue, first)
        full = index_s(first / catalogue.name, first / "shop", *options)
    pictures = sorted(path for path in source.rglob("*") if path.suffix in (".jpg", ".png"))
    unchanged = index_s(copied, shop, *options)
    for path in random.Random().sample(pictures, max(1, round(len(pictures) * CHANGED))):
        edit(path)
    changed = index_s(copied, shop, *options)
    full = full.times(len(pictures) / measured)
    return Bulk(what, len(pictures), full, unchanged, changed, bare_per_s, measured)


def _fill(catalogue: Path, source: Path, shop: Path, products: int, *options: str) -> None:
    """A shop of `products`: the catalogue again and again under other SKUs, with files of their own
    whose bytes are known already, which spares the encoder an hour. Kept in its folder."""
    note = shop.with_suffix(".json")
    if note.exists():
        return
    for old in (source, shop):
        shutil.rmtree(old, ignore_errors=True)
    for count in (0, products):
        copy_of(catalogue, source, count)
        index_s(source / catalogue.name, shop, *options)
    index_s(source / catalogue.name, shop, *options)  # files that were fresh are looked at again
    note.write_text(json.dumps({"products": products}))


def copy_of(catalogue: Path, target: Path, products: int = 0) -> int:
    """Copy a CSV catalogue and the pictures it names, again and again up to so many `products`
    (other SKUs, other files); how many there are."""
    target.mkdir(parents=True, exist_ok=True)
    with catalogue.open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    with (target / catalogue.name).open("w", encoding="utf-8", newline="") as file:
        table = csv.DictWriter(file, list(rows[0]))
        table.writeheader()
        for n in range(products or len(rows)):
            row, again = rows[n % len(rows)], n // len(rows)
            original = catalogue.parent / row["image"]
            if again:
                name = Path(row["image"])
                row = row | {"sku": f"{row['sku']}-{again}",
                             "image": str(name.with_stem(f"{name.stem}-{again}"))}  # fmt: skip
            copied = target / row["image"]
            copied.parent.mkdir(parents=True, exist_ok=True)
            if not copied.exists():
                copied.write_bytes(original.read_bytes())
            table.writerow(row)
    return products or len(rows)


def edit(path: Path) -> None:
    """A retoucher's change: the same picture, a little brighter."""
    image = Image.open(io.BytesIO(path.read_bytes())).convert("RGB")
    ImageEnhance.Brightness(image).enhance(1.1).save(path, "JPEG", quality=90)
