"""Catalogues as merchandisers have them: a folder of pictures, CSV, JSONL or Parquet."""

import json
import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import date
from decimal import Decimal
from itertools import chain, islice
from pathlib import Path
from typing import Any

from index.errors import BadProduct, BadRow, BadSource
from index.mapping import NOTHING_SAID, SAMPLE, Cells, ColumnMap, header_of, settle
from index.product import Product
from index.row import Row, require_columns, understand
from index.table import read_table

PICTURES = frozenset((
    ".jpg", ".jpeg", ".jpe", ".jfif", ".png", ".webp", ".avif", ".heic", ".heif", ".gif", ".tif",
    ".tiff", ".bmp",
))  # fmt: skip
TABLES = ("catalogue.csv", "catalogue.jsonl", "catalogue.parquet")
JSON_SUFFIXES = (".jsonl", ".ndjson")
PARQUET_SUFFIXES = (".parquet", ".pq")
TABLE_SUFFIXES = (".csv", ".tsv", ".txt", *JSON_SUFFIXES, *PARQUET_SUFFIXES)
MAX_LINE_BYTES = 1_000_000
PARQUET_BATCH = 1_000


Mappings = Callable[[Sequence[str]], tuple[ColumnMap, ColumnMap]]
"""What was said of a table with these columns, and what was saved of it earlier."""


Understand = Callable[[int, Cells, Path, Path | None], Iterator[Row | BadRow]]
"""As `understand`."""


def silent(_: str) -> None:
    """Take no notice of notes."""


def nothing_said(_: Sequence[str]) -> tuple[ColumnMap, ColumnMap]:
    """Every column is what it is called, or guessed."""
    return NOTHING_SAID, NOTHING_SAID


def read_source(
    path: Path,
    on_note: Callable[[str], None] = silent,
    mapping: Mappings = nothing_said,
    copies: Path | None = None,
    read: Understand = understand,
) -> Iterator[Row | BadRow]:
    """Every row of the catalogue at `path`, in order; what cannot be taken as BadRow.

    `on_note` hears what the user should know about the source as a whole; `mapping` is asked, with
    the table's columns, for what was said of them and what was saved. Pictures on other machines
    are rows' `links`, with copies to lie in `copies`; without it they cannot be taken. `read`
    understands a record of a table.
    Raises BadSource and BadMapping, perhaps at the first row only, if it cannot be read at all.
    """
    table = find_table(path)
    if table is None:
        return _read_folder(path.absolute())
    return _understood(table, on_note, mapping, copies, read)


def find_table(path: Path) -> Path | None:
    """The table that the catalogue at `path` is, None for a folder of pictures; raises BadSource
    for anything else."""
    path = path.absolute()
    if path.is_dir():
        return next((path / name for name in TABLES if (path / name).is_file()), None)
    if not path.exists():
        raise BadSource(str(path), "there is no such file or folder")
    if path.suffix.casefold() not in TABLE_SUFFIXES:
        raise BadSource(
            str(path),
            "it is neither a folder of pictures nor a .csv, .tsv, .jsonl or .parquet file",
        )
    return path


def read_records(
    path: Path, on_note: Callable[[str], None], on_header: Callable[[list[str]], None]
) -> Iterator[tuple[int, Cells] | BadRow]:
    """The records of the table at `path` with their lines, as they stand there; `on_header` hears
    its columns before the first, except of JSON lines, whose every line has its own."""
    suffix = path.suffix.casefold()
    if suffix in JSON_SUFFIXES:
        return _read_jsonl(path)
    if suffix in PARQUET_SUFFIXES:
        return _read_parquet(path, on_header)
    return read_table(path, on_note, on_header)


def _understood(
    path: Path,
    on_note: Callable[[str], None],
    mapping: Mappings,
    copies: Path | None,
    read: Understand,
) -> Iterator[Row | BadRow]:
    with _reading(path):
        header: list[str] = []
        records = read_records(path, on_note, header.extend)
        first = list(islice(records, SAMPLE))
        rows = [record[1] for record in first if not isinstance(record, BadRow)]
        columns = header or header_of(rows)
        settled = settle(columns, rows, *mapping(columns))
        for note in settled.notes():
            on_note(note)
        if path.suffix.casefold() not in JSON_SUFFIXES:
            require_columns(path, settled.names)
        folder, changes = path.parent, settled.changes
        for record in chain(first, records):
            if isinstance(record, BadRow):
                yield record
            else:
                cells = settled.apply(record[1]) if changes else record[1]
                yield from read(record[0], cells, folder, copies)


