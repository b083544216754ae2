"""Getting rid of the files of pictures that no product shows any more: uploads and thumbnails.

Promise: when a picture's last product is deleted or gets other pictures, the uploaded file, with
whatever a camera wrote into it, and its thumbnails leave the disk. Only what lies in the shop's
`pictures` and `thumbnails` is ever removed, never a merchant's own files.

The transaction that removes a picture's row notes its hash in `doomed`; afterwards, in another one,
files that no row needs are unlinked and the note is struck out. A crash between leaves the note,
and the next opening finishes. Whoever puts a picture makes sure of its file inside the transaction
that writes its row, so no file goes that somebody is about to need.
"""

import fcntl
import re
import sqlite3
import threading
from collections.abc import Iterator, Set
from contextlib import contextmanager, suppress
from pathlib import Path

from index.database import Database
from index.errors import ShopBusy
from index.examine import PICTURES_FOLDER
from index.forgetting import forget_removed
from index.manifest import sync_folder

THUMBNAILS_FOLDER = "thumbnails"
WAITING_NAME = "unlinking.wait"
FORGET_EVERY = 5_000  # changes of products or their pictures
ABANDONED_AFTER_S = 900.0  # far longer than a picture waits between its file and its row
OWN_NAME = re.compile(r"\.?([0-9a-f]{64})[.-]")


@contextmanager
def unlinking_waits(folder: Path) -> Iterator[None]:
    """Meanwhile no process unlinks a file of the shop in `folder`; what is doomed goes later."""
    with (folder / WAITING_NAME).open("ab") as file:
        with suppress(OSError):  # a file system without locks
            fcntl.flock(file, fcntl.LOCK_SH)
        yield


@contextmanager
def _may_unlink(folder: Path) -> Iterator[bool]:
    """Whether nobody wants files to wait; who begins to want it waits for this to end."""
    with (folder / WAITING_NAME).open("ab") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            yield False
            return
        except OSError:
            pass
        yield True


class Disposal:
    """Gets rid of one shop's needless files; may be used from any thread and process."""

    def __init__(self, database: Database, folder: Path) -> None:
        self._database, self._folder = database, folder
        self._one_at_a_time = threading.Lock()
        self._runs = 0

    def run(self, left: Set[str] = frozenset()) -> None:
        """Unlink the files of doomed pictures, and of those `left` behind, that no row needs.

        A shop that is busy does it after a later change, or at its next opening, and so does a file
        that cannot be unlinked. Raises ShopBroken.
        """
        with self._one_at_a_time:  # writers who were committed together: the first does it for all
            self._runs += 1
            if self._runs % FORGET_EVERY == 0:
                with suppress(ShopBusy):
                    forget_removed(self._database)
            if not left and not self._is_wanted():
                return
            # alone: an unlinked file does not come back when somebody else's commit fails
            with _may_unlink(self._folder) as may:
                if not may:
                    return  # a snapshot is being taken: its end, or a later change, finishes this
                with suppress(ShopBusy), self._database.writing(alone=True) as connection:
                    connection.executemany(
                        "INSERT OR IGNORE INTO doomed (sha256) VALUES (?)",
                        [(name,) for name in left],
                    )
                    self._dispose(connection)

    def _is_wanted(self) -> bool:
        with self._database.reading() as connection:
            return connection.execute("SELECT 1 FROM doomed LIMIT 1").fetchone() is not None

    def sweep(self, now_s: float) -> None:
        """Remove what a crash left: files that no product shows, older than any that waits for its
        row. `now_s` is the time of day, in seconds since 1970. Raises ShopBroken."""
        with suppress(ShopBusy):
            forget_removed(self._database)
        with self._database.reading() as connection:
            needed = {row[0] for row in connection.execute("SELECT sha256 FROM pictures")}
        left: set[str] = set()
        for path in self._files():
            named, half_written = OWN_NAME.match(path.name), path.name.endswith(".part")
            if not half_written and (named is None or named[1] in needed):
                continue
            if _age_s(path, now_s) < ABANDONED_AFTER_S:
                continue
            if half_written:
                _unlink(path)
            elif named is not None:
                left.add(named[1])
        self.run(left)

    def is_shown(self, sha256: str) -> bool:
        """Whether any product shows a picture of this hash."""
        query = "SELECT 1 FROM pictures WHERE sha256 = ? LIMIT 1"
        with self._database.reading() as connection:
            return connection.execute(query, (sha256,)).fetchone() is not None

    def _dispose(self, connection: sqlite3.Connection) -> None:
        rows = connection.execute(
            "SELECT sha256, EXISTS (SELECT 1 FROM pictures WHERE pictures.sha256 = doomed.sha256) "
            "FROM doomed"
        ).fetchall()
        settled = [(name,) for name, needed in rows if needed or _unlink_all(self._folder, name)]
        connection.executemany("DELETE FROM doomed WHERE sha256 = ?", settled)

    def _files(self) -> Iterator[Path]:
        yield from self._folder.glob(".*.part")
        yield from (self._folder / PICTURES_FOLDER).glob("*")
        yield from (self._folder / THUMBNAILS_FOLDER).glob("*/*")


def _unlink_all(folder: Path, sha256: str) -> bool:
    """The upload and the thumbnails of a picture; whether all of them are gone."""
    if not re.fullmatch(r"[0-9a-f]{64}", sha256):  # no file of ours is named like that
        return True
    uploads = list((folder / PICTURES_FOLDER).glob(f"{sha256}.*"))
    drawn = list((folder / THUMBNAILS_FOLDER / sha256[:2]).glob(f"{sha256}-*"))
    return all(_unlink(path) for path in (*uploads, *drawn))


def _unlink(path: Path) -> bool:
    """Durably; whether it is gone."""
    try:
        path.unlink(missing_ok=True)
        sync_folder(path.parent)
    except OSError:
        return False
    return True


def _age_s(path: Path, now_s: float) -> float:
    try:
        return now_s - path.stat().st_mtime
    except OSError:  # somebody else was faster
        return 0.0
