"""Group commit: together where it helps, alone where one fails, never acknowledged too early."""

import os
import sqlite3
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import pytest

from index import commits
from index.database import DATABASE_NAME, Database
from index.errors import CatalogueError, ShopBroken, UnknownProduct

WRITERS = 8


@pytest.fixture
def database(tmp_path: Path) -> Database:
    database = Database(tmp_path)
    with database.writing() as connection:
        connection.execute("CREATE TABLE notes (who INTEGER PRIMARY KEY)")
    return database


def notes(folder: Path) -> list[int]:
    """What another process would see now."""
    with sqlite3.connect(folder / DATABASE_NAME) as other:
        return [row[0] for row in other.execute("SELECT who FROM notes ORDER BY who")]


def held_up(database: Database, writers: list[Callable[[], None]]) -> list[BaseException | None]:
    """Run `writers` on threads, all in line before the first may begin; what each raised."""
    raised: list[BaseException | None] = [None] * len(writers)
    taken, go = threading.Event(), threading.Event()

    def first() -> None:
        with suppress(ShopBroken), database.writing():
            taken.set()
            go.wait(60)

    def run(n: int) -> None:
        try:
            writers[n]()
        except CatalogueError as error:
            raised[n] = error

    opener = threading.Thread(target=first)
    opener.start()
    assert taken.wait(60)
    threads = [threading.Thread(target=run, args=(n,)) for n in range(len(writers))]
    for thread in threads:
        thread.start()
    while database._commits._waiting < len(writers):
        time.sleep(0.001)
    go.set()
    for thread in (opener, *threads):
        thread.join(60)
    return raised


def noting(database: Database, who: int) -> Callable[[], None]:
    def write() -> None:
        with database.writing() as connection:
            connection.execute("INSERT INTO notes VALUES (?)", (who,))

    return write


def test_writers_who_wait_are_committed_together(
    database: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(commits, "TOGETHER_FOR_S", 60)
    commanded: list[str] = []
    connection = database._commits._connection
    assert connection is not None
    connection.set_trace_callback(commanded.append)
    assert held_up(database, [noting(database, n) for n in range(WRITERS)]) == [None] * WRITERS
    assert notes(tmp_path) == list(range(WRITERS))
    assert commanded.count("COMMIT") == 1
    assert commanded.count("BEGIN IMMEDIATE") == 1


def test_who_fails_in_a_group_fails_alone(database: Database, tmp_path: Path) -> None:
    def fail() -> None:
        with database.writing() as connection:
            connection.execute("INSERT INTO notes VALUES (100)")
            raise UnknownProduct("a")

    def clash() -> None:
        with database.writing() as connection:
            connection.execute("INSERT INTO notes VALUES (101)")
            connection.execute("INSERT INTO notes VALUES (101)")

    writers = [noting(database, 0), fail, noting(database, 1), clash, noting(database, 2)]
    raised = held_up(database, writers)
    assert [type(error) for error in raised] == [
        type(None), UnknownProduct, type(None), ShopBroken, type(None),
    ]  # fmt: skip
    assert notes(tmp_path) == [0, 1, 2]


def test_nobody_is_told_done_before_the_commit(database: Database, tmp_path: Path) -> None:
    late: list[int] = []

    def write_and_look(who: int) -> Callable[[], None]:
        def write() -> None:
            noting(database, who)()
            if who not in notes(tmp_path):
                late.append(who)

        return write

    held_up(database, [write_and_look(n) for n in range(WRITERS)])
    assert late == []


def test_if_the_commit_fails_everybody_in_it_is_told(
    database: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(commits, "TOGETHER_FOR_S", 60)
    with database.writing() as connection:
        connection.execute("CREATE TABLE parents (id INTEGER PRIMARY KEY)")
        connection.execute(
            "CREATE TABLE children (id INTEGER REFERENCES parents DEFERRABLE INITIALLY DEFERRED)"
        )

    def orphan() -> None:  # found out by the commit only
        with database.writing() as connection:
            connection.execute("INSERT INTO children VALUES (1)")

    raised = held_up(database, [noting(database, 1), orphan, noting(database, 2)])
    assert [type(error) for error in raised] == [ShopBroken] * 3
    assert notes(tmp_path) == []
    noting(database, 3)()
    assert notes(tmp_path) == [3]


def test_who_asks_to_be_alone_shares_no_commit(
    database: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(commits, "TOGETHER_FOR_S", 60)
    seen: list[list[int]] = []

    def lonely() -> None:
        with database.writing(alone=True):
            seen.append(notes(tmp_path))

    held_up(database, [noting(database, 0), noting(database, 1), lonely, noting(database, 2)])
    (found,) = seen
    assert found == sorted(found)  # whoever wrote before it is committed already
    assert notes(tmp_path) == [0, 1, 2]


def test_a_group_that_is_old_is_committed_although_others_wait(
    database: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(commits, "TOGETHER_FOR_S", 0)
    commanded: list[str] = []
    connection = database._commits._connection
    assert connection is not None
    connection.set_trace_callback(commanded.append)
    held_up(database, [noting(database, n) for n in range(WRITERS)])
    assert notes(tmp_path) == list(range(WRITERS))
    assert commanded.count("COMMIT") >= WRITERS


def test_if_the_writer_that_others_rely_on_is_interrupted_they_are_committed_all_the_same(
    database: Database, tmp_path: Path
) -> None:
    database._commits._waiting += 1  # somebody is in line who never comes
    writer = threading.Thread(target=noting(database, 1))
    writer.start()
    time.sleep(0.02)
    assert notes(tmp_path) == []
    database._commits._waiting -= 1  # and is gone
    writer.join(60)
    assert notes(tmp_path) == [1]


CHILD = """
import sys, threading
from pathlib import Path
from index.database import Database
database = Database(Path(sys.argv[1]))
first = int(sys.argv[2])
def write(start):
    for n in range(start, start + 40):
        with database.writing() as connection:
            connection.execute("INSERT INTO notes VALUES (?)", (n,))
threads = [threading.Thread(target=write, args=(first + 40 * t,)) for t in range(4)]
[t.start() for t in threads]
[t.join() for t in threads]
"""


def test_several_processes_write_to_one_shop_and_none_is_busy(
    database: Database, tmp_path: Path
) -> None:
    children = [
        subprocess.Popen(
            [sys.executable, "-c", CHILD, str(tmp_path), str(1_000 * n)],
            stderr=subprocess.PIPE, env=os.environ | {"PYTHONPATH": str(Path(__file__).parents[2])},
        )
        for n in range(3)
    ]  # fmt: skip
    for child in children:
        _, told = child.communicate(timeout=250)
        assert (child.returncode, told) == (0, b"")
    assert notes(tmp_path) == [1_000 * n + k for n in range(3) for k in range(160)]
