"""SQLite behind a shop: connections, transactions, and their failures in our own words.

Promise: what `writing` committed is on the disk (WAL, synchronous=FULL); what it did not commit
never happened. `reading` sees one moment of the shop, however long it reads. Writers of many
threads are committed together (`commits`).
"""

import fcntl
import sqlite3
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

from index.commits import Commits
from index.errors import CatalogueError, ShopBroken, ShopBusy, ShopMoved
from index.schema import migrate

DATABASE_NAME = "catalogue.sqlite3"
OPEN_NAME = "shop.open"
BUSY_TIMEOUT_S = 15.0  # a bulk run commits in well under a second; far more means it hangs
MOVED = 1  # SQLite's user_version of a shop that lives elsewhere now; it changes in transactions
WAL_KEPT_BYTES = 64 << 20  # a log that a long reader let grow is cut back to this


class Database:
    """A pool of connections to one file; may be used from any thread."""

    def __init__(self, folder: Path, busy_timeout_s: float = BUSY_TIMEOUT_S) -> None:
        self._folder = folder
        self._path = folder / DATABASE_NAME
        self._busy_timeout_s = busy_timeout_s
        self._idle: list[sqlite3.Connection] = []
        self._pool = threading.Lock()
        self._closed = False
        self._here = _be_here(folder / OPEN_NAME)
        self._commits = Commits(lambda: self._connect(0.0), folder, busy_timeout_s)
        connection = self._take()
        try:
            with self._translated():
                migrate(connection)
        finally:
            self._give_back(connection)

    @contextmanager
    def reading(self) -> Iterator[sqlite3.Connection]:
        """A connection that sees one moment of the shop; raises ShopBroken."""
        with self._lent() as connection, self._translated():
            connection.execute("BEGIN")
            yield connection

    @contextmanager
    def writing(self, *, alone: bool = False) -> Iterator[sqlite3.Connection]:
        """A transaction: durable when the block has ended, undone when it raises.

        It may share its commit with the writers of other threads, unless it is to be `alone`: ask
        for that where the block does what no rollback can undo, such as unlinking files.
        Raises ShopBusy if another process writes for longer than the time-out, ShopMoved if the
        shop left this place, ShopBroken.
        """
        with self._translated(), self._commits.writing(alone=alone) as connection:
            if _has_moved(connection):
                raise ShopMoved(str(self._folder))
            yield connection

    @contextmanager
    def leaving(self) -> Iterator[None]:
        """Nobody else writes here while the block lasts, nor ever after it, until `come_back`.

        What is read inside is the last state; raises ShopBusy, ShopBroken.
        """
        with self._translated(), self._commits.writing(alone=True) as connection:
            yield
            connection.execute(f"PRAGMA user_version={MOVED}")

    def come_back(self) -> None:
        """Let this place be written to again; raises ShopBusy, ShopBroken."""
        with self._translated(), self._commits.writing(alone=True) as connection:
            connection.execute("PRAGMA user_version=0")

    def close(self) -> None:
        """Close what is idle now, and the rest as it comes back."""
        with self._pool:
            self._closed = True
            idle, self._idle = self._idle, []
        self._commits.close()
        if self._here is not None:
            self._here.close()
        for connection in idle:
            connection.close()

    @contextmanager
    def _lent(self) -> Iterator[sqlite3.Connection]:
        connection = self._take()
        try:
            yield connection
        finally:
            if connection.in_transaction:
                connection.rollback()
            self._give_back(connection)

    def _take(self) -> sqlite3.Connection:
        with self._pool:
            if self._idle:
                return self._idle.pop()
        return self._connect(self._busy_timeout_s)

    def _connect(self, timeout_s: float) -> sqlite3.Connection:
        with self._translated():
            connection = sqlite3.connect(
                self._path, timeout=timeout_s, isolation_level=None, check_same_thread=False
            )
            self._wait(connection, self._busy_timeout_s)
            connection.execute("PRAGMA journal_mode=WAL")
            connection.execute("PRAGMA synchronous=FULL")
            connection.execute("PRAGMA foreign_keys=ON")
            connection.execute("PRAGMA cache_size=-16000")
            connection.execute(f"PRAGMA journal_size_limit={WAL_KEPT_BYTES}")
            self._wait(connection, timeout_s)
            return connection

    def _wait(self, connection: sqlite3.Connection, timeout_s: float) -> None:
        connection.execute(f"PRAGMA busy_timeout={round(timeout_s * 1000)}")

    def _give_back(self, connection: sqlite3.Connection) -> None:
        with self._pool:
            if not self._closed:
                self._idle.append(connection)
                return
        connection.close()

    @contextmanager
    def _translated(self) -> Iterator[None]:
        try:
            yield
        except sqlite3.Error as error:
            raise self._in_our_words(error) from error

    def _in_our_words(self, error: sqlite3.Error) -> CatalogueError:
        code = getattr(error, "sqlite_errorcode", 0) & 0xFF
        if code in (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED):
            return ShopBusy(str(self._folder))
        return ShopBroken(str(self._folder), f"its catalogue answers: {error}")


def _has_moved(connection: sqlite3.Connection) -> bool:
    (said,) = connection.execute("PRAGMA user_version").fetchone()
    return bool(said == MOVED)


def _be_here(path: Path) -> IO[bytes] | None:
    """Hold a lock that tells others that the shop is in use; None where there are no locks."""
    try:
        file = path.open("ab")
        fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except OSError:
        return None
    return file
