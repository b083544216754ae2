"""Rows of a source that are to the letter what they were in the last run: not understood again.

A product remembers the digest of the row that it was made of, until anything else changes it. To
understand 100,000 rows takes six seconds; to find that they are the same, half of one.
"""

import hashlib
import sqlite3
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path

from index.errors import BadRow
from index.filters import fold_field
from index.row import IMAGE_COLUMNS, LINK, Row, understand

UNDERSTANDING = 1
"""To be raised whenever equal cells are understood in another way: then no row is the same."""


class Recall:
    """Stands in for `understand` while a source is read; `same` are the rows that are left out."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._skus: dict[bytes, str] = dict(
            connection.execute("SELECT row_digest, sku FROM products WHERE row_digest IS NOT NULL")
        )
        self._understood: set[str] = set()
        self.same: dict[str, Callable[[], Row]] = {}
        """By SKU: what understands the row after all."""

    def read(
        self,
        line: int,
        cells: Mapping[str, Sequence[str]],
        folder: Path,
        copies: Path | None = None,
    ) -> Iterator[Row | BadRow]:
        """As `understand`; nothing for a row that made a product which is still what it made."""
        digest = digest_of(cells, folder)
        sku = None if digest is None else self._skus.get(digest)
        if sku is not None and sku not in self.same and sku not in self._understood:
            self.same[sku] = partial(_only_row, line, cells, folder, copies, digest)
            return
        found = list(understand(line, cells, folder, copies))
        for row in found:
            if isinstance(row, BadRow):
                yield row
                continue
            self._understood.add(row.product.sku)
            if (earlier := self.same.pop(row.product.sku, None)) is not None:
                yield earlier()  # a second row of its SKU: the two are merged
            yield replace(row, digest=digest) if len(found) == 1 else row


def digest_of(cells: Mapping[str, Sequence[str]], folder: Path) -> bytes | None:
    """Of what the row says and where its pictures lie; None if equal rows may mean different
    things: a comma may belong to a file's name, links are looked after at every run."""
    for name, values in cells.items():
        if fold_field(name) in IMAGE_COLUMNS and any("," in v or LINK.match(v) for v in values):
            return None
    said = f"{UNDERSTANDING}\0{folder}\0{cells!r}".encode("utf-8", "surrogatepass")
    return hashlib.blake2b(said, digest_size=16).digest()


def _only_row(
    line: int,
    cells: Mapping[str, Sequence[str]],
    folder: Path,
    copies: Path | None,
    digest: bytes | None,
) -> Row:
    (row,) = understand(line, cells, folder, copies)
    assert isinstance(row, Row)  # or its digest would not have been kept
    return replace(row, digest=digest)
