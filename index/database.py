"""SQLite behind a shop: connections, transactions, and their failures in our own words.

Promise: what `writing` committed is on the disk (WAL, synchronous=FULL); what it did not commit
never happened. `reading` sees one moment of the shop, however long it reads.
"""

import sqlite3
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from index.errors import CatalogueError, ShopBroken, ShopBusy
from index.schema import migrate

DATABASE_NAME = "catalogue.sqlite3"
BUSY_TIMEOUT_S = 15.0  # a bulk run commits in well under a second; far more means it hangs


class Database:
    """A pool of connections to one file; may be used from any thread."""

    def __init__(self, folder: Path, busy_timeout_s: float = BUSY_TIMEOUT_S) -> None:
        self._folder = folder
        self._path = folder / DATABASE_NAME
        self._busy_timeout_s = busy_timeout_s
        self._idle: list[sqlite3.Connection] = []
        self._pool = threading.Lock()
        self._one_writer = threading.Lock()  # SQLite's own lock polls; ours queues
        self._closed = False
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
    def writing(self) -> Iterator[sqlite3.Connection]:
        """A transaction: durable when the block ends, undone when it raises.

        Raises ShopBusy if another process writes for longer than the time-out, ShopBroken.
        """
        with self._one_writer, self._lent() as connection, self._translated():
            connection.execute("BEGIN IMMEDIATE")
            yield connection
            connection.execute("COMMIT")

    def close(self) -> None:
        """Close what is idle now, and the rest as it comes back."""
        with self._pool:
            self._closed = True
            idle, self._idle = self._idle, []
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
        with self._translated():
            connection = sqlite3.connect(
                self._path,
                timeout=self._busy_timeout_s,
                isolation_level=None,
                check_same_thread=False,
            )
            connection.execute("PRAGMA journal_mode=WAL")
            connection.execute("PRAGMA synchronous=FULL")
            connection.execute("PRAGMA foreign_keys=ON")
            connection.execute("PRAGMA cache_size=-16000")
            return connection

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
