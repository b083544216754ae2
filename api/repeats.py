"""Answers to writes that named themselves by an Idempotency-Key, for who sends them again.

Promises: an answer is on the disk before it is sent; two requests of one name are never worked on
at once, in whichever process of the shop, nor by two of its applications in one process (which is
how a server changes its model); what was asked is kept as a hash alone. Kept for KEPT_S, at most
MOST_BYTES of each caller by herself: beyond it her own oldest go, and nobody else's.
"""

import fcntl
import os
import sqlite3
import struct
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path

from api.errors import DoorBroken, StillUnderWay
from api.home import DOOR
from api.notebook import Notebook

KEPT_S = 24 * 3600
MOST_BYTES = 256_000_000
"""Of each caller: some 200,000 answers about one product, more than two a second all day."""
ROW_BYTES = 300
"""What an answer takes up beside its body."""
OLD_AT_ONCE = 200
"""So many that are over KEPT_S go at once: more than come, so that they do end, and never so many
that a request waits for it."""
_MIGRATIONS = (
    """
    CREATE TABLE answers (
        name BLOB PRIMARY KEY, asked BLOB NOT NULL, status INTEGER NOT NULL,
        kind TEXT NOT NULL, tag TEXT NOT NULL, body BLOB NOT NULL, at REAL NOT NULL
    );
    CREATE INDEX answers_by_age ON answers (at)
    """,
    f"""
    ALTER TABLE answers ADD COLUMN who TEXT NOT NULL DEFAULT '';
    CREATE INDEX answers_by_caller ON answers (who, at);
    CREATE TABLE callers (who TEXT PRIMARY KEY, bytes INTEGER NOT NULL) WITHOUT ROWID;
    INSERT INTO callers SELECT '', coalesce(sum(length(body) + {ROW_BYTES}), 0) FROM answers
    """,
)


@dataclass(frozen=True, slots=True)
class Answered:
    """An answer as it was sent: `asked` is the hash of its request, `tag` its ETag or ""."""

    asked: bytes
    status: int
    kind: str
    tag: str
    body: bytes


class Repeats:
    """The answers of the shop whose home is `home`; for any thread and several processes."""

    def __init__(self, home: Path, clock: Callable[[], float] = time.time) -> None:
        self._clock = clock
        self._book = Notebook(home / DOOR / "repeats.sqlite3", _MIGRATIONS)
        self._held: set[bytes] = set()
        self._lock = threading.Lock()
        path = home / DOOR / "repeats.lock"
        try:
            self._locks = os.fdopen(os.open(path, os.O_RDWR | os.O_CREAT, 0o600), "r+b")
        except OSError as refused:
            raise DoorBroken(str(path), str(refused.strerror)) from refused
        while self._tidy():
            pass

    @contextmanager
    def alone(self, name: bytes) -> Iterator[None]:
        """Nobody else works on the request of this name until the block ends, or this process
        dies. Raises StillUnderWay."""
        # one byte of the lock file stands for it
        place = int.from_bytes(sha256(name).digest()[:7])
        with self._lock:
            if name in self._held:
                raise StillUnderWay
            try:
                self._lock_byte(fcntl.F_WRLCK, place)
            except (BlockingIOError, PermissionError) as elsewhere:
                raise StillUnderWay from elsewhere
            except OSError as refused:
                raise DoorBroken(str(self._locks.name), str(refused.strerror)) from refused
            self._held.add(name)
        try:
            yield
        finally:
            with self._lock:
                self._held.discard(name)
                self._lock_byte(fcntl.F_UNLCK, place)

    def find(self, name: bytes) -> Answered | None:
        """What was answered to the request of this name in the last KEPT_S."""
        rows = self._book.rows(
            "SELECT asked, status, kind, tag, body FROM answers WHERE name = ? AND at > ?",
            (name, self._clock() - KEPT_S),
        )
        if not rows:
            return None
        asked, status, kind, tag, body = rows[0]
        return Answered(_bytes(asked), int(str(status)), str(kind), str(tag), _bytes(body))

    def keep(self, who: str, name: bytes, answered: Answered) -> None:
        """Keep it for the caller `who`; durable when this returns."""
        row = (name, answered.asked, answered.status, answered.kind, answered.tag, answered.body,
               self._clock(), who)  # fmt: skip
        with self._book.writing() as book:
            _drop(book, "WHERE name = ?", (name,))
            book.execute("INSERT INTO answers VALUES (?, ?, ?, ?, ?, ?, ?, ?)", row)
            book.execute(
                "INSERT INTO callers VALUES (?, ?) "
                "ON CONFLICT (who) DO UPDATE SET bytes = bytes + excluded.bytes",
                (who, len(answered.body) + ROW_BYTES),
            )
            while _size_bytes(book, who) > MOST_BYTES:
                _drop(book, "WHERE who = ? ORDER BY at LIMIT 1", (who,))
        self._tidy()

    def close(self) -> None:
        """Let go of the files."""
        self._book.close()
        self._locks.close()

    def _tidy(self) -> int:
        """Drop some of what is over KEPT_S old; how many."""
        before = self._clock() - KEPT_S
        if not self._book.rows("SELECT 1 FROM answers WHERE at <= ? LIMIT 1", (before,)):
            return 0
        with self._book.writing() as book:
            return _drop(book, "WHERE at <= ? ORDER BY at LIMIT ?", (before, OLD_AT_ONCE))

    def _lock_byte(self, kind: int, place: int) -> None:
        """Lock or unlock one byte; raises BlockingIOError where somebody else holds it."""
        if sys.platform == "linux":
            # Locks of this open file: a POSIX lock keeps no other part of the same process out,
            # and ends as soon as any part of it closes the file.
            wanted = struct.pack("hhqqi0q", kind, os.SEEK_SET, place, 1, 0)
            fcntl.fcntl(self._locks, fcntl.F_OFD_SETLK, wanted)
        else:
            how = fcntl.LOCK_UN if kind == fcntl.F_UNLCK else fcntl.LOCK_EX | fcntl.LOCK_NB
            fcntl.lockf(self._locks, how, 1, place)


def _drop(book: sqlite3.Connection, where: str, values: tuple[object, ...]) -> int:
    """Drop the answers that `where` chooses, and count their callers' bytes anew; how many."""
    chosen = f"SELECT name, who, length(body) FROM answers {where}"
    rows = book.execute(chosen, values).fetchall()
    for name, who, body_bytes in rows:
        book.execute("DELETE FROM answers WHERE name = ?", (name,))
        less = "UPDATE callers SET bytes = bytes - ? WHERE who = ?"
        book.execute(less, (body_bytes + ROW_BYTES, who))
    return len(rows)


def _size_bytes(book: sqlite3.Connection, who: str) -> int:
    (size_bytes,) = book.execute("SELECT bytes FROM callers WHERE who = ?", (who,)).fetchone()
    return int(size_bytes)


def _bytes(value: object) -> bytes:
    return value if isinstance(value, bytes) else b""
