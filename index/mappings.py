"""How the columns of a shop's catalogues were mapped, kept with the shop by their header.

The next catalogue with the same columns, in whatever order, is read the same way.
"""

import json
from collections.abc import Sequence

from index.database import Database
from index.errors import BadMapping
from index.mapping import NOTHING_SAID, ColumnMap, header_key


class SavedMappings:
    """A shop's mappings; may be used from any thread."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def find(self, header: Sequence[str]) -> ColumnMap:
        """What was said of tables with these columns; NOTHING_SAID if nothing was."""
        with self._database.reading() as connection:
            row = connection.execute(
                "SELECT body FROM mappings WHERE header = ?", (header_key(header),)
            ).fetchone()
        return NOTHING_SAID if row is None else column_map(json.loads(row[0]))

    def keep(self, header: Sequence[str], said: ColumnMap) -> None:
        """Remember what was said, over what was said before. Durable when this returns.

        Raises ShopBusy.
        """
        if not said.fields:
            return
        body = json.dumps(dict(said.over(self.find(header)).fields), ensure_ascii=False)
        with self._database.writing() as connection:
            connection.execute(
                "INSERT OR REPLACE INTO mappings (header, body) VALUES (?, ?)",
                (header_key(header), body),
            )

    def forget(self, header: Sequence[str]) -> None:
        """As if nothing had been said. Raises ShopBusy."""
        with self._database.writing() as connection:
            connection.execute("DELETE FROM mappings WHERE header = ?", (header_key(header),))


def column_map(told: object) -> ColumnMap:
    """What JSON tells of columns: an object of column → field. Raises BadMapping."""
    if not isinstance(told, dict):
        raise BadMapping("", "an object of column and field is wanted")
    return ColumnMap({str(column): wanted for column, wanted in told.items()})
