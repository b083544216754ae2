"""Makes the finder of the things in a picture: maps, folds, head, one graph, its card.

    python -m models.make_regions ../shared/data --work /tmp/regions --out models/builtin

Seeded; a run that was ended goes on where it was. Every figure of the card was measured on photos
that the head did not learn from: three folds by photo; what ships is the same recipe trained on all
of them. Some thirty minutes on one core that is free.
"""

import argparse
import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
import torch

from models.regions_card import Watched, describe, fit_beliefs
from models.regions_export import join, prove
from models.regions_net import Votes
from models.regions_plan import FOLDS, TOWER, Row, make_maps
from models.regions_stock import read_rgb, read_truths
from models.regions_tower import Shelved
from models.regions_train import HeadTrainer, Lesson, maps_of
from vision.regions import CARD, GRAPH, SIDE_PX

STEPS = 1500
PROVED_BY = 12


def main() -> None:
    """Read the arguments, make the finder."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("shared", type=Path, help="folder with street and snaps")
    parser.add_argument("--work", type=Path, required=True, help="where maps and runs are kept")
    parser.add_argument("--out", type=Path, required=True, help="folder of the graph and its card")
    parser.add_argument("--steps", type=int, default=STEPS, help="of each training run")
    parser.add_argument("--folds", type=int, default=FOLDS, help="as many of them are measured")
    parser.add_argument("--threads", type=int, default=1)
    asked = parser.parse_args()
    torch.set_num_threads(asked.threads)
    cv2.setNumThreads(asked.threads)
    for folder in (asked.work, asked.out):
        folder.mkdir(parents=True, exist_ok=True)
    make(asked.shared, asked.work, asked.out, Course(asked.steps, asked.folds))


@dataclass(frozen=True, slots=True)
class Course:
    """How long a head is trained and how much of it is measured."""

    steps: int
    folds: int

    def kept(self, work: Path, fold: int | None) -> Path:
        """The file of one training run."""
        return work / f"head-{'all' if fold is None else fold}-{self.steps}.pt"


def make(shared: Path, work: Path, out: Path, course: Course) -> None:
    """Write `regions.onnx` and `regions.json` to `out`; raises NoData, ParityLost."""
    rows, shelved = make_maps(shared, work)
    truths = read_truths(shared / "street")
    watched = list[Watched]()
    for fold in range(course.folds):
        head = _train(rows, shelved, work, course, fold)
        watched += [
            Watched(row, fold, _votes(head, shelved, number), tuple(truths.get(row.name, ())))
            for number, row in enumerate(rows) if row.fold == fold and row.view == 0
        ]  # fmt: skip
    head = _train(rows, shelved, work, course, None)
    join(work / TOWER, head, out / GRAPH, work)
    parity = prove(out / GRAPH, work / TOWER, head, _proof(shared, rows))
    told = {"steps": course.steps, "parity": round(parity, 4)}
    card = describe(watched, fit_beliefs(watched), out / GRAPH, told)
    (out / CARD).write_text(json.dumps(card, indent=1) + "\n", "utf-8")
    print(json.dumps(card["measured"], indent=1))


def _train(
    rows: Sequence[Row], shelved: Shelved, work: Path, course: Course, fold: int | None
) -> Votes:
    """A head that never saw `fold` (None: that saw all)."""
    learned = [n for n, row in enumerate(rows) if fold is None or row.fold != fold]
    street = np.array([n for n in learned if rows[n].street], np.int64)
    snaps = np.array([n for n in learned if not rows[n].street], np.int64)
    lesson = Lesson(street, snaps, course.steps)
    return HeadTrainer(shelved, lesson, course.kept(work, fold)).run()


@torch.inference_mode()
def _votes(head: Votes, shelved: Shelved, number: int) -> np.ndarray:
    found: np.ndarray = head(*maps_of(shelved, np.array([number])))[0].numpy()
    return found


def _proof(shared: Path, rows: Sequence[Row]) -> list[np.ndarray]:
    whole = [row for row in rows if row.street and row.view == 0]
    photos = [read_rgb(shared / "street" / "photos" / row.name) for row in whole[:PROVED_BY]]
    return [
        np.asarray(cv2.resize(p, (SIDE_PX, SIDE_PX), interpolation=cv2.INTER_AREA), np.uint8)
        for p in photos if p is not None
    ]  # fmt: skip


if __name__ == "__main__":
    main()
