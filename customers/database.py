"""How this wing and the mirror open SQLite: durable at every commit, erased where deleted."""

import sqlite3
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from customers.errors import PeopleBroken


class Database:
    """One connection behind a lock, for use by any thread.

    WAL with synchronous=FULL: what `write` committed survives a crash of process and machine.
    secure_delete overwrites what is deleted; `scrub` empties the log that may still hold it.
    Raises PeopleBroken where the file is no database of this schema version.
    """

    def __init__(self, path: Path, schema: str, version: int) -> None:
        self._path = path
        self._lock = threading.RLock()
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        try:
            self._connection = sqlite3.connect(
                path, isolation_level=None, check_same_thread=False, timeout=10
            )
            self._prepare(schema, version)
        except sqlite3.DatabaseError as cause:
            raise PeopleBroken(str(path), str(cause)) from cause

    def _prepare(self, schema: str, version: int) -> None:
        connection = self._connection
        connection.row_factory = sqlite3.Row
        for pragma in (
            "journal_mode=WAL",
            "synchronous=FULL",
            "foreign_keys=ON",
            "secure_delete=ON",
        ):
            connection.execute(f"PRAGMA {pragma}")
        (found,) = connection.execute("PRAGMA user_version").fetchone()
        if found == 0:
            connection.executescript(f"BEGIN; {schema}; PRAGMA user_version={version}; COMMIT;")
        elif found != version:
            raise PeopleBroken(str(self._path), f"its schema is {found}, this program's {version}")

    @contextmanager
    def write(self) -> Iterator[sqlite3.Connection]:
        """One transaction: all of it is on the disk when the block ends, or none of it."""
        with self._lock:
            self._connection.execute("BEGIN IMMEDIATE")
            try:
                yield self._connection
            except BaseException:
                self._connection.execute("ROLLBACK")
                raise
            self._connection.execute("COMMIT")

    def rows(self, sql: str, *values: object) -> list[sqlite3.Row]:
        """The rows of a query."""
        with self._lock:
            return self._connection.execute(sql, values).fetchall()

    def row(self, sql: str, *values: object) -> sqlite3.Row | None:
        """The first row of a query, if there is one."""
        rows = self.rows(sql, *values)
        return rows[0] if rows else None

    def scrub(self) -> None:
        """Carry the log into the file and empty it, so that no deleted row is left in it."""
        with self._lock:
            self._connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")

    def close(self) -> None:
        """Close the connection."""
        with self._lock:
            self._connection.close()
