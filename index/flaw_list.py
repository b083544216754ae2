"""The list of flaws, kept while somebody reads it page by page.

To make it takes a third of a second for 10,000 products, most of it comparing pictures; so it is
made anew when a reader begins, and when anything was written that it may hang on: to the catalogue
(products, what is known of pictures) or to the notes on links. That is told by the files' own times
and sizes, without reading them: counting what is known of a million pictures takes half a second a
page. A picture's file that goes while pages are turned is seen when the next reading begins.
"""

import threading
from pathlib import Path

from index.catalogue import sequence_of
from index.database import DATABASE_NAME, Database
from index.flaws import Flaws, find_flaws
from index.links import FETCHED_FOLDER, NOTES_NAME

Moment = tuple[int, tuple[tuple[int, int], ...]]


class FlawList:
    """The flaws of one shop; may be used from any thread."""

    def __init__(self, database: Database, shop: Path) -> None:
        self._database = database
        self._shop = shop
        written = shop / DATABASE_NAME, shop / FETCHED_FOLDER / NOTES_NAME
        self._files = [Path(f"{file}{log}") for file in written for log in ("", "-wal")]
        self._making = threading.Lock()
        self._kept: tuple[Moment, Flaws] | None = None

    def flaws(self, *, begins: bool) -> Flaws:
        """Every flaw; as the last call found them unless this one `begins` a reading, or something
        changed. Raises ShopBroken."""
        with self._making:  # several readers compare the pictures once
            moment = self._moment()
            kept = self._kept
            if kept is not None and kept[0] == moment and not begins:
                return kept[1]
            found = find_flaws(self._database, self._shop)
            self._kept = moment, found  # what came during the search makes it outdated again
            return found

    def _moment(self) -> Moment:
        with self._database.reading() as connection:
            sequence = sequence_of(connection)
        return sequence, tuple(_stamp(file) for file in self._files)


def _stamp(file: Path) -> tuple[int, int]:
    try:
        found = file.stat()
    except OSError:  # there is none: nobody fetched a link, or no change waits in the log
        return 0, 0
    return found.st_mtime_ns, found.st_size
