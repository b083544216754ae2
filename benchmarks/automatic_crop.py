"""Whether searching the most prominent thing harms a snap: `python -m benchmarks.automatic_crop`.

Phone snaps of one garment each are searched in a part of the measuring catalogue three times: as a
whole, as the page does (the most prominent thing, where vision/prominence names one), and always by
the surest thing. Right is a first hit of the snap's kind (models/judged.json). Writes
benchmarks/results/automatic_crop.json.
"""

import argparse
import csv
import json
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from models.registry import BUILTIN, load_card
from vision.decode import Limits
from vision.decoder import InPlace
from vision.encoder import OnnxEncoder
from vision.photo import Box
from vision.prominence import SURE, prominent
from vision.regions import SIDE_PX, OnnxRegions, Region, open_regions

RESULTS = Path(__file__).parent / "results" / "automatic_crop.json"
JUDGED = Path(__file__).parents[1] / "models" / "judged.json"
BATCH = 16


class Eye:
    """The built-in encoder and finder, on one thread each."""

    def __init__(self) -> None:
        self.spec = load_card(BUILTIN).spec
        self._encoder, self._decoder = OnnxEncoder(self.spec, threads=1), InPlace(Limits())
        finder = open_regions(BUILTIN, threads=1, lanes=1, max_waiting=0, clock=time.monotonic)
        assert finder is not None, "regions.onnx was left out"
        self._finder: OnnxRegions = finder

    def vectors(self, pictures: Sequence[bytes], box: Box | None = None) -> npt.NDArray[Any]:
        """(N, dimension), of the box of each where one is given."""
        found: list[npt.NDArray[Any]] = []
        for first in range(0, len(pictures), BATCH):
            squares = [
                self._decoder.square(
                    data, box=box, side_px=self.spec.size_px, resize=self.spec.resize
                ).pixels
                for data in pictures[first : first + BATCH]
            ]
            found += [np.asarray(e.vector) for e in self._encoder.pictures(np.stack(squares))]
        return np.stack(found)

    def things(self, picture: bytes) -> tuple[Region | None, Region | None]:
        """The thing that the page would search first, and the surest that is likelier than not."""
        square = self._decoder.square(picture, box=None, side_px=SIDE_PX, resize="squash")
        regions = self._finder.find(square, least=SURE)
        meant = prominent(regions, square.width_px, square.height_px)
        return meant, regions[0] if regions else None


def main() -> None:
    """Measure, print, store."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--shared", type=Path, default=Path("../shared/data"))
    parser.add_argument("--products", type=int, default=2_000)
    parser.add_argument("--snaps", type=int, default=500)
    parser.add_argument("--results", type=Path, default=RESULTS)
    asked = parser.parse_args()
    types = json.loads(JUDGED.read_text("utf-8"))["types"]
    eye = Eye()
    myntra = asked.shared / "catalogues" / "myntra"
    products = _some(myntra / "catalogue.csv", asked.products)
    vectors = eye.vectors([(myntra / row["image"]).read_bytes() for row in products])
    kinds = [row["type"] for row in products]
    tally = {"snaps": 0, "whole": 0, "as_the_page": 0, "always_the_surest": 0, "cropped": 0}
    snaps = [r for r in _some(asked.shared / "snaps" / "snaps.csv", 10**6) if r["label"] in types]
    for row in snaps[:: max(1, len(snaps) // asked.snaps)][: asked.snaps]:
        data = (asked.shared / "snaps" / "images" / row["image"]).read_bytes()

        def right(thing: Region | None, data: bytes = data, label: str = row["label"]) -> bool:
            vector = eye.vectors([data], None if thing is None else thing.box)[0]
            return kinds[int((vectors @ vector).argmax())] in types[label]

        meant, surest = eye.things(data)
        whole = right(None)
        tally["snaps"] += 1
        tally["whole"] += whole
        tally["as_the_page"] += whole if meant is None else right(meant)
        tally["always_the_surest"] += whole if surest is None else right(surest)
        tally["cropped"] += meant is not None
    told: dict[str, Any] = dict(tally)
    for way in ("whole", "as_the_page", "always_the_surest"):
        told[way] = round(tally[way] / max(1, tally["snaps"]), 4)
    print(json.dumps(told, indent=1))
    asked.results.write_text(json.dumps(told, indent=1) + "\n", "utf-8")


def _some(table: Path, most: int) -> list[dict[str, str]]:
    with table.open(encoding="utf-8", newline="") as lines:
        rows = list(csv.DictReader(lines))
    return rows[:: max(1, len(rows) // most)][:most]


if __name__ == "__main__":
    main()
