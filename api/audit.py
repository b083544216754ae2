"""The audit log: who wrote what, and when. No picture, no person, no word that a shopper typed.

A note is written with the answer to the write. It survives the death of the process; on power loss
the last second may be missing: an fsync for each would cost every write some milliseconds.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from api.home import DOOR
from api.notebook import Notebook

KEPT_DAYS = 400
SUBJECT_MOST_CHARS = 200
_MIGRATIONS = (
    """
    CREATE TABLE notes (
        id INTEGER PRIMARY KEY AUTOINCREMENT,
        at TEXT NOT NULL,
        who TEXT NOT NULL,
        name TEXT NOT NULL,
        act TEXT NOT NULL,
        method TEXT NOT NULL,
        subject TEXT NOT NULL,
        status INTEGER NOT NULL
    )
    """,
)
LOCAL = "this machine"


@dataclass(frozen=True, slots=True)
class Note:
    """One write: `who` is a key's id, LOCAL or "cli:USER", `name` the key's; `subject` a SKU, a
    job, a file's name, how many rows; `status` the HTTP status that it was answered with."""

    who: str
    name: str
    act: str
    method: str
    subject: str
    status: int
    at: datetime | None = None
    id: int = 0


class Audit:
    """The log of the shop whose home is `home`."""

    def __init__(self, home: Path, clock: Callable[[], datetime] = lambda: datetime.now(UTC)):
        self._clock = clock
        self._book = Notebook(home / DOOR / "audit.sqlite3", _MIGRATIONS, durable=False)
        before = (clock() - timedelta(days=KEPT_DAYS)).isoformat()
        with self._book.writing() as connection:
            connection.execute("DELETE FROM notes WHERE at < ?", (before,))

    def note(self, note: Note) -> None:
        """Write it down."""
        subject = note.subject[:SUBJECT_MOST_CHARS].encode("utf-8", "replace").decode()
        values = (self._clock().isoformat(), note.who, note.name, note.act, note.method, subject,
                  note.status)  # fmt: skip
        with self._book.writing() as connection:
            connection.execute(
                "INSERT INTO notes (at, who, name, act, method, subject, status)"
                " VALUES (?, ?, ?, ?, ?, ?, ?)",
                values,
            )

    def latest(self, most: int, before: int | None = None) -> list[Note]:
        """Up to `most` notes, the youngest first; older than the one of id `before`."""
        where = "" if before is None else "WHERE id < ?"
        values = (most,) if before is None else (before, most)
        rows = self._book.rows(
            "SELECT who, name, act, method, subject, status, at, id FROM notes "
            f"{where} ORDER BY id DESC LIMIT ?",
            values,
        )
        return [_note_of(row) for row in rows]

    def close(self) -> None:
        """Let go of the file."""
        self._book.close()


def _note_of(row: tuple[object, ...]) -> Note:
    who, name, act, method, subject, status, at, number = row
    return Note(
        str(who), str(name), str(act), str(method), str(subject), int(str(status)),
        datetime.fromisoformat(str(at)), int(str(number)),
    )  # fmt: skip
