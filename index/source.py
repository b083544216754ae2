"""Catalogues as merchandisers have them: a folder of pictures, CSV, JSONL or Parquet."""

import json
import os
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

from index.errors import BadProduct, BadRow, BadSource
from index.product import Product
from index.row import Row, require_columns, understand
from index.table import read_table

PICTURES = frozenset((
    ".jpg", ".jpeg", ".jpe", ".jfif", ".png", ".webp", ".avif", ".heic", ".heif", ".gif", ".tif",
    ".tiff", ".bmp",
))  # fmt: skip
TABLES = ("catalogue.csv", "catalogue.jsonl", "catalogue.parquet")
MAX_LINE_BYTES = 1_000_000
PARQUET_BATCH = 1_000


def silent(_: str) -> None:
    """Take no notice of notes."""


def read_source(path: Path, on_note: Callable[[str], None] = silent) -> Iterator[Row | BadRow]:
    """Every row of the catalogue at `path`, in order; what cannot be taken as BadRow.

    `on_note` hears what the user should know about the source as a whole.
    Raises BadSource, perhaps at the first row only, if it cannot be read at all.
    """
    path = path.absolute()
    if path.is_dir():
        table = next((path / name for name in TABLES if (path / name).is_file()), None)
        return _read_folder(path) if table is None else read_source(table, on_note)
    if not path.exists():
        raise BadSource(str(path), "there is no such file or folder")
    suffix = path.suffix.casefold()
    if suffix in (".csv", ".tsv", ".txt"):
        return _read_csv(path, on_note)
    if suffix in (".jsonl", ".ndjson"):
        return _read_jsonl(path)
    if suffix in (".parquet", ".pq"):
        return _read_parquet(path)
    raise BadSource(
        str(path), "it is neither a folder of pictures nor a .csv, .tsv, .jsonl or .parquet file"
    )


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


def _read_csv(path: Path, on_note: Callable[[str], None]) -> Iterator[Row | BadRow]:
    with _reading(path):
        for record in read_table(path, on_note):
            if isinstance(record, BadRow):
                yield record
            else:
                yield from understand(record[0], record[1], path.parent)


def _read_jsonl(path: Path) -> Iterator[Row | BadRow]:
    with _reading(path), path.open("rb") as file:
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
            yield from _understand_json(number, line, path.parent)


def _understand_json(number: int, line: bytes, folder: Path) -> Iterator[Row | BadRow]:
    try:
        found = json.loads(line.decode("utf-8-sig"))
    except (ValueError, RecursionError) as broken:
        yield BadRow(number, None, "broken_json", f"it is no JSON in UTF-8 ({broken})"[:200])
        return
    if not isinstance(found, dict):
        yield BadRow(number, None, "not_an_object", "it is no JSON object of fields")
        return
    yield from _understand_values(number, found, folder)


def _read_parquet(path: Path) -> Iterator[Row | BadRow]:
    try:
        import pyarrow  # an extra of 120 MB that few need
        import pyarrow.parquet
    except ImportError as absent:
        raise BadSource(
            str(path), "reading Parquet needs pyarrow: pip install 'vistazo[parquet]'"
        ) from absent
    try:
        with pyarrow.parquet.ParquetFile(path) as file:
            require_columns(path, file.schema_arrow.names)
            number = 0
            for batch in file.iter_batches(batch_size=PARQUET_BATCH):
                for values in batch.to_pylist():
                    number += 1
                    yield from _understand_values(number, values, path.parent)
    except (OSError, pyarrow.ArrowException) as broken:
        raise BadSource(str(path), f"its Parquet is damaged ({broken})"[:300]) from broken


def _understand_values(
    number: int, values: Mapping[str, Any], folder: Path
) -> Iterator[Row | BadRow]:
    """A row of typed values; a nested `attributes` object gives its members as columns."""
    nested = values.get("attributes")
    flat = {**values, **nested} if isinstance(nested, dict) else dict(values)
    if isinstance(nested, dict):
        del flat["attributes"]
    try:
        cells = {str(name): _texts(str(name), value) for name, value in flat.items()}
    except BadProduct as bad:
        yield BadRow(number, None, "bad_value", str(bad))
        return
    yield from understand(number, cells, folder)


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
