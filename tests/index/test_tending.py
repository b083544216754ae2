"""Upkeep in the background: it follows, takes over, makes bases, and gives way."""

import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from index import mapped
from index.choice import Wish
from index.shelf import Shelf
from index.tending import AFTER_FAILURE_S, Tending
from tests.fakes import fake_spec
from tests.index.test_founding import entries, make_base, skus

ROOT = Path(__file__).parents[2]
LISTS = Wish("lists")
PATIENCE_S = 200.0
DELETE = """
import sys
from pathlib import Path
from index.shelf import Shelf
from tests.fakes import fake_spec
with Shelf.open(Path(sys.argv[1]), fake_spec()) as shelf:
    shelf.delete("p7")
"""


def wait_for(what: Callable[[], bool]) -> None:
    until = time.monotonic() + PATIENCE_S
    while not what():
        assert time.monotonic() < until
        time.sleep(0.02)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    with Shelf.open(tmp_path, fake_spec(), create=True) as shelf:
        shelf.write(entries(1_200))
    return tmp_path


def test_what_another_process_did_is_followed_without_a_search(folder: Path) -> None:
    with Shelf.open(folder, fake_spec()) as shelf:
        shelf.tend()
        subprocess.run([sys.executable, "-c", DELETE, str(folder)], cwd=ROOT, check=True)
        wait_for(lambda: len(shelf._replica) == 1_199)
        assert "p7" not in skus(shelf)


def test_a_base_is_made_while_searches_go_on_and_changes_are_seen(folder: Path) -> None:
    with Shelf.open(folder, fake_spec(), wish=LISTS) as shelf:
        expected = skus(shelf)
        answers: list[list[str]] = []
        done = threading.Event()

        def search() -> None:
            while not done.is_set():
                answers.append(skus(shelf))

        searching = threading.Thread(target=search)
        searching.start()
        shelf.tend()
        shelf.tend()  # a second time does nothing
        gone = expected[-1]
        wait_for(lambda: shelf._replica.tiered.base is not None)
        shelf.delete(gone)
        assert gone not in skus(shelf)
        done.set()
        searching.join()
        assert len(answers) > 20
        assert all(found[:19] == expected[:19] for found in answers)


def test_damage_in_the_midst_of_a_large_base_is_found_while_it_serves(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(mapped, "BLOCK_BYTES", 4_096)
    monkeypatch.setattr(mapped, "CHECKED_WHOLE_BYTES", 10_000)
    monkeypatch.setattr(mapped, "SPREAD_BLOCKS", 1)
    with Shelf.open(folder, fake_spec(), wish=LISTS) as shelf:
        make_base(shelf)
        expected = skus(shelf)
    (path,) = folder.glob("vectors-*.arrays")
    data = bytearray(path.read_bytes())
    data[30_000] ^= 1
    path.write_bytes(data)
    with Shelf.open(folder, fake_spec(), wish=LISTS) as shelf:
        assert shelf._replica.tiered.base is not None
        tending = Tending(folder, shelf._replica, shelf.database)
        monkeypatch.setattr(tending, "_run_child", lambda _: (75, ""))
        for _ in range(9):
            tending.tend()
        assert shelf._replica.tiered.base is None
        assert skus(shelf) == expected
        assert not path.exists()


def test_closing_does_not_wait_for_a_base_to_be_made(folder: Path) -> None:
    with Shelf.open(folder, fake_spec(), wish=LISTS) as shelf:
        expected = skus(shelf)
        shelf.tend()
        wait_for(lambda: shelf.index_report()[1] == "making a base")
    with Shelf.open(folder, fake_spec(), wish=LISTS) as again:
        assert skus(again) == expected


def test_what_failed_is_told_and_tried_again_a_minute_later(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    now_s = 100.0
    with Shelf.open(folder, fake_spec(), wish=LISTS) as shelf:
        tending = Tending(folder, shelf._replica, shelf.database, lambda: now_s)
        monkeypatch.setattr(tending, "_run_child", lambda _: (73, "No space left on device"))
        assert not tending.tend()
        assert "No space left" in tending.state
        calls: list[int] = []
        monkeypatch.setattr(tending, "_run_child", lambda _: (calls.append(1), (1, ""))[1])
        assert not tending.tend()
        assert calls == []
        now_s += AFTER_FAILURE_S + 1
        assert not tending.tend()
        assert calls == [1]
        assert "ended with 1" in tending.state


def test_a_base_is_not_made_anew_beyond_the_budget_of_memory(folder: Path) -> None:
    with Shelf.open(folder, fake_spec(), wish=Wish("lists", 1_000_000)) as shelf:
        make_base(shelf)
        for n in range(3):
            shelf.write(entries(4_000, seed=n, first=5_000 * (n + 1)))
        tending = Tending(folder, shelf._replica, shelf.database)
        assert not tending.tend()
        assert "raise VISTAZO_INDEX_MEMORY_MB" in tending.state
        assert shelf._replica.is_upkeep_due()
        assert len(skus(shelf)) == 20


def test_a_report_says_what_the_index_is_and_how_well_it_answers(folder: Path) -> None:
    with Shelf.open(folder, fake_spec(), wish=LISTS) as shelf:
        report, state = shelf.index_report()
        assert (report.kind, report.choice.kind, state) == ("flat", "lists", "at rest")
        assert report.is_upkeep_due
        make_base(shelf)
        report, _ = shelf.index_report()
        assert (report.kind, report.pictures, report.beside) == ("lists", 1_200, 0)
        assert not report.is_upkeep_due
        assert not report.is_over_budget
        assert report.mapped_bytes > 0
        tested = shelf.index_test()
        assert tested is not None
        assert tested.recall >= 0.99
        assert tested.queries == 48
    with Shelf.open(folder.parent / "empty", fake_spec(), create=True) as empty:
        assert empty.index_test() is None
    with Shelf.open(folder, fake_spec(), wish=Wish("flat", 1_000_000)) as tight:
        report, _ = tight.index_report()
        assert report.choice.why == "it was set"
