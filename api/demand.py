"""What shoppers looked for and what came of it: counted, never kept about anybody.

No picture, no sentence, no address and no person is stored. A device is a keyed hash of its
address (of the /64 around it, for IPv6) whose key is drawn for each month and destroyed with it; a
word stands here as another such hash, and in clear only from the moment on when more than GROUP
devices have looked for it.
"""

import hmac
import secrets
import sqlite3
import threading
from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from hashlib import sha256
from pathlib import Path

from api.home import DOOR
from api.notebook import Notebook

GROUP = 10
"""A group is told of only if more devices than this make it up."""
FLUSH_EVERY = 50
FLUSH_S = 2.0
WORD_CHARS = (2, 30)
EVENTS = ("shown", "opened", "saved", "added_to_cart", "bought")
CLICKED = "clicked"
"""A search of whose hits one was opened at least: counted once, however many she opens."""
_MIGRATIONS = (
    """
    CREATE TABLE months (month TEXT PRIMARY KEY, secret BLOB);
    CREATE TABLE seen (
        month TEXT NOT NULL, topic BLOB NOT NULL, device BLOB NOT NULL,
        searches INTEGER NOT NULL, missed INTEGER NOT NULL,
        PRIMARY KEY (month, topic, device)
    ) WITHOUT ROWID;
    CREATE TABLE topics (
        month TEXT NOT NULL, topic BLOB NOT NULL, what TEXT NOT NULL, value TEXT NOT NULL,
        devices INTEGER NOT NULL, searches INTEGER NOT NULL, missed INTEGER NOT NULL,
        PRIMARY KEY (month, topic)
    ) WITHOUT ROWID;
    CREATE TABLE totals (
        month TEXT NOT NULL, what TEXT NOT NULL, count INTEGER NOT NULL,
        PRIMARY KEY (month, what)
    ) WITHOUT ROWID;
    """,
    "CREATE TABLE signing (only INTEGER PRIMARY KEY CHECK (only = 1), secret BLOB NOT NULL)",
)


@dataclass(frozen=True, slots=True)
class Looked:
    """One search, as far as it is counted: its kinds, colours and words, and whether the shop had
    nothing like it."""

    device: str
    topics: tuple[tuple[str, str], ...]
    missed: bool
    empty: bool = False


