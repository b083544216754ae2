"""Indexing a whole catalogue against the encoder's bare throughput; and again with 1 % changed.

Bare throughput counts the same work: a picture, and a title where titles go into the vectors.
"""

import csv
import io
import json
import random
import shutil
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path

from PIL import Image, ImageEnhance

SEED = 11
CHANGED = 0.01


@dataclass(frozen=True, slots=True)
class Bulk:
    """What a full run, an unchanged run and a run with 1 % changed pictures cost (wall seconds)."""

    what: str
    products: int
    full_s: float
    unchanged_s: float
    changed_s: float
    bare_per_s: float
    full_measured_over: int
    """Products of the run that `full_s` was measured over; for the others it is multiplied."""

    @property
    def share_of_bare(self) -> float:
        """Pictures a second of the full run ÷ the encoder's bare throughput."""
        return self.products / self.full_s / self.bare_per_s

    @property
    def changed_share(self) -> float:
        """Cost of the changed run ÷ cost of the full run."""
        return self.changed_s / self.full_s


def index_s(source: Path, shop: Path, *options: str) -> float:
    """Wall seconds of `vistazo index`, process start included."""
    start = time.perf_counter()
    command = [sys.executable, "-m", "api", "index", str(source), "--shop", str(shop), "--json"]
    subprocess.run([*command, *options], check=True, stdout=subprocess.DEVNULL)
    return time.perf_counter() - start


def run(
    what: str,
    catalogue: Path,
    work: Path,
    bare_per_s: float,
    *options: str,
    products: int = 0,
) -> Bulk:
    """Index a copy of `catalogue` in `work`, then again unchanged, then with 1 % re-edited.

    With `products` the shop is then filled up with copies of the catalogue under other SKUs, whose
    pictures are files of their own with bytes that are known already, so that the encoder is spared
    an hour; that fill is kept. What it would have cost in full is the first run's cost for each
    product; the unchanged and the changed run are real ones over all.
    """
    kind = "-".join(("kept", *options)).replace("--", "")
    source, shop, note = work / "source", work / f"shop-{kind}", work / f"{kind}.json"
    copied = source / catalogue.name
    if not (products and note.exists()):
        for old in (source, shop):
            shutil.rmtree(old, ignore_errors=True)
        first = copy_of(catalogue, source)
        full_s = index_s(copied, shop, *options)
        if products:
            copy_of(catalogue, source, products)
            index_s(copied, shop, *options)
            index_s(copied, shop, *options)  # files that were fresh are looked at once more
        note.write_text(json.dumps({"full_s": full_s, "measured_over": first}))
    kept = json.loads(note.read_text())
    pictures = sorted(path for path in source.rglob("*") if path.suffix in (".jpg", ".png"))
    full_s = kept["full_s"] * len(pictures) / kept["measured_over"]
    unchanged_s = index_s(copied, shop, *options)
    for path in random.Random(SEED).sample(pictures, max(1, round(len(pictures) * CHANGED))):
        edit(path)
    changed_s = index_s(copied, shop, *options)
    measured = kept["measured_over"]
    return Bulk(what, len(pictures), full_s, unchanged_s, changed_s, bare_per_s, measured)


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
