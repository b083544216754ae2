"""The finder of things is opened once, when it is first asked, and may be absent."""

import threading
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from api import spotting
from api.spotting import Spotter
from tests.drawn_finder import street, write_finder
from vision.errors import BadModel, NoRegions
from vision.photo import Square
from vision.regions import CARD, GRAPH, SIDE_PX


def square() -> Square:
    """The drawn street, in which the drawn finder sees a coat and a bag."""
    pixels = np.asarray(street((SIDE_PX, SIDE_PX)), np.uint8)
    return Square(pixels, SIDE_PX, SIDE_PX)


def spotter(folder: Path) -> Spotter:
    return Spotter(folder, threads=1, max_waiting=8)


def test_what_the_finder_sees_comes_likeliest_first(tmp_path: Path) -> None:
    write_finder(tmp_path)
    finder = spotter(tmp_path)
    assert finder.present
    assert [found.kind for found in finder.find(square())] == ["outer", "bag"]
    assert [found.kind for found in finder.find(square(), 0.9)] == ["outer"]


def test_a_finder_that_was_left_out_is_told_and_may_come_later(tmp_path: Path) -> None:
    finder = spotter(tmp_path / "finder")
    assert not finder.present
    with pytest.raises(NoRegions):
        finder.find(square())
    write_finder(tmp_path / "finder")
    assert finder.present
    assert len(finder.find(square())) == 2


@pytest.mark.parametrize("broken", [GRAPH, CARD])
def test_a_broken_finder_is_told_each_time(tmp_path: Path, broken: str) -> None:
    write_finder(tmp_path)
    (tmp_path / broken).write_bytes(b"torn")
    finder = spotter(tmp_path)
    for _ in range(2):
        with pytest.raises(BadModel):
            finder.find(square())


def test_threads_that_ask_at_once_open_it_once_and_all_are_answered(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_finder(tmp_path)
    opened: list[Path] = []
    real = spotting.open_regions

    def opening(folder: Path, **how: Any) -> Any:
        opened.append(folder)
        threading.Event().wait(0.05)  # long enough for the others to come
        return real(folder, **how)

    monkeypatch.setattr(spotting, "open_regions", opening)
    finder, picture = spotter(tmp_path), square()
    assert opened == []  # nothing before it is asked
    together, kinds = threading.Barrier(4, timeout=60), list[str]()

    def ask() -> None:
        together.wait()
        kinds.append(finder.find(picture)[0].kind)

    threads = [threading.Thread(target=ask, daemon=True) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert kinds == ["outer"] * 4
    assert opened == [tmp_path]