class Demand:
    """The counts of the shop whose home is `home`; for use by any thread and several processes."""

    def __init__(self, home: Path, clock: Callable[[], datetime] = lambda: datetime.now(UTC)):
        self._clock = clock
        self._book = Notebook(home / DOOR / "demand.sqlite3", _MIGRATIONS, durable=False)
        self._lock = threading.Lock()
        self._waiting: list[Looked] = []
        self._events: Counter[str] = Counter()
        self._flushed_at = 0.0
        self._forget_old()

    def looked(self, looked: Looked) -> None:
        """Count a search; it is written with others, within FLUSH_S of the next."""
        if self.add(looked):
            self.flush()

    def add(self, looked: Looked) -> bool:
        """Count a search in memory, which takes no time; whether it is time to `flush`."""
        with self._lock:
            self._waiting.append(looked)
        return self._is_due()

    def happened(self, event: str, count: int = 1) -> None:
        """Count what came of a search: one of EVENTS, or CLICKED."""
        with self._lock:
            self._events[event] += count
        if self._is_due():
            self.flush()

    def signing_key(self) -> bytes:
        """With what the shop signs the ids of its searches; drawn once, the same in every process.
        It tells nothing of anybody."""
        with self._book.writing() as book:
            book.execute("INSERT OR IGNORE INTO signing VALUES (1, ?)", (secrets.token_bytes(32),))
            return bytes(book.execute("SELECT secret FROM signing").fetchone()[0])

    def flush(self) -> None:
        """Write down what was counted."""
        with self._lock:
            waiting, self._waiting = self._waiting, []
            events, self._events = self._events, Counter()
            self._flushed_at = self._clock().timestamp()
        if not waiting and not events:
            return
        month = self._month()
        totals = events + Counter(
            searches=len(waiting),
            refused=sum(looked.missed for looked in waiting),
            empty=sum(looked.empty for looked in waiting),
        )
        with self._book.writing() as book:
            secret = self._secret(book, month)
            for what, count in totals.items():
                book.execute(
                    "INSERT INTO totals VALUES (?, ?, ?) ON CONFLICT DO UPDATE SET "
                    "count = count + excluded.count",
                    (month, what, count),
                )
            for looked in waiting:
                device = _hashed(secret, "device", looked.device)
                for what, value in looked.topics:
                    topic = _hashed(secret, what, value)
                    _count(book, month, topic, device, missed=looked.missed)
                    _tell_group(book, month, topic, what, value)

    def summary(self, months: int = 1) -> dict[str, object]:
        """The counts of the last months: totals, rates, and the groups that may be told."""
        self.flush()
        since = sorted(self._months())[-months:]
        marks = ", ".join("?" * len(since)) or "''"
        totals = dict.fromkeys(("searches", "refused", "empty", *EVENTS, CLICKED), 0)
        for what, count in self._book.rows(
            f"SELECT what, sum(count) FROM totals WHERE month IN ({marks}) GROUP BY what", since
        ):
            totals[str(what)] = int(str(count))
        rows = self._book.rows(
            "SELECT what, value, max(devices), sum(searches), sum(missed) FROM topics "
            f"WHERE month IN ({marks}) GROUP BY what, value ORDER BY 4 DESC LIMIT 500",
            since,
        )
        groups = [
            {"what": what, "value": value, "devices": devices, "searches": searches,
             "missed": missed}
            for what, value, devices, searches, missed in rows
        ]  # fmt: skip
        asked = max(1, totals["searches"])
        rates = {name: round(totals[name] / asked, 4) for name in ("refused", "empty", "opened")}
        told_of = max(1, totals["shown"], totals[CLICKED])  # some callers tell the one alone
        rates["click_through"] = round(totals[CLICKED] / told_of, 4)
        return {"months": since, "totals": totals, "rates": rates, "groups": groups,
                "group_above": GROUP}  # fmt: skip

    def close(self) -> None:
        """Write what waits and let go of the file."""
        self.flush()
        self._book.close()

    def _is_due(self) -> bool:
        late = self._clock().timestamp() - self._flushed_at >= FLUSH_S
        return late or len(self._waiting) >= FLUSH_EVERY

    def _month(self) -> str:
        return self._clock().strftime("%Y-%m")

    def _months(self) -> list[str]:
        return [str(row[0]) for row in self._book.rows("SELECT DISTINCT month FROM totals")]

    def _secret(self, book: sqlite3.Connection, month: str) -> bytes:
        row = book.execute("SELECT secret FROM months WHERE month = ?", (month,)).fetchone()
        if row is not None:
            return bytes(row[0])
        _close_months(book, month)
        secret = secrets.token_bytes(32)
        book.execute("INSERT INTO months VALUES (?, ?)", (month, secret))
        return secret

    def _forget_old(self) -> None:
        now = self._clock()
        oldest = f"{now.year - 1}-{now.month:02}"
        with self._book.writing() as book:
            for table in ("topics", "totals"):
                book.execute(f"DELETE FROM {table} WHERE month < ?", (oldest,))
            _close_months(book, self._month())


def topics_of(
    kinds: Iterable[str], colours: Iterable[str], text: str
) -> tuple[tuple[str, str], ...]:
    """What of a search is counted: its kinds, its colours, and each of its words."""
    words = {"".join(c for c in word.casefold() if c.isalpha()) for word in text.split()}
    low, high = WORD_CHARS
    found = [("kind", kind) for kind in kinds] + [("colour", colour) for colour in colours]
    found += [("word", word) for word in sorted(words) if low < len(word) <= high]
    return tuple(dict.fromkeys(found))[:20]


def _hashed(secret: bytes, what: str, value: str) -> bytes:
    return hmac.new(secret, f"{what}\0{value}".encode("utf-8", "replace"), sha256).digest()[:16]


def _count(
    book: sqlite3.Connection, month: str, topic: bytes, device: bytes, *, missed: bool
) -> None:
    book.execute(
        "INSERT INTO seen VALUES (?, ?, ?, 1, ?) ON CONFLICT DO UPDATE SET "
        "searches = searches + 1, missed = missed + excluded.missed",
        (month, topic, device, int(missed)),
    )


def _tell_group(book: sqlite3.Connection, month: str, topic: bytes, what: str, value: str) -> None:
    """Let the word be read once more than GROUP devices have looked for it."""
    counts = book.execute(
        "SELECT count(*), sum(searches), sum(missed) FROM seen WHERE month = ? AND topic = ?",
        (month, topic),
    ).fetchone()
    if counts[0] > GROUP:
        book.execute(
            "INSERT OR REPLACE INTO topics VALUES (?, ?, ?, ?, ?, ?, ?)",
            (month, topic, what, value, *counts),
        )


def _close_months(book: sqlite3.Connection, month: str) -> None:
    """With a new month the devices and the key of the old one are destroyed; its counts stay."""
    book.execute("DELETE FROM seen WHERE month <> ?", (month,))
    book.execute("DELETE FROM months WHERE month <> ?", (month,))
