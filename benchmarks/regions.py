"""How well things are found: `python -m benchmarks.regions FOLDER [--finder DIR] [--most N]`.

FOLDER is as ../shared/data/street: `photos/` and `garments.jsonl` with a row for each garment
(photo, label, box, pixels). The whole way is walked, from a file's bytes to boxes in its pixels;
the rules of judging are those of the card (models/regions_measure.py). On photos that trained the
finder (the street photos trained the one that ships) the figures flatter; the card's do not.
Writes benchmarks/results/regions.json.
"""

import argparse
import json
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from models.regions_measure import (
    Judged,
    average_precision,
    judge,
    mean_average_precision,
    recall_of_any,
    with_interval,
)
from models.regions_stock import Truth, read_truths
from models.registry import BUILTIN
from vision.decode import Limits
from vision.decoder import InPlace
from vision.errors import BadModel
from vision.photo import Square
from vision.regions import KINDS, SIDE_PX, OnnxRegions, Region, open_regions
from vision.votes import Counted

RESULTS = Path(__file__).parent / "results" / "regions.json"


def main() -> None:
    """Measure, print, store."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--finder", type=Path, default=BUILTIN, help="folder of regions.onnx")
    parser.add_argument("--most", type=int, default=1_000, help="photos, spread over the folder")
    parser.add_argument("--results", type=Path, default=RESULTS)
    asked = parser.parse_args()
    finder = open_regions(asked.finder, threads=1, lanes=1, max_waiting=0, clock=time.monotonic)
    if finder is None:
        raise BadModel("regions.onnx", f"there is none in {asked.finder}")
    truths = read_truths(asked.folder)
    names = sorted(truths)[:: max(1, len(truths) // asked.most)][: asked.most]
    found = measure(finder, asked.folder / "photos", {name: truths[name] for name in names})
    print(json.dumps(found, indent=1))
    asked.results.write_text(json.dumps(found, indent=1) + "\n", "utf-8")


def measure(finder: OnnxRegions, photos: Path, truths: dict[str, list[Truth]]) -> dict[str, Any]:
    """The figures, with 95 % intervals by bootstrap over photos, and the time of one core."""
    decoder, judged, took_ms = InPlace(Limits()), list[Judged](), list[float]()
    for name, there in truths.items():
        data = (photos / name).read_bytes()
        square = decoder.square(data, box=None, side_px=SIDE_PX, resize="squash")
        started = time.process_time()
        regions = finder.find(square, least=0.0)
        took_ms.append((time.process_time() - started) * 1000)
        judged.append(_judged(regions, square, there))
    things = int(sum(j.truths[-1] for j in judged))
    figures: dict[str, Any] = {"photos": len(judged), "things": things}
    for label, figure in (
        ("recall_at_precision_70_any_kind", recall_of_any),
        ("mean_average_precision_50", mean_average_precision),
    ):
        value, interval = with_interval(figure, judged, seed=7)
        figures[label] = {"value": round(value, 3), "interval": [round(v, 3) for v in interval]}
    figures["average_precision_50"] = {
        kind: round(average_precision(judged, number), 3) for number, kind in enumerate(KINDS)
    }
    figures["cpu_ms_a_picture_median"] = round(float(np.median(took_ms)), 1)
    return figures


def _judged(regions: Sequence[Region], square: Square, truths: Sequence[Truth]) -> Judged:
    sides = square.width_px, square.height_px
    boxes = [
        (r.box.x / sides[0], r.box.y / sides[1],
         (r.box.x + r.box.w) / sides[0], (r.box.y + r.box.h) / sides[1])
        for r in regions
    ]  # fmt: skip
    sure = np.array([r.confidence for r in regions], np.float64)
    kinds = np.array([KINDS.index(r.kind) for r in regions], np.int64)
    found = Counted(np.array(boxes, np.float32).reshape(-1, 4), kinds, sure.astype(np.float32))
    return judge(found, sure, truths, sides)


if __name__ == "__main__":
    main()
