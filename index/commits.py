"""Group commit: the changes of many threads, made durable by one wait for the disk.

Promises: a writer returns only after the transaction that holds its change was committed; a writer
whose block raises is undone alone (its savepoint), its neighbours are committed all the same; if
the commit itself fails, everybody in it is told so.

Writers take turns on one connection. Whoever ends while others wait for their turn leaves the
transaction open for them, and the last one commits for all: with 16 writers some 12 changes share
one fsync, and one writer alone pays nothing.

Processes take turns too: a writer passes the turnstile (a flock, gone with its process) before it
asks for SQLite's own lock, which is given to whoever happens to poll at the right moment. So no
process can overtake one that waits, however busily it writes.
"""

import fcntl
import os
import sqlite3
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

TURNSTILE_NAME = "writer.turn"
MOST_TOGETHER = 128
TOGETHER_FOR_S = 0.02  # a group that is older is committed although others wait
POLL_S = 0.001
LOOK_AFTER_S = 0.05  # how often a waiting writer looks whether the one it relies on is still there


class _Group:
    """Writers whose changes one transaction holds."""

    __slots__ = ("began_s", "done", "error", "members")

    def __init__(self) -> None:
        self.began_s = time.monotonic()
        self.members = 0
        self.done = threading.Event()
        self.error: sqlite3.Error | None = None


class Commits:
    """Takes the writers of one process in turn; may be used from any thread."""

    def __init__(
        self, connect: Callable[[], sqlite3.Connection], folder: Path, busy_timeout_s: float
    ) -> None:
        self._connect = connect
        self._busy_timeout_s = busy_timeout_s
        self._turnstile = _Turnstile(folder / TURNSTILE_NAME)
        self._turn = threading.Lock()
        self._counting = threading.Lock()
        self._waiting = 0
        self._connection: sqlite3.Connection | None = None
        self._group: _Group | None = None

    @contextmanager
    def writing(self, *, alone: bool = False) -> Iterator[sqlite3.Connection]:
        """A change: durable together with others' when this ends, undone when the block raises.

        `alone` keeps it out of any group, for what must not be undone by another's failing commit.
        Raises sqlite3.Error.
        """
        self._queue()
        try:
            group, connection = self._join(alone)
            try:
                with _savepoint(connection):
                    yield connection
                group.members += 1
            finally:
                self._leave(group, connection, alone)
        finally:
            self._turn.release()
        self._await(group)

    def close(self) -> None:
        """Close the connection; whoever is writing just now ends first."""
        with self._turn:
            self._settle()
            if self._connection is not None:
                self._connection.close()
                self._connection = None
            self._turnstile.close()

    def _queue(self) -> None:
        with self._counting:
            self._waiting += 1
        try:
            self._turn.acquire()
        finally:
            with self._counting:
                self._waiting -= 1

    def _join(self, alone: bool) -> tuple[_Group, sqlite3.Connection]:
        if alone:
            self._settle()
        if self._connection is None:
            self._connection = self._connect()
        if self._group is None:
            self._begin(self._connection)
            self._group = _Group()
        return self._group, self._connection

    def _begin(self, connection: sqlite3.Connection) -> None:
        """BEGIN IMMEDIATE behind those of other processes that came first."""
        give_up_s = time.monotonic() + self._busy_timeout_s
        with self._turnstile.passing(give_up_s):
            while True:
                try:
                    connection.execute("BEGIN IMMEDIATE")
                    return
                except sqlite3.OperationalError as error:
                    busy = getattr(error, "sqlite_errorcode", 0) & 0xFF == sqlite3.SQLITE_BUSY
                    if not busy or time.monotonic() > give_up_s:
                        raise
                time.sleep(POLL_S)

    def _leave(self, group: _Group, connection: sqlite3.Connection, alone: bool) -> None:
        """End one's turn: commit, unless somebody waits who will."""
        if not connection.in_transaction:  # SQLite undid all of it: a full disk, a broken file
            group.error = sqlite3.OperationalError("the transaction was undone by SQLite")
            self._close_group(group)
            return
        old = time.monotonic() - group.began_s > TOGETHER_FOR_S
        if alone or old or group.members >= MOST_TOGETHER or not self._waiting:
            self._settle()

    def _settle(self) -> None:
        """Commit the open group, if there is one; the caller has the turn."""
        group, connection = self._group, self._connection
        if group is None or connection is None:
            return
        try:
            connection.execute("COMMIT" if group.members else "ROLLBACK")
        except sqlite3.Error as error:
            group.error = error
            if connection.in_transaction:
                connection.rollback()
        finally:
            self._close_group(group)

    def _close_group(self, group: _Group) -> None:
        self._group = None
        group.done.set()

    def _await(self, group: _Group) -> None:
        """Until somebody has committed; if whoever should have was interrupted, do it here."""
        while not group.done.wait(LOOK_AFTER_S):
            if self._turn.acquire(blocking=False):
                try:
                    if self._group is group and not self._waiting:
                        self._settle()
                finally:
                    self._turn.release()
        if group.error is not None:
            raise group.error


@contextmanager
def _savepoint(connection: sqlite3.Connection) -> Iterator[None]:
    connection.execute("SAVEPOINT one")
    try:
        yield
    except BaseException:
        if connection.in_transaction:
            connection.execute("ROLLBACK TO one")
            connection.execute("RELEASE one")
        raise
    connection.execute("RELEASE one")


class _Turnstile:
    """One process at a time is the next; a file system without locks lets everybody through."""

    def __init__(self, path: Path) -> None:
        self._handle: int | None = None
        with suppress(OSError):
            self._handle = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)

    @contextmanager
    def passing(self, give_up_s: float) -> Iterator[None]:
        """Stand in it; at `give_up_s` (monotonic) go on without, and let SQLite say who is in."""
        held = self._enter(give_up_s)
        try:
            yield
        finally:
            if held and self._handle is not None:
                fcntl.flock(self._handle, fcntl.LOCK_UN)

    def _enter(self, give_up_s: float) -> bool:
        if self._handle is None:
            return False
        while time.monotonic() < give_up_s:
            try:
                fcntl.flock(self._handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
                return True
            except BlockingIOError:
                time.sleep(POLL_S)
            except OSError:
                return False
        return False

    def close(self) -> None:
        """Let go of the file."""
        if self._handle is not None:
            os.close(self._handle)
            self._handle = None
