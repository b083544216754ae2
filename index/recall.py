"""Rows of a source that are to the letter what they were in the last run: not understood again.

A product remembers the digest of the row that it was made of, until anything else changes it. To
understand 100,000 rows takes six seconds; to find that they are the same, half of one.
"""

import hashlib
import marshal
import sqlite3
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from functools import lru_cache
from pathlib import Path

from index.errors import BadRow
from index.filters import fold_field
from index.row import IMAGE_COLUMNS, LINK, Row, understand

MARSHALLED = 2  # the last version of that format in which equal texts are always equal bytes
UNDERSTANDING = 2
"""To be raised whenever equal cells are understood in another way: then no row is the same."""


class Recall:
    """Stands in for `understand` while a source is read; `same` are the rows that are left out."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._skus: dict[bytes, str] = dict(
            connection.execute("SELECT row_digest, sku FROM products WHERE row_digest IS NOT NULL")
        )
        self._understood: set[str] = set()
        self._copies: Path | None = None
        self.same: dict[str, tuple[int, bytes]] = {}
        """By SKU: the line, and what it says in few bytes: hundreds of thousands of lists would
        have to be walked through by the collector again and again."""

    def read(
        self,
        line: int,
        cells: Mapping[str, Sequence[str]],
        folder: Path,
        copies: Path | None = None,
    ) -> Iterator[Row | BadRow]:
        """As `understand`; nothing for a row that made a product which is still what it made."""
        said = _said(cells, folder)
        digest = None if said is None else _digest(said)
        sku = None if digest is None else self._skus.get(digest)
        if said and sku is not None and sku not in self.same and sku not in self._understood:
            self.same[sku], self._copies = (line, said), copies
            return
        found = list(understand(line, cells, folder, copies))
        for row in found:
            if isinstance(row, BadRow):
                yield row
                continue
            self._understood.add(row.product.sku)
            if row.product.sku in self.same:
                yield self.row(row.product.sku)  # a second row of its SKU: the two are merged
                del self.same[row.product.sku]
            yield replace(row, digest=digest) if len(found) == 1 else row

    def row(self, sku: str) -> Row:
        """The row of one of `same`, understood after all."""
        line, said = self.same[sku]
        _, folder, cells = marshal.loads(said)  # our own bytes of this very run
        (row,) = understand(line, cells, Path(folder), self._copies)
        assert isinstance(row, Row)  # or its digest would not have been kept
        return replace(row, digest=_digest(said))


def digest_of(cells: Mapping[str, Sequence[str]], folder: Path) -> bytes | None:
    """Of what the row says and where its pictures lie; None if equal rows may mean different
    things: a comma may belong to a file's name, links are looked after at every run."""
    said = _said(cells, folder)
    return None if said is None else _digest(said)


def _said(cells: Mapping[str, Sequence[str]], folder: Path) -> bytes | None:
    for name in _image_columns(tuple(cells)):
        for value in cells[name]:
            if "," in value or LINK.match(value):
                return None
    # a quarter of the time of its repr; no two rows are written alike
    return marshal.dumps((UNDERSTANDING, str(folder), dict(cells)), MARSHALLED)


def _digest(said: bytes) -> bytes:
    return hashlib.blake2b(said, digest_size=16).digest()


@lru_cache(maxsize=100)  # of a table all rows have the same
def _image_columns(names: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(name for name in names if fold_field(name) in IMAGE_COLUMNS)
