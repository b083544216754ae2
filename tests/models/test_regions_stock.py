"""Photos, masks and garments of a folder like street/, as the region finder's recipe reads them."""

import json
from pathlib import Path

import cv2
import numpy as np
import pytest

from models.errors import NoData
from models.regions_plan import FOLDS, VIEWS, Row, plan_of
from models.regions_stock import UNSURE, read_street, read_truths
from vision.photo import Box

LABELS = ["null", "coat", "shoes", "heels", "belt", "skin"]


@pytest.fixture
def street(tmp_path: Path) -> Path:
    """One photo of 60 × 100: a coat, a belt on it, a shoe and a heel."""
    for name in ("photos", "masks"):
        (tmp_path / name).mkdir()
    mask = np.zeros((100, 60), np.uint8)
    mask[20:60, 10:50] = LABELS.index("coat")
    mask[40:44, 10:50] = LABELS.index("belt")
    mask[5:20, 25:35] = LABELS.index("skin")
    mask[90:98, 10:20] = LABELS.index("shoes")
    mask[88:96, 40:50] = LABELS.index("heels")
    cv2.imwrite(str(tmp_path / "masks" / "7.png"), mask)
    cv2.imwrite(str(tmp_path / "photos" / "7.jpg"), np.full((100, 60, 3), 90, np.uint8))
    (tmp_path / "labels.json").write_text(json.dumps(LABELS), "utf-8")
    rows = [
        {"photo": "7.jpg", "label": "coat", "box": [10, 20, 40, 40], "pixels": 1440},
        {"photo": "7.jpg", "label": "belt", "box": [10, 40, 40, 4], "pixels": 160},
        {"photo": "7.jpg", "label": "shoes", "box": [10, 90, 10, 8], "pixels": 80},
        {"photo": "7.jpg", "label": "heels", "box": [40, 88, 10, 8], "pixels": 80},
    ]
    (tmp_path / "garments.jsonl").write_text("\n".join(json.dumps(row) for row in rows), "utf-8")
    return tmp_path


def test_a_pair_of_shoes_is_one_thing_and_a_belt_is_none(street: Path) -> None:
    coat, shoes = read_truths(street)["7.jpg"]
    assert (coat.kind, coat.box) == ("outer", Box(10, 20, 40, 40))
    assert (shoes.kind, shoes.box, shoes.pixels) == ("shoes", Box(10, 88, 40, 10), 160)


def test_a_mask_becomes_numbered_things(street: Path) -> None:
    (subject,) = read_street(street, high_px=100)
    assert subject.kinds == ("outer", "shoes")
    assert subject.marks[30, 20] == 1
    assert subject.marks[92, 12] == subject.marks[90, 45] == 2
    assert subject.marks[42, 20] == UNSURE
    assert (subject.marks[10, 30], subject.body[10, 30]) == (0, 1)
    assert (subject.sides, subject.street) == ((60, 100), True)


def test_the_plan_begins_with_the_photos_as_they_are(street: Path) -> None:
    subjects = read_street(street, high_px=50)
    plan = plan_of(subjects, [])
    assert [view for _, view in plan] == list(range(VIEWS))


def test_all_views_of_a_photo_are_in_one_fold() -> None:
    folds = {Row("7.jpg", "7", view, True, 60, 100).fold for view in range(VIEWS)}
    assert len(folds) == 1
    assert folds <= set(range(FOLDS))


def test_a_folder_without_photos_is_told(tmp_path: Path) -> None:
    with pytest.raises(NoData):
        read_truths(tmp_path)
