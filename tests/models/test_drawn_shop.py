"""The drawn shop: whole, repeatable, readable by anybody's CSV reader."""

import csv
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from models.drawn_shop import draw_shop


def test_a_drawn_shop_has_every_picture_that_its_tables_name(tmp_path: Path) -> None:
    seen: list[tuple[int, int]] = []
    shop = draw_shop(tmp_path / "shop", 1, lambda d, t: seen.append((d, t)), products=6)
    with shop.catalogue.open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    assert len({row["sku"] for row in rows}) == shop.products == 6
    assert all((shop.folder / row["image"]).stat().st_size > 5_000 for row in rows)
    with shop.queries.open(encoding="utf-8", newline="") as file:
        asked = list(csv.DictReader(file))
    assert all((shop.folder / q["image"]).is_file() for q in asked if q["image"])
    assert all(q["expect"] for q in asked)
    assert seen[-1] == (len(seen), len(seen))


def test_the_same_seed_draws_the_same_bytes_on_any_number_of_threads(tmp_path: Path) -> None:
    one = draw_shop(tmp_path / "one", 3, products=4, threads=1)
    two = draw_shop(tmp_path / "two", 3, products=4, threads=3)
    files = sorted(p.relative_to(one.folder) for p in one.folder.rglob("*") if p.is_file())
    assert files == sorted(p.relative_to(two.folder) for p in two.folder.rglob("*") if p.is_file())
    for name in files:
        assert (one.folder / name).read_bytes() == (two.folder / name).read_bytes(), name


def test_an_occupied_folder_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "mine.txt").write_text("keep me")
    with pytest.raises(FileExistsError, match="name a new folder"):
        draw_shop(tmp_path, 1, products=2)
    assert [p.name for p in tmp_path.iterdir()] == ["mine.txt"]


def test_an_interrupted_drawing_leaves_nothing_behind(tmp_path: Path) -> None:
    def stop(done: int, total: int) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        draw_shop(tmp_path / "shop", 1, stop, products=2)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGTERM])
def test_a_stopped_drawing_ends_quietly_and_tidily(tmp_path: Path, how: signal.Signals) -> None:
    command = [sys.executable, "-m", "models.drawn_shop", str(tmp_path / "shop")]
    root = Path(__file__).parents[2]
    drawing = subprocess.Popen(
        command,
        cwd=root,
        stderr=subprocess.PIPE,
        text=True,
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),  # a job's is ignored
    )
    while not any(tmp_path.glob("*.part-*/images/*")) and drawing.poll() is None:
        time.sleep(0.02)
    drawing.send_signal(how)
    _, err = drawing.communicate(timeout=60)
    assert (drawing.returncode, err) == (130, "")
    assert list(tmp_path.iterdir()) == []
