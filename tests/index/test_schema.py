"""Migrations run once or not at all."""

import sqlite3
from pathlib import Path

import pytest

from index import schema


def connect(path: Path) -> sqlite3.Connection:
    return sqlite3.connect(path, isolation_level=None)


def tables(connection: sqlite3.Connection) -> set[str]:
    rows = connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")
    return {name for (name,) in rows}


def test_migrating_twice_changes_nothing_the_second_time(tmp_path: Path) -> None:
    connection = connect(tmp_path / "db")
    schema.migrate(connection)
    identity = connection.execute("SELECT identity FROM shop").fetchone()
    schema.migrate(connection)
    assert connection.execute("SELECT identity FROM shop").fetchone() == identity
    assert schema.version_of(connection) == len(schema.MIGRATIONS)


def test_a_migration_that_fails_leaves_neither_tables_nor_a_record(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    connection = connect(tmp_path / "db")
    schema.migrate(connection)
    before = tables(connection)
    broken = (*schema.MIGRATIONS, "CREATE TABLE half (x); INSERT INTO nowhere VALUES (1)")
    monkeypatch.setattr(schema, "MIGRATIONS", broken)
    with pytest.raises(sqlite3.OperationalError):
        schema.migrate(connection)
    assert tables(connection) == before
    assert schema.version_of(connection) == len(broken) - 1


def test_tables_of_a_later_version_are_refused(tmp_path: Path) -> None:
    connection = connect(tmp_path / "db")
    schema.migrate(connection)
    connection.execute("INSERT INTO migrations (number) VALUES (99)")
    with pytest.raises(sqlite3.DatabaseError, match="99"):
        schema.migrate(connection)


def test_a_shop_of_the_first_tables_has_all_its_vectors_made_again(tmp_path: Path) -> None:
    connection = connect(tmp_path / "db")
    connection.executescript(schema.MIGRATIONS[0])
    connection.execute("CREATE TABLE migrations (number INTEGER PRIMARY KEY, at TEXT)")
    connection.execute("INSERT INTO migrations (number) VALUES (1)")
    schema.migrate(connection)
    assert connection.execute("SELECT title_weight FROM shop").fetchone() == (-1,)
