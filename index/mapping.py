"""Which column of a merchant's table is which field of a product: said by people, else guessed.

A guess goes by the column's name, then, for what a catalogue cannot do without, by what stands in
it: names of picture files and their addresses, short values that never repeat. What was taken for
what is always told.
"""

import re
import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Literal

from index.column_names import COLUMN_NAMES
from index.errors import BadMapping
from index.filters import fold_field

Cells = dict[str, list[str]]
Why = Literal["said", "saved", "its name", "another name", "its content", "an attribute", "ignored"]
IGNORED = "-"
FIELDS = tuple(COLUMN_NAMES)
IMAGE_NAMES = frozenset(("image", "images", "picture", "pictures"))
SAMPLE = 50  # rows that a guess by content looks at
MOSTLY = 0.6  # of the values in them
COLUMNS_MAX = 1_000
PICTURE_NAME = re.compile(
    r"[^\s].*\.(jpe?g|jpe|jfif|png|webp|avif|hei[cf]|gif|tiff?|bmp)([?#].*)?", re.IGNORECASE
)
SKU_LIKE = re.compile(r"[^\s,;|]{1,64}")


@dataclass(frozen=True, slots=True)
class Column:
    """A column of the table: its `name` there, the `field` of a product that it fills (its own name
    if it is an attribute, "-" if it is left out), and why."""

    name: str
    field: str
    why: Why


