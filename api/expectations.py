"""What an eval's queries expect: terms such as `mb01-blue`, `colour=navy blue` or `none`.

Defined once for everybody: terms are separated by `|`; a term that is a SKU of the catalogue means
that product; else `field=value` means every product whose column `field` holds `value`, compared
without regard to case with the column's raw value, its comma parts and their path segments; `none`
means that the catalogue holds no right answer.
"""

import csv
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from api.errors import BadQueries
from index.errors import BadRow
from index.filters import fold_field, fold_value
from index.product import STANDARD_FIELDS, Product
from index.source import read_source
from index.table import read_table

NONE = "none"


@dataclass(frozen=True, slots=True)
class QueryRow:
    """One row of a queries file; `image` is absolute. A row with neither image nor text is kept:
    it counts as missed. `box` is as it stands there, "" for none: x,y,w,h of the upright image."""

    line: int
    image: Path | None
    text: str
    expect: str
    box: str = ""


@dataclass(frozen=True, slots=True)
class Queries:
    """A queries file: the rows to search, and the lines of those that expect nothing.

    What expects nothing can be neither found nor missed: it is no query.
    """

    rows: tuple[QueryRow, ...]
    rejected_lines: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Expected:
    """The products that answer a query; `answerable` is False for `none` rows.

    `warning` says what is odd about the expectation, "" if nothing is. `names_products`: it names
    products one by one, or says that the very one is not sold; not all that a field's value holds.
    """

    answerable: bool
    skus: frozenset[str]
    warning: str = ""
    names_products: bool = False


def read_queries(path: Path) -> Queries:
    """Every row of a queries CSV that is not blank, in order. Paths are relative to the file.

    Raises BadQueries for a file that cannot be read, lacks columns or holds no query.
    """
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            reader = csv.DictReader(file)
            columns = {(name or "").strip().lower() for name in reader.fieldnames or ()}
            if "expect" not in columns or not columns & {"image", "text"}:
                raise BadQueries(str(path), "it needs the columns `expect` and `image` or `text`")
            rows = [_query_row(path, reader.line_num, row) for row in reader]
    except OSError as error:
        raise BadQueries(str(path), error.strerror or "it cannot be opened") from error
    except (UnicodeDecodeError, csv.Error) as error:
        raise BadQueries(str(path), f"it is no CSV in UTF-8 ({error})") from error
    rejected = tuple(r.line for r in rows if not r.expect and (r.image or r.text))
    asked = tuple(row for row in rows if row.expect)
    if not asked:
        raise BadQueries(str(path), "it holds no query with an expectation")
    return Queries(asked, rejected)


def _query_row(path: Path, line: int, row: Mapping[str | None, str | list[str] | None]) -> QueryRow:
    cells = {
        name.strip().lower(): value.strip()
        for name, value in row.items()
        if name is not None and isinstance(value, str)
    }
    image, text, expect, box = (cells.get(n, "") for n in ("image", "text", "expect", "box"))
    return QueryRow(line, (path.parent / image).absolute() if image else None, text, expect, box)


def read_cells(catalogue: Path) -> Iterator[Mapping[str, Sequence[str]]]:
    """The cells of every row of a catalogue, raw from a CSV, else as its products say them.

    Raises BadSource. Rows that cannot be read at all are left out: no product comes of them.
    """
    if catalogue.suffix.casefold() in (".csv", ".tsv", ".txt"):
        for record in read_table(catalogue, lambda note: None, lambda columns: None):
            if not isinstance(record, BadRow):
                yield record[1]
        return
    for row in read_source(catalogue):
        if not isinstance(row, BadRow):
            yield cells_of(row.product)


def cells_of(product: Product) -> dict[str, Sequence[str]]:
    """What a catalogue's row would say of the product, by column."""
    cells: dict[str, Sequence[str]] = {
        name: (str(getattr(product, name)),)
        for name in STANDARD_FIELDS
        if name != "category" and getattr(product, name) not in ("", None)
    }
    return {**product.attributes, **cells, "category": (",".join(product.categories),)}


class Expectations:
    """Answers which products of one catalogue an expectation means."""

    def __init__(self, rows: Iterable[Mapping[str, Sequence[str]]]) -> None:
        """`rows` hold the raw cells of each column under its name, one of them called `sku`."""
        self._skus: set[str] = set()
        self._by_value: dict[str, dict[str, set[str]]] = defaultdict(lambda: defaultdict(set))
        for row in rows:
            by_field = [(fold_field(column), cells) for column, cells in row.items()]
            sku = next((c[0].strip() for field, c in by_field if field == "sku" and c), "")
            if not sku:
                continue
            self._skus.add(sku)
            for field, cells in by_field:
                for cell in cells:
                    for value in values_of(cell):
                        self._by_value[field][value].add(sku)

    def read(self, expect: str) -> Expected:
        """The products that `expect` means."""
        terms = [term.strip() for term in expect.split("|") if term.strip()]
        if not terms:
            return Expected(True, frozenset(), "it expects nothing; write `none` if that is meant")
        named = [term for term in terms if term in self._skus or term.lower() != NONE]
        if not named:
            return Expected(answerable=False, skus=frozenset(), names_products=True)
        skus = frozenset().union(*(self._matching(term) for term in named))
        if not skus:
            return Expected(True, skus, f"{expect!r} matches no product of the catalogue")
        if len(named) < len(terms):
            return Expected(True, skus, f"{expect!r} says `none` beside other terms: ignored")
        return Expected(True, skus, names_products=all(term in self._skus for term in named))

    def _matching(self, term: str) -> frozenset[str]:
        if term in self._skus:
            return frozenset((term,))
        field, equals, value = term.partition("=")
        if not equals:
            return frozenset()
        return frozenset(self._by_value.get(fold_field(field), {}).get(fold_value(value), ()))


def values_of(raw: str) -> set[str]:
    """What a cell can be called by: itself, its comma parts, and their path segments; folded."""
    found = {fold_value(raw)}
    for part in raw.split(","):
        found.add(fold_value(part))
        found.update(fold_value(segment) for segment in part.split("/"))
    return found - {""}
