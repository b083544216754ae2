"""A trial reading of a catalogue: what each column became, on its first rows, before anything runs.

Pictures are looked for, not opened; nothing is written.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path

from index.errors import BadRow, BadSource
from index.mapping import NOTHING_SAID, SAMPLE, Cells, Column, ColumnMap, header_of, settle
from index.row import Row, understand
from index.source import Mappings, find_table, nothing_said, read_records, read_source

UNFETCHED = Path("fetched")  # a trial fetches nothing: links are shown as links
SAMPLES = 3  # values shown of each column
SAMPLE_CHARS = 200


@dataclass(frozen=True, slots=True)
class TriedRow:
    """One row: its line, its cells by column as they stand there, the product that it became (None
    if none), and what of it cannot be taken."""

    line: int
    cells: dict[str, list[str]]
    row: Row | None
    rejected: tuple[BadRow, ...]


@dataclass(frozen=True, slots=True)
class Trial:
    """The columns with what they became and some of their values, the first rows, and the source's
    size. A folder of pictures has no columns. `missing` says what no column is, so that the whole
    source would be refused."""

    columns: tuple[Column, ...]
    samples: dict[str, list[str]]
    rows: tuple[TriedRow, ...]
    notes: tuple[str, ...]
    missing: tuple[str, ...]
    size_bytes: int
    broken: tuple[BadRow, ...] = field(default=())


def try_source(
    path: Path, said: ColumnMap = NOTHING_SAID, mapping: Mappings = nothing_said, most: int = 20
) -> Trial:
    """Read the first `most` rows of the catalogue at `path` with what was `said` of its columns.

    Raises BadSource, BadMapping.
    """
    table = find_table(path)
    notes: list[str] = []
    if table is None:
        found = list(islice(read_source(path, notes.append), most))
        rows = tuple(
            TriedRow(r.line, {}, None, (r,))
            if isinstance(r, BadRow)
            else TriedRow(r.line, {}, r, ())
            for r in found
        )
        return Trial((), {}, rows, tuple(notes), (), 0)
    header: list[str] = []
    try:
        first = list(islice(read_records(table, notes.append, header.extend), max(most, SAMPLE)))
    except OSError as unreadable:
        raise BadSource(str(table), unreadable.strerror or str(unreadable)) from unreadable
    records = [record for record in first if not isinstance(record, BadRow)]
    columns = header or header_of([cells for _, cells in records])
    saved = mapping(columns)[1]
    settled = settle(columns, [cells for _, cells in records[:SAMPLE]], said, saved)
    notes += settled.notes()
    taken = {name.casefold() for name in settled.names}
    tried = tuple(
        _tried(line, cells, list(understand(line, settled.apply(cells), table.parent, UNFETCHED)))
        for line, cells in records[:most]
    )
    return Trial(
        settled.columns,
        {column.name: _values(records, column.name) for column in settled.columns},
        tried,
        tuple(notes),
        tuple(name for name, known in NEEDED.items() if not taken & known),
        table.stat().st_size,
        tuple(bad for bad in first if isinstance(bad, BadRow))[:most],
    )


NEEDED = {"sku": {"sku"}, "image": {"image", "images", "picture", "pictures"}}


def _tried(line: int, cells: Cells, found: Sequence[Row | BadRow]) -> TriedRow:
    row = next((one for one in found if isinstance(one, Row)), None)
    bad = [one for one in found if isinstance(one, BadRow)]
    if row is not None:
        bad += [
            BadRow(line, row.product.sku, "missing_picture", f"there is no file {image.name}")
            for image in row.images
            if image not in row.links and not image.is_file()
        ]
    return TriedRow(line, cells, row, tuple(bad))


def _values(records: Sequence[tuple[int, Cells]], name: str) -> list[str]:
    """The first values in a column that differ."""
    values = (v.strip()[:SAMPLE_CHARS] for _, cells in records for v in cells.get(name, ()))
    return list(islice(dict.fromkeys(v for v in values if v), SAMPLES))