def _read_folder(folder: Path) -> Iterator[Row | BadRow]:
    """A product for each picture: SKU = path without suffix, category = path of its folder."""
    number = 0
    for root, folders, files in os.walk(folder):
        folders[:] = sorted(name for name in folders if not name.startswith("."))
        for name in sorted(files):
            path = Path(root, name)
            if path.suffix.casefold() not in PICTURES or name.startswith("."):
                continue
            number += 1
            within = path.relative_to(folder)
            category = within.parent.as_posix()
            categories = () if category == "." else (category,)
            try:
                product = Product(sku=within.with_suffix("").as_posix(), categories=categories)
            except BadProduct as bad:
                yield BadRow(number, None, "bad_sku", f"the file {str(within)[:100]!r}: {bad}")
                continue
            yield Row(number, product, (path,))


def _read_jsonl(path: Path) -> Iterator[tuple[int, Cells] | BadRow]:
    with path.open("rb") as file:
        number = 0
        while line := file.readline(MAX_LINE_BYTES + 1):
            number += 1
            rest = line
            while rest and not rest.endswith(b"\n"):
                rest = file.readline(1 << 20)
            if not line.strip(b" \t\r\n\xef\xbb\xbf"):
                continue
            if len(line) > MAX_LINE_BYTES:
                yield BadRow(number, None, "too_long", f"it is over {MAX_LINE_BYTES:,} bytes long")
                continue
            yield _json_record(number, line)


def _json_record(number: int, line: bytes) -> tuple[int, Cells] | BadRow:
    try:
        found = json.loads(line.decode("utf-8-sig"))
    except (ValueError, RecursionError) as broken:
        return BadRow(number, None, "broken_json", f"it is no JSON in UTF-8 ({broken})"[:200])
    if not isinstance(found, dict):
        return BadRow(number, None, "not_an_object", "it is no JSON object of fields")
    return _record_of(number, found)


def _read_parquet(
    path: Path, on_header: Callable[[list[str]], None]
) -> Iterator[tuple[int, Cells] | BadRow]:
    try:
        import pyarrow  # an extra of 120 MB that few need
        import pyarrow.parquet
    except ImportError as absent:
        raise BadSource(
            str(path), "reading Parquet needs pyarrow: pip install 'vistazo[parquet]'"
        ) from absent
    try:
        with pyarrow.parquet.ParquetFile(path) as file:
            on_header(list(file.schema_arrow.names))
            number = 0
            for batch in file.iter_batches(batch_size=PARQUET_BATCH):
                for values in batch.to_pylist():
                    number += 1
                    yield _record_of(number, values)
    except (OSError, pyarrow.ArrowException) as broken:
        raise BadSource(str(path), f"its Parquet is damaged ({broken})"[:300]) from broken


def _record_of(number: int, values: Mapping[str, Any]) -> tuple[int, Cells] | BadRow:
    """A record of typed values; a nested `attributes` object gives its members as columns."""
    nested = values.get("attributes")
    flat = {**values, **nested} if isinstance(nested, dict) else dict(values)
    if isinstance(nested, dict):
        del flat["attributes"]
    try:
        cells = {str(name): _texts(str(name), value) for name, value in flat.items()}
    except BadProduct as bad:
        return BadRow(number, None, "bad_value", str(bad))
    return number, cells


def _texts(name: str, value: Any) -> list[str]:
    if value is None:
        return []
    if isinstance(value, list | tuple):
        return [text for inner in value for text in _texts(name, inner)]
    if isinstance(value, bool):
        return ["true" if value else "false"]
    if isinstance(value, float):
        return [f"{value:.15g}"]  # nan and inf stay words, which no price is
    if isinstance(value, str | int | Decimal | date):
        return [str(value)]
    raise BadProduct(name[:40], f"it holds {type(value).__name__}, not text, a number or a list")


@contextmanager
def _reading(path: Path) -> Iterator[None]:
    try:
        yield
    except OSError as unreadable:
        raise BadSource(str(path), unreadable.strerror or str(unreadable)) from unreadable
