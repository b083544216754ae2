"""Baselines: edges tell shapes apart, and the table shows what was measured."""

from pathlib import Path

import numpy as np
import pytest
from PIL import Image, ImageDraw

pytest.importorskip("torch")
pytest.importorskip("onnx")

from models.baselines import shapes, table  # after the skip
from models.examples import Example

pytestmark = pytest.mark.workshop


def drawn(folder: Path, name: str, ball: bool, colour: str) -> Example:
    image = Image.new("RGB", (80, 100), "white")
    pen = ImageDraw.Draw(image)
    (pen.ellipse if ball else pen.rectangle)((20, 25, 60, 75), fill=colour)
    image.save(folder / name)
    return Example("luma", folder / name, "", name, name)


def test_edges_tell_a_ball_from_a_box_in_any_colour(tmp_path: Path) -> None:
    rows = [
        drawn(tmp_path, f"{ball}-{colour}.png", ball, colour)
        for ball in (True, False)
        for colour in ("red", "navy")
    ]
    found = shapes(rows, tmp_path / "kept.npy", lambda *told: None)
    alike = found @ found.T
    assert min(alike[0, 1], alike[2, 3]) > max(alike[0, 2], alike[0, 3])
    assert np.array_equal(shapes(rows, tmp_path / "kept.npy", lambda *told: None), found)


def test_the_table_holds_every_eye_and_leaves_gaps() -> None:
    figure = {"value": 0.5, "queries": 9, "interval": [0.25, 0.75]}
    lines = table({"one": {"a": figure, "b": figure}, "two": {"b": figure}}).splitlines()
    assert lines[0] == "| first hit right | a | b |"
    assert lines[3] == "| two | – | 0.500 (0.250–0.750) |"
