"""SQLite for the door's own notes: keys, the audit log, what shoppers looked for.

Promise: several processes may write one notebook; a migration and its record are one transaction.
A notebook of keys is readable by its owner alone.
"""

import os
import sqlite3
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from api.errors import DoorBroken

BUSY_TIMEOUT_S = 5.0


class Notebook:
    """One connection behind a lock, for use by any thread. Raises DoorBroken for a damaged file.

    With `durable`, what `writing` committed survives power loss; without, only the death of the
    process: an fsync for each note would cost every write of a product some milliseconds.
    """

    def __init__(self, path: Path, migrations: Sequence[str], *, durable: bool = True) -> None:
        self._path = path
        self._lock = threading.RLock()
        try:
            path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            os.close(os.open(path, os.O_RDWR | os.O_CREAT, 0o600))
            self._connection = sqlite3.connect(
                path, isolation_level=None, check_same_thread=False, timeout=BUSY_TIMEOUT_S
            )
            self._connection.execute("PRAGMA journal_mode=WAL")
            self._connection.execute(f"PRAGMA synchronous={'FULL' if durable else 'NORMAL'}")
            self._connection.execute("PRAGMA secure_delete=ON")
            self._migrate(migrations)
        except OSError as refused:
            reason = refused.strerror or str(refused)
            raise DoorBroken(str(path), f"it cannot be made ({reason})") from refused
        except sqlite3.Error as cause:
            raise DoorBroken(str(path), str(cause)) from cause

    @property
    def outer_changes(self) -> int:
        """A number that differs whenever another connection has written since it was last asked."""
        with self._lock, self._translated():
            return int(self._connection.execute("PRAGMA data_version").fetchone()[0])

    @contextmanager
    def writing(self) -> Iterator[sqlite3.Connection]:
        """One transaction: all of it, or none where the block raises."""
        with self._lock, self._translated():
            self._connection.execute("BEGIN IMMEDIATE")
            try:
                yield self._connection
            except BaseException:
                self._connection.execute("ROLLBACK")
                raise
            self._connection.execute("COMMIT")

    def rows(self, sql: str, values: Sequence[object] = ()) -> list[tuple[object, ...]]:
        """The rows of a query."""
        with self._lock, self._translated():
            return self._connection.execute(sql, values).fetchall()

    def close(self) -> None:
        """Close the connection."""
        with self._lock:
            self._connection.close()

    def _migrate(self, migrations: Sequence[str]) -> None:
        with self.writing() as connection:
            (version,) = connection.execute("PRAGMA user_version").fetchone()
            if version > len(migrations):
                raise DoorBroken(
                    str(self._path), "a newer Vistazo wrote it: update this one to read it"
                )
            for statements in migrations[version:]:
                for statement in statements.split(";"):
                    if statement.strip():
                        connection.execute(statement)
            connection.execute(f"PRAGMA user_version={len(migrations)}")

    @contextmanager
    def _translated(self) -> Iterator[None]:
        try:
            yield
        except sqlite3.Error as cause:
            raise DoorBroken(str(self._path), str(cause)) from cause
