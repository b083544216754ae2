"""The list of flaws, kept while somebody reads it page by page.

To make it takes a third of a second for 10,000 products, most of it comparing pictures; so it is
made anew when a reader begins, and when anything changed that can be told at once: a product, or
what is known of a picture. A file that goes while pages are turned is seen when the next reading
begins.
"""

import threading
from pathlib import Path

from index.catalogue import sequence_of
from index.database import Database
from index.flaws import Flaws, find_flaws

Moment = tuple[int, int, float]


class FlawList:
    """The flaws of one shop; may be used from any thread."""

    def __init__(self, database: Database, shop: Path) -> None:
        self._database = database
        self._shop = shop
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
            known = connection.execute("SELECT count(*), total(contrast) FROM traits").fetchone()
            return sequence_of(connection), int(known[0]), float(known[1])
