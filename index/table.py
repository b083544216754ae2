"""CSV as people really export it: BOM, semicolons or tabs, other encodings, broken quotes.

Promise: one damaged record costs itself, not its neighbours. An open quote swallows the lines after
it; they are given back and read again as records of their own.
"""

import csv
import io
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TextIO

from index.errors import BadRow, BadSource
from index.formulas import restore
from index.mapping import Cells, names_a_sku

DELIMITERS = ",;\t|"
MAX_RECORD_CHARS = 120_000  # the csv module itself stops at a cell of 131,072


def read_table(
    path: Path, on_note: Callable[[str], None], on_header: Callable[[list[str]], None]
) -> Iterator[tuple[int, Cells] | BadRow]:
    """The records of a CSV with their line numbers; `on_header` hears its columns first.

    Raises BadSource if its first line is no header.
    """
    encoding = _encoding(path, on_note)
    with path.open(encoding=encoding, errors="replace", newline="") as file:
        lines = _Lines(file)
        delimiter, header = _header(lines, path)
        on_header(header)
        yield from _records(lines, delimiter, header)


class _Lines:
    """Physical lines with their numbers; lines can be given back."""

    def __init__(self, file: TextIO) -> None:
        self._file = file
        self._number = 0
        self._returned: list[tuple[int, str]] = []
        self._chars = 0
        self.taken: list[tuple[int, str]] = []

    def __iter__(self) -> "_Lines":
        return self

    def __next__(self) -> str:
        number, line = self._returned.pop() if self._returned else self._read()
        self.taken.append((number, line))
        self._chars += len(line)
        if self._chars > MAX_RECORD_CHARS:
            raise csv.Error(f"it is longer than {MAX_RECORD_CHARS:,} characters")
        return line

    def start_record(self) -> None:
        """Forget the lines of the last record."""
        self.taken, self._chars = [], 0

    def keep_only_the_first(self) -> None:
        """Give back all but the first line of this record."""
        self._returned.extend(reversed(self.taken[1:]))
        self.taken = self.taken[:1]

    def _read(self) -> tuple[int, str]:
        line = self._file.readline(MAX_RECORD_CHARS + 1)
        if not line:
            raise StopIteration
        self._number += 1
        rest = line
        while rest and not rest.endswith(("\n", "\r")):  # the tail of an endless line is dropped
            rest = self._file.readline(1 << 20)
        return self._number, line


def _records(
    lines: _Lines, delimiter: str, header: list[str]
) -> Iterator[tuple[int, Cells] | BadRow]:
    is_plain = len(set(header)) == len(header) and all(map(str.strip, header))
    while True:
        lines.start_record()
        reader = csv.reader(lines, delimiter=delimiter, strict=True)
        reason = ""
        try:
            values = next(reader)
        except StopIteration:
            return
        except csv.Error as error:
            values, reason = None, str(error)
        line = lines.taken[0][0]
        if values is None or (len(values) > len(header) and len(lines.taken) > 1):
            values = _first_line_alone(lines, delimiter, len(header))
        if values is None:
            yield BadRow(
                line, None, "broken_record", f"its quotes or its length are broken ({reason})"
            )
        elif len(values) > len(header):
            yield BadRow(
                line,
                None,
                "too_many_cells",
                f"it has {len(values)} cells, the header {len(header)}: quote cells that hold "
                f"{delimiter!r}",
            )
        elif any(map(str.strip, values)):
            yield line, _plainly(header, values) if is_plain else _named(header, values)


def _first_line_alone(lines: _Lines, delimiter: str, wanted: int) -> list[str] | None:
    """The record's first line read leniently, if it is whole by itself; gives back the rest."""
    lines.keep_only_the_first()
    text = lines.taken[0][1]
    if len(text) > MAX_RECORD_CHARS:
        return None
    values = next(csv.reader([text], delimiter=delimiter), [])
    return values if len(values) == wanted else None


def _plainly(header: list[str], values: list[str]) -> Cells:
    """As `_named` where every column has a name of its own, in half the time."""
    return {
        name: [restore(value) if value[:1] == "'" else value]
        for name, value in zip(header, values, strict=False)
    }


def _named(header: list[str], values: list[str]) -> Cells:
    """Cells by column; columns of one name give their values to one list."""
    cells: Cells = {}
    for name, value in zip(header, values, strict=False):
        if name.strip():
            cells.setdefault(name, []).append(restore(value))
    return cells


def _header(lines: _Lines, path: Path) -> tuple[str, list[str]]:
    """The delimiter and the column names: the delimiter that finds a SKU's, or the most."""
    try:
        text = next((line for line in lines if line.strip()), "")
        if text.casefold().startswith("sep="):  # Excel's own hint
            text = next(lines, "")
    except csv.Error as error:
        raise BadSource(str(path), f"its first line is no header ({error})") from error
    best: tuple[bool, int, str, list[str]] = (False, 0, ",", [])
    for delimiter in DELIMITERS:
        cells = next(csv.reader(io.StringIO(text), delimiter=delimiter), [])
        names = [restore(cell) for cell in cells]
        found = (any(map(names_a_sku, names)), len(names), delimiter, names)
        best = max(best, found, key=lambda choice: choice[:2])
    return best[2], best[3]


def _encoding(path: Path, on_note: Callable[[str], None]) -> str:
    """UTF-8 (with or without a mark), UTF-16 by its mark, else Windows-1252 with a note."""
    with path.open("rb") as file:
        start = file.read(4)
    if start[:2] in (b"\xff\xfe", b"\xfe\xff"):
        return "utf-16"
    with path.open(encoding="utf-8-sig", errors="strict") as file:
        try:
            while file.read(1 << 20):
                continue
        except UnicodeDecodeError as error:
            on_note(
                f"{path.name} is not UTF-8 (byte {error.object[error.start]:#04x}); it was read as "
                "Windows-1252. If letters with accents look wrong, save it as UTF-8."
            )
            return "cp1252"
    return "utf-8-sig"
