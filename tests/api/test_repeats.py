"""Kept answers: found for a day, by nobody but who asked, never worked on twice at once."""

import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import given
from hypothesis import strategies as st

from api import repeats
from api.errors import StillUnderWay
from api.home import DOOR
from api.notebook import Notebook
from api.repeats import KEPT_S, OLD_AT_ONCE, ROW_BYTES, Answered, Repeats

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
    kept.keep("Ana", b"a", ANSWER)
    clock.now += KEPT_S - 1
    assert Repeats(tmp_path, clock).find(b"a") == ANSWER  # in another process, too
    clock.now += 2
    assert kept.find(b"a") is None
    kept.keep("Ana", b"b", ANSWER)
    assert len(kept._book.rows("SELECT name FROM answers")) == 1  # the old one is gone


def test_beyond_the_bound_a_callers_own_oldest_go_and_nobody_elses(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(repeats, "MOST_BYTES", 3 * (ROW_BYTES + len(ANSWER.body)))
    clock = HandClock()
    kept = Repeats(tmp_path, clock)
    kept.keep("Eva", b"hers", ANSWER)
    for number in range(5):
        clock.now += 1
        kept.keep("Ana", bytes([number]), ANSWER)
    assert [kept.find(bytes([n])) is not None for n in range(5)] == [False, False, True, True, True]
    large = replace(ANSWER, body=bytes(2 * ROW_BYTES))
    kept.keep("Ana", b"x", large)
    assert kept.find(bytes([4])) is None
    assert kept.find(b"x") == large
    assert kept.find(b"hers") == ANSWER


@given(st.lists(st.tuples(
    st.sampled_from(("Ana", "Eva")), st.sampled_from(b"abc"), st.integers(0, 900),
    st.sampled_from((1, 1, 1, KEPT_S)),
), max_size=20))  # fmt: skip
def test_what_callers_take_up_is_known_whatever_comes_and_goes(
    kept: list[tuple[str, int, int, int]],
) -> None:
    with TemporaryDirectory() as home, pytest.MonkeyPatch.context() as patched:
        patched.setattr(repeats, "MOST_BYTES", 2_000)
        clock = HandClock()
        book = Repeats(Path(home), clock)
        for who, name, size_bytes, later_s in kept:
            clock.now += later_s
            book.keep(who, bytes([name]), replace(ANSWER, body=bytes(size_bytes)))
            rows = book._book.rows(
                "SELECT bytes, (SELECT coalesce(sum(length(body) + ?), 0) FROM answers "
                "WHERE answers.who = callers.who) FROM callers", (ROW_BYTES,),
            )  # fmt: skip
            assert all(told == taken <= 2_000 for told, taken in rows)
        book.close()


def test_an_answer_costs_as_much_to_keep_beside_thousands_as_beside_none(tmp_path: Path) -> None:
    steps = {}
    for others in (2, 4_000):
        kept = Repeats(tmp_path / str(others))
        with kept._book.writing() as book:
            row = "INSERT INTO answers VALUES (?, x'', 200, '', '', x'7b7d', ?, 'Ana')"
            book.executemany(row, [(b"%d" % n, time.time() + n / 1e6) for n in range(others)])
            book.execute("INSERT INTO callers VALUES ('Ana', ?)", (others * (2 + ROW_BYTES),))
        counted: list[int] = []
        kept._book._connection.set_progress_handler(lambda: counted.append(1), 1)  # noqa: B023
        kept.keep("Ana", b"x", ANSWER)
        steps[others] = len(counted)
        kept.close()
    assert 0 < steps[4_000] < 2 * steps[2]


def test_a_book_of_an_older_version_is_read_and_ends_with_its_day(tmp_path: Path) -> None:
    clock = HandClock()
    old = Notebook(tmp_path / DOOR / "repeats.sqlite3", repeats._MIGRATIONS[:1])
    with old.writing() as book:
        for number in range(3 * OLD_AT_ONCE):
            row = (b"%d" % number, b"asked", 201, "application/json", '"1"', b"{}", clock.now)
            book.execute("INSERT INTO answers VALUES (?, ?, ?, ?, ?, ?, ?)", row)
    old.close()
    assert Repeats(tmp_path, clock).find(b"7") == ANSWER
    clock.now += KEPT_S
    kept = Repeats(tmp_path, clock)
    assert kept._book.rows("SELECT name FROM answers") == []
    assert kept._book.rows("SELECT bytes FROM callers") == [(0,)]


def test_two_of_one_name_are_not_worked_on_at_once(tmp_path: Path) -> None:
    kept = Repeats(tmp_path)
    with kept.alone(b"a"):
        with pytest.raises(StillUnderWay), kept.alone(b"a"):
            raise AssertionError("it was let in")
        with kept.alone(b"b"):
            pass
    with kept.alone(b"a"):
        pass


def test_nor_by_two_applications_of_one_process_while_its_model_is_switched(
    tmp_path: Path,
) -> None:
    kept, after = Repeats(tmp_path), Repeats(tmp_path)
    with kept.alone(b"a"):
        with pytest.raises(StillUnderWay), after.alone(b"a"):
            raise AssertionError("it was let in")
        after.close()  # takes nothing from the other
        told = subprocess.run(
            [sys.executable, "-c", HOLDER, str(tmp_path)], cwd=ROOT, stdin=subprocess.DEVNULL,
            capture_output=True, timeout=60, check=False,
        )  # fmt: skip
        assert b"StillUnderWay" in told.stderr
    with Repeats(tmp_path).alone(b"a"):
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