@dataclass(frozen=True, slots=True)
class ColumnMap:
    """Fields by column, as somebody said them: a field's name, an attribute's, or "-" to leave the
    column out. Columns that are not named here are guessed. Raises BadMapping."""

    fields: Mapping[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if len(self.fields) > COLUMNS_MAX:
            raise BadMapping("", f"it names more than {COLUMNS_MAX} columns")
        for column, wanted in self.fields.items():
            if not isinstance(column, str) or not isinstance(wanted, str) or not wanted.strip():
                raise BadMapping(str(column), "say the field that it fills, or - to leave it out")

    def over(self, other: "ColumnMap") -> "ColumnMap":
        """This, and what `other` says of columns that this does not name."""
        mine = {_plain(column) for column in self.fields}
        rest = {c: f for c, f in other.fields.items() if _plain(c) not in mine}
        return ColumnMap({**rest, **self.fields})


NOTHING_SAID = ColumnMap()


@dataclass(frozen=True, slots=True)
class Settled:
    """What every column of one table became."""

    columns: tuple[Column, ...]

    def apply(self, cells: Cells) -> Cells:
        """The cells of one row, by field; columns that fill one field give their values to one
        list, in their order, and those left out are gone."""
        by_name = {column.name: column.field for column in self.columns}
        mapped: Cells = {}
        for name, values in cells.items():
            wanted = by_name.get(name, name)
            if wanted != IGNORED:
                mapped.setdefault(wanted, []).extend(values)
        return mapped

    @property
    def names(self) -> list[str]:
        """The columns as a catalogue sees them."""
        return [column.field for column in self.columns if column.field != IGNORED]

    @property
    def changes(self) -> bool:
        """Whether any column is taken for something else than its name says."""
        return any(column.name != column.field for column in self.columns)

    def notes(self) -> list[str]:
        """What was guessed, so that nobody has to find it out from the result."""
        guessed = [c for c in self.columns if c.why in ("another name", "its content")]
        if not guessed:
            return []
        said = ", ".join(f"{c.name.strip()[:40]!r} as {c.field}" for c in guessed)
        return [f"columns were taken by {'their names' if _all_named(guessed) else 'a guess'}: "
                f"{said}. Where that is wrong, say which column is which."]  # fmt: skip


def settle(
    header: Sequence[str],
    rows: Sequence[Cells],
    said: ColumnMap = NOTHING_SAID,
    saved: ColumnMap = NOTHING_SAID,
) -> Settled:
    """What each column of a table with this `header` is; `rows` are some of its first.

    What was `said` goes before what was `saved`, a column's own name before its other names, names
    before content. A column that would fill a field of one value a second time is an attribute.
    Raises BadMapping when `said` names a column that is not there, or one field twice.
    """
    names = list(dict.fromkeys(name for name in header if name.strip()))
    found: dict[str, Column] = {}
    found |= _spoken(names, said, "said", strict=True)
    fixed = {column.field for column in found.values()} - {"image"}
    for name, column in _spoken(names, saved, "saved").items():
        if name not in found and column.field not in fixed:
            found[name] = column
    taken = {column.field for column in found.values()}
    for name in names:  # a column that is called as the field is it, unless somebody said another
        own = _own_field(name)
        if name in found or own is None:
            continue
        if own in taken and own != "image":
            found[name] = Column(name, IGNORED, "ignored")
        else:
            found[name] = Column(name, name, "its name")
    taken |= {own for own in map(_own_field, names) if own is not None}
    for wanted in FIELDS:
        if wanted not in taken:
            _take_named(wanted, names, found)
    for wanted in ("image", "sku"):
        if wanted not in taken | {column.field for column in found.values()}:
            _take_by_content(wanted, names, rows, found)
    return Settled(tuple(found.get(n, Column(n, n, "an attribute")) for n in names))


def header_of(rows: Iterable[Cells]) -> list[str]:
    """Every column that these rows name, in the order of their coming."""
    return list(dict.fromkeys(name for cells in rows for name in cells))


def header_key(header: Iterable[str]) -> str:
    """What two tables with the same columns have in common, whatever their order."""
    return "\n".join(sorted({_plain(name) for name in header if name.strip()}))


def names_a_sku(name: str) -> bool:
    """Whether a column of this name may hold SKUs."""
    return _plain(name) in COLUMN_NAMES["sku"]


def _spoken(
    names: Sequence[str], spoken: ColumnMap, why: Why, *, strict: bool = False
) -> dict[str, Column]:
    by_plain = {_plain(name): name for name in reversed(names)}
    found: dict[str, Column] = {}
    once: dict[str, str] = {}
    for column, wanted in spoken.fields.items():
        name = column if column in names else by_plain.get(_plain(column))
        if name is None:
            if strict:
                shown = ", ".join(n.strip()[:30] for n in names[:20])
                raise BadMapping(column, f"the table has no such column; it has {shown}")
            continue
        clean = wanted.strip()
        known = fold_field(clean)
        clean = "image" if known in IMAGE_NAMES else known if known in FIELDS else clean
        if strict and clean in FIELDS and clean != "image" and once.setdefault(clean, name) != name:
            raise BadMapping(column, f"{clean} is {once[clean]!r} already")
        found[name] = Column(name, clean, "ignored" if clean == IGNORED else why)
    return found


def _own_field(name: str) -> str | None:
    """The field that this very name means, None for none."""
    folded = fold_field(name)
    if folded in IMAGE_NAMES:
        return "image"
    return folded if folded in FIELDS else None


def _take_named(wanted: str, names: Sequence[str], found: dict[str, Column]) -> None:
    """Give `wanted` the columns that bear one of its other names: the best, or of pictures all."""
    known = COLUMN_NAMES[wanted]
    ranked = sorted(
        (known.index(plain), name)
        for name in names
        if name not in found and (plain := _plain(name)) in known
    )
    numbered = wanted == "image"
    if numbered and not ranked:  # image 1, image 2, bild_3
        ranked = [
            (n, name)
            for n, name in enumerate(names)
            if name not in found and re.sub(r" ?\d{1,2}$", "", _plain(name)) in known
        ]
    for _, name in ranked if numbered else ranked[:1]:
        found[name] = Column(name, wanted, "another name")


def _take_by_content(
    wanted: str, names: Sequence[str], rows: Sequence[Cells], found: dict[str, Column]
) -> None:
    for name in names:
        values = [v.strip() for cells in rows for v in cells.get(name, ()) if v.strip()]
        if name in found or not values:
            continue
        fits = _are_pictures(values) if wanted == "image" else _are_skus(values, len(rows))
        if fits:
            found[name] = Column(name, wanted, "its content")
            return


def _are_pictures(values: Sequence[str]) -> bool:
    named = sum(all(map(PICTURE_NAME.fullmatch, re.split(r"[|,]\s*", v))) for v in values)
    return named >= MOSTLY * len(values)


def _are_skus(values: Sequence[str], rows: int) -> bool:
    """One in each row, all different, without blanks, and not prices or addresses."""
    if len(values) < rows or len(set(values)) < len(values) or len(values) < 2:
        return False
    return all(SKU_LIKE.fullmatch(v) and "://" not in v for v in values) and any(
        any(c.isdigit() for c in v) for v in values
    )


def _all_named(columns: Sequence[Column]) -> bool:
    return all(column.why == "another name" for column in columns)


@lru_cache(maxsize=4_000)
def _plain(name: str) -> str:
    """A column's name without case, accents, punctuation and what stands in parentheses."""
    bare = re.sub(r"\([^)]*\)|\[[^\]]*\]", " ", name) if re.match(r"\s*\w", name) else name
    split = re.sub(r"([a-z])([A-Z])", r"\1 \2", bare)  # imageLink
    apart = unicodedata.normalize("NFKD", split.casefold())
    kept = "".join(c if c.isalnum() else " " for c in apart if not unicodedata.combining(c))
    return " ".join(kept.split())
