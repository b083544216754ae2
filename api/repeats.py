"""Answers to writes that named themselves by an Idempotency-Key, for who sends them again.

Promises: an answer is on the disk before it is sent; two requests of one name are never worked on
at once, in whichever process of the shop; what was asked is kept as a hash alone. Kept for KEPT_S,
at most MOST_ROWS and MOST_BYTES of all callers together: beyond it the oldest go.
"""

import fcntl
import os
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
MOST_ROWS = 20_000
MOST_BYTES = 256_000_000
_MIGRATIONS = (
    """
    CREATE TABLE answers (
        name BLOB PRIMARY KEY, asked BLOB NOT NULL, status INTEGER NOT NULL,
        kind TEXT NOT NULL, tag TEXT NOT NULL, body BLOB NOT NULL, at REAL NOT NULL
    );
    CREATE INDEX answers_by_age ON answers (at)
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
        self._tidy()

    @contextmanager
    def alone(self, name: bytes) -> Iterator[None]:
        """Nobody else works on the request of this name until the block ends, or this process
        dies. Raises StillUnderWay."""
        # one byte of the lock file stands for it; POSIX locks end with their process
        place = int.from_bytes(sha256(name).digest()[:7])
        with self._lock:
            if name in self._held:
                raise StillUnderWay
            try:
                fcntl.lockf(self._locks, fcntl.LOCK_EX | fcntl.LOCK_NB, 1, place)
            except OSError as elsewhere:
                raise StillUnderWay from elsewhere
            self._held.add(name)
        try:
            yield
        finally:
            with self._lock:
                self._held.discard(name)
                fcntl.lockf(self._locks, fcntl.LOCK_UN, 1, place)

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

    def keep(self, name: bytes, answered: Answered) -> None:
        """Keep it; durable when this returns."""
        row = (name, answered.asked, answered.status, answered.kind, answered.tag, answered.body,
               self._clock())  # fmt: skip
        with self._book.writing() as book:
            book.execute("INSERT OR REPLACE INTO answers VALUES (?, ?, ?, ?, ?, ?, ?)", row)
        self._tidy()

    def close(self) -> None:
        """Let go of the files."""
        self._book.close()
        self._locks.close()

    def _tidy(self) -> None:
        with self._book.writing() as book:
            book.execute("DELETE FROM answers WHERE at <= ?", (self._clock() - KEPT_S,))
            rows, size = book.execute(
                "SELECT count(*), coalesce(sum(length(body)), 0) FROM answers"
            ).fetchone()
            while rows > MOST_ROWS or size > MOST_BYTES:
                name, own = book.execute(
                    "SELECT name, length(body) FROM answers ORDER BY at LIMIT 1"
                ).fetchone()
                book.execute("DELETE FROM answers WHERE name = ?", (name,))
                rows, size = rows - 1, size - own


def _bytes(value: object) -> bytes:
    return value if isinstance(value, bytes) else b""
