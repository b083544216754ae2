"""Kept answers: found for a day, by nobody but who asked, never worked on twice at once."""

import subprocess
import sys
from pathlib import Path

import pytest

from api import repeats
from api.errors import StillUnderWay
from api.repeats import KEPT_S, Answered, Repeats

ROOT = Path(__file__).parents[2]
ANSWER = Answered(b"asked", 201, "application/json", '"1"', b"{}")
HOLDER = """
import sys
from pathlib import Path
from api.repeats import Repeats
with Repeats(Path(sys.argv[1])).alone(b"a"):
    print("held", flush=True)
    sys.stdin.read()
"""


class HandClock:
    now = 1_800_000_000.0

    def __call__(self) -> float:
        return self.now


def test_an_answer_is_found_for_a_day(tmp_path: Path) -> None:
    clock = HandClock()
    kept = Repeats(tmp_path, clock)
    assert kept.find(b"a") is None
    kept.keep(b"a", ANSWER)
    clock.now += KEPT_S - 1
    assert Repeats(tmp_path, clock).find(b"a") == ANSWER  # in another process, too
    clock.now += 2
    assert kept.find(b"a") is None
    kept.keep(b"b", ANSWER)
    assert len(kept._book.rows("SELECT name FROM answers")) == 1  # the old one is gone


def test_beyond_the_bounds_the_oldest_go(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(repeats, "MOST_ROWS", 3)
    clock = HandClock()
    kept = Repeats(tmp_path, clock)
    for number in range(5):
        clock.now += 1
        kept.keep(bytes([number]), ANSWER)
    assert [kept.find(bytes([n])) is not None for n in range(5)] == [False, False, True, True, True]
    monkeypatch.setattr(repeats, "MOST_BYTES", 3)
    kept.keep(b"x", ANSWER)
    assert kept.find(bytes([4])) is None
    assert kept.find(b"x") == ANSWER


def test_two_of_one_name_are_not_worked_on_at_once(tmp_path: Path) -> None:
    kept = Repeats(tmp_path)
    with kept.alone(b"a"):
        with pytest.raises(StillUnderWay), kept.alone(b"a"):
            raise AssertionError("it was let in")
        with kept.alone(b"b"):
            pass
    with kept.alone(b"a"):
        pass


def test_neither_in_another_process_and_one_that_is_killed_holds_nothing(tmp_path: Path) -> None:
    kept = Repeats(tmp_path)
    holder = subprocess.Popen(
        [sys.executable, "-c", HOLDER, str(tmp_path)], cwd=ROOT,
        stdin=subprocess.PIPE, stdout=subprocess.PIPE,
    )  # fmt: skip
    try:
        assert holder.stdout is not None
        assert holder.stdout.readline() == b"held\n"
        with pytest.raises(StillUnderWay), kept.alone(b"a"):
            raise AssertionError("it was let in")
    finally:
        holder.kill()
        holder.wait(60)
    with kept.alone(b"a"):
        pass
