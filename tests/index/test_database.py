"""Transactions, and SQLite's failures in our own words."""

import sqlite3
from pathlib import Path

import pytest

from index.database import DATABASE_NAME, Database
from index.errors import ShopBroken, ShopBusy, UnknownProduct


def sequence(database: Database) -> int:
    with database.reading() as connection:
        return int(connection.execute("SELECT sequence FROM shop").fetchone()[0])


def test_what_raises_inside_a_writing_block_never_happened(tmp_path: Path) -> None:
    database = Database(tmp_path)

    def fail_halfway() -> None:
        with database.writing() as connection:
            connection.execute("UPDATE shop SET sequence = 7")
            raise UnknownProduct("a")

    with pytest.raises(UnknownProduct):
        fail_halfway()
    assert sequence(database) == 0
    with database.writing() as connection:
        connection.execute("UPDATE shop SET sequence = 8")
    assert sequence(database) == 8


def test_a_reader_sees_one_moment_while_others_write(tmp_path: Path) -> None:
    database = Database(tmp_path)
    with database.reading() as connection:
        before = connection.execute("SELECT sequence FROM shop").fetchone()
        with database.writing() as other:
            other.execute("UPDATE shop SET sequence = 5")
        assert connection.execute("SELECT sequence FROM shop").fetchone() == before
    assert sequence(database) == 5


def test_a_writer_of_another_process_that_does_not_end_makes_the_shop_busy(tmp_path: Path) -> None:
    database = Database(tmp_path, busy_timeout_s=0.05)
    other = sqlite3.connect(tmp_path / DATABASE_NAME, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    with pytest.raises(ShopBusy), database.writing():
        pass
    assert sequence(database) == 0  # reading goes on
    other.execute("ROLLBACK")


def test_a_file_that_is_no_database_is_a_broken_shop(tmp_path: Path) -> None:
    (tmp_path / DATABASE_NAME).write_bytes(b"no database, but long enough to look at" * 100)
    with pytest.raises(ShopBroken):
        Database(tmp_path)


def test_every_commit_waits_for_the_disk(tmp_path: Path) -> None:
    with Database(tmp_path).reading() as connection:
        assert connection.execute("PRAGMA journal_mode").fetchone() == ("wal",)
        assert connection.execute("PRAGMA synchronous").fetchone() == (2,)  # FULL
