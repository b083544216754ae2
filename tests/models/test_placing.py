"""Whatever moment a run is killed at, the store holds a whole model; its folders are its own."""

import os
import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from models.card import read_card, write_card
from models.placing import STALE_S, new_part, settle
from models.registry import find_card, load_card, published
from tests.tiny_card import tiny_model
from vision.errors import BadModel


def built(place: Path, source: str = "again") -> Path:
    """A whole model in a part of `place`."""
    part = tiny_model(new_part(place))
    write_card(replace(read_card(part), source=source), part)
    return part


@pytest.fixture
def place(tmp_path: Path) -> Path:
    """Two versions in the store; "2" was published last."""
    place = tmp_path / "store" / "tiny"
    for version in ("1", "2"):
        settle(built(place, "first"), place / version)
        os.utime(place / version / "card.json", (int(version), int(version)))
    return place


def test_a_new_version_is_whole_and_nothing_is_left_beside_it(place: Path) -> None:
    settle(built(place), place / "3")
    assert [f.name for f in published(place.parent)] == ["1", "2", "3"]
    assert sorted(f.name for f in place.iterdir()) == ["1", "2", "3"]


def test_the_same_version_again_becomes_the_one_that_its_name_means(place: Path) -> None:
    settle(built(place), place / "1")
    assert [f.name for f in published(place.parent)] == ["2", "1"]
    assert load_card(place / "1").source == "again"
    assert sorted(f.name for f in place.iterdir()) == ["1", "2"]


def test_a_damaged_version_is_replaced(place: Path) -> None:
    (place / "2" / "image.onnx").write_bytes(b"torn")
    settle(built(place), place / "2")
    assert load_card(place / "2").source == "again"
    assert sorted(f.name for f in place.iterdir()) == ["1", "2"]


@pytest.mark.parametrize("step", range(4))
def test_a_kill_before_any_step_leaves_the_version_in_use(
    place: Path, step: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    steps = iter(range(100))

    def dying(real: Callable[..., Any]) -> Callable[..., Any]:
        def act(*given: Any, **how: Any) -> Any:
            if next(steps) >= step:
                raise KeyboardInterrupt
            return real(*given, **how)

        return act

    part = built(place)
    with monkeypatch.context() as killing:
        for owner, name in ((Path, "rename"), (Path, "replace"), (shutil, "rmtree")):
            killing.setattr(owner, name, dying(getattr(owner, name)))
        try:
            settle(part, place / "2")
        except KeyboardInterrupt:
            assert step < 2
    assert find_card("tiny@2", place.parent).name == "tiny"


def test_each_run_has_a_part_of_its_own_and_what_killed_runs_left_goes(place: Path) -> None:
    mine, others = new_part(place), new_part(place)
    assert mine != others
    assert published(place.parent) == [place / "1", place / "2"]
    left = built(place)
    os.utime(left, (left.stat().st_mtime - 2 * STALE_S,) * 2)
    new_part(place)
    assert not left.exists()
    assert mine.exists()
    with pytest.raises(BadModel):
        load_card(mine)
