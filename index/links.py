"""Pictures that lie on other machines: their copies in the shop's folder, and how each link fares.

Promise: a copy is written whole or not at all, and its note after it, so that a run that was killed
is taken up where it stopped. Copies and notes are a cache: without them everything is fetched anew.
"""

import hashlib
import sqlite3
import threading
from collections.abc import Callable, Sequence
from dataclasses import astuple, dataclass
from pathlib import Path
from typing import Any

from index.errors import ShopBroken
from index.manifest import write_atomically

FETCHED_FOLDER = "fetched"
NOTES_NAME = "links.sqlite3"
BUSY_TIMEOUT_S = 15.0


@dataclass(frozen=True, slots=True)
class LinkNote:
    """How a link fared when it was last asked, at `checked_at` (seconds since 1970).

    `code` is "" if all was well, else why not; `copied` says whether a copy lies here, maybe an
    older one. `etag` and `modified` are the copy's.
    """

    url: str
    sku: str
    etag: str = ""
    modified: str = ""
    code: str = ""
    reason: str = ""
    checked_at: float = 0.0
    copied: bool = False


class Links:
    """The copies and notes of one shop; may be used from any thread and several processes."""

    def __init__(self, shop: Path) -> None:
        self.folder = shop / FETCHED_FOLDER
        self._shop = shop
        self._one = threading.Lock()
        self._connection: sqlite3.Connection | None = None

    def find(self, url: str) -> LinkNote | None:
        """The link's note, None if it was never asked. Raises ShopBroken."""
        rows = self._run("SELECT * FROM links WHERE url = ?", (url,))
        return _note(rows[0]) if rows else None

    def keep(self, note: LinkNote, data: bytes | None = None) -> None:
        """Write the copy, if one came, and then the note. Raises ShopBroken, OSError."""
        if data is not None:
            write_atomically(place_of(self.folder, note.url), data)
        self._run("INSERT OR REPLACE INTO links VALUES (?, ?, ?, ?, ?, ?, ?, ?)", astuple(note))

    def dead(self, after: str = "", most: int = 100) -> list[LinkNote]:
        """Links that failed when they were last asked, by their URLs, from behind `after`."""
        if not (self.folder / NOTES_NAME).exists():
            return []
        query = "SELECT * FROM links WHERE code <> '' AND url > ? ORDER BY url LIMIT ?"
        return [_note(row) for row in self._run(query, (after, most))]

    def count_dead(self) -> int:
        """How many failed."""
        if not (self.folder / NOTES_NAME).exists():
            return 0
        ((count,),) = self._run("SELECT count(*) FROM links WHERE code <> ''", ())
        return int(count)

    def prune(self, is_needless: Callable[[str, Path], bool]) -> int:
        """Forget links that are, by their URL and their copy's place, with the copies; how many."""
        urls = [str(url) for (url,) in self._run("SELECT url FROM links", ())]
        gone = [url for url in urls if is_needless(url, place_of(self.folder, url))]
        for url in gone:
            place_of(self.folder, url).unlink(missing_ok=True)
            self._run("DELETE FROM links WHERE url = ?", (url,))
        return len(gone)

    def close(self) -> None:
        """Let go of the notes' file."""
        with self._one:
            if self._connection is not None:
                self._connection.close()
            self._connection = None

    def _run(self, query: str, values: Sequence[object]) -> list[tuple[Any, ...]]:
        try:
            with self._one:
                if self._connection is None:
                    self._connection = self._open()
                return self._connection.execute(query, tuple(values)).fetchall()
        except sqlite3.Error as error:
            reason = f"the notes on its links answer: {error}; remove {FETCHED_FOLDER}/{NOTES_NAME}"
            raise ShopBroken(str(self._shop), reason) from error

    def _open(self) -> sqlite3.Connection:
        self.folder.mkdir(parents=True, exist_ok=True)
        connection = sqlite3.connect(
            self.folder / NOTES_NAME,
            timeout=BUSY_TIMEOUT_S,
            isolation_level=None,
            check_same_thread=False,
        )
        connection.execute("PRAGMA journal_mode=WAL")
        connection.execute("PRAGMA synchronous=NORMAL")  # a lost note costs one more question
        connection.execute(
            "CREATE TABLE IF NOT EXISTS links (url TEXT PRIMARY KEY, sku TEXT NOT NULL, "
            "etag TEXT NOT NULL, modified TEXT NOT NULL, code TEXT NOT NULL, reason TEXT NOT NULL, "
            "checked_at REAL NOT NULL, copied INTEGER NOT NULL) WITHOUT ROWID"
        )
        return connection


def place_of(folder: Path, url: str) -> Path:
    """Where the copy of a link's picture lies, or will: the same for ever."""
    name = hashlib.sha256(url.encode("utf-8", "surrogatepass")).hexdigest()
    return folder / name[:2] / f"{name}.img"


def _note(row: Sequence[Any]) -> LinkNote:
    url, sku, etag, modified, code, reason, checked_at, copied = row
    return LinkNote(url, sku, etag, modified, code, reason, checked_at, bool(copied))
