"""Which pictures the region finder learns from, in which order, and who may learn from which."""

import json
import zlib
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np

from models.regions_scenes import plain_scene, random_scene
from models.regions_stock import Subject, read_snaps, read_street
from models.regions_tower import Shelved, make_tower, opened
from vision.regions import SIDE_PX

FOLDS = 3
VIEWS = 4  # of a street photo: as it is, and three others
SNAPS = 700
HIGH_PX = round(1.5 * SIDE_PX)  # subjects are kept this high: a crop of them fills the square
SEED = 7
CALIBRATED_BY = 60
TOWER = "tower.onnx"


@dataclass(frozen=True, slots=True)
class Row:
    """One picture of the maps: of which subject, which view (0 as it is), the subject's sides."""

    name: str
    group: str
    view: int
    street: bool
    width_px: int
    height_px: int

    @property
    def fold(self) -> int:
        """The fold in which it measures: by street photo, or sender of the snap."""
        return zlib.crc32(self.group.encode()) % FOLDS


def make_maps(shared: Path, work: Path) -> tuple[list[Row], Shelved]:
    """The plan and the maps of all its pictures, made where they are not in `work` yet.

    Raises NoData where the sets are missing.
    """
    told, folder = work / "plan.json", work / "maps"
    if told.is_file():
        rows = [Row(**row) for row in json.loads(told.read_text("utf-8"))]
        shelved = Shelved(folder, len(rows))
        if shelved.done == len(rows):
            return rows, shelved
    street = read_street(shared / "street", HIGH_PX)
    snaps = read_snaps(shared / "snaps", HIGH_PX, SNAPS)
    plan = plan_of(street, snaps)
    rows = [_row(subject, view) for subject, view in plan]
    told.write_text(json.dumps([asdict(row) for row in rows]), "utf-8")
    return rows, _filled(Shelved(folder, len(rows)), work / TOWER, plan, snaps)


def plan_of(street: Sequence[Subject], snaps: Sequence[Subject]) -> list[tuple[Subject, int]]:
    """Every picture of the maps: whose, and which view; the street as it is comes first."""
    plan = [(subject, 0) for subject in street]
    for view in range(1, VIEWS):
        plan += [(subject, view) for subject in (*street, *snaps[view % 3 :: 3])]
    return plan + [(subject, 0) for subject in snaps[::2]]


def _row(subject: Subject, view: int) -> Row:
    return Row(subject.name, subject.group, view, subject.street, *subject.sides)


def _filled(
    shelved: Shelved, tower: Path, plan: Sequence[tuple[Subject, int]], snaps: Sequence[Subject]
) -> Shelved:
    if not tower.is_file():
        whole = [subject for subject, view in plan if view == 0]
        step = max(1, len(whole) // CALIBRATED_BY)
        make_tower(tower, [plain_scene(subject).pixels for subject in whole[::step]])
    run = opened(tower, threads=1)
    for number in range(shelved.done, len(plan)):
        subject, view = plan[number]
        rng = np.random.default_rng([SEED, number])
        ground = snaps[int(rng.integers(len(snaps)))].pixels
        scene = random_scene(subject, ground, rng) if view else plain_scene(subject)
        shelved.put(number, scene, run(scene.pixels))
    return shelved
