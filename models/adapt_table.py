"""Reads a shop's exported table for adapting: JSON lines or CSV, as `vistazo export` writes them.

The workshop takes tables, never the index; what is read here is what `vistazo index` reads too.
"""

import csv
import json
import random
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from models.errors import BadTable

PICTURES = frozenset(("image", "images", "picture", "pictures"))
NAMES = {"categories": "category", "color": "colour", "title": "title", "name": "title"}
NO_ATTRIBUTE = frozenset(
    ("sku", "title", "description", "price", "currency", "size", "group", "stock", "store", "url",
     "view", "attributes", *PICTURES)
)  # fmt: skip
FEWEST = 40
"""Products under which a split leaves nothing to learn from, nor to measure with."""


@dataclass(frozen=True, slots=True)
class Item:
    """A product: its pictures' absolute paths (at least one), and its values by attribute.

    `group` joins what must not straddle a split (the colours of one article); the SKU where the
    table names none. A category's value is the last segment of the first one.
    """

    sku: str
    title: str
    group: str
    pictures: tuple[Path, ...]
    values: Mapping[str, str] = field(default_factory=dict)


def read_items(table: Path, most: int, seed: int) -> list[Item]:
    """The products of `table` that have a picture on this machine, `most` at the most (drawn by
    `seed`), in the table's order. Raises BadTable."""
    merged: dict[str, Item] = {}
    try:
        for row in _rows(table):
            item = _item(row, table.parent)
            if item is not None:
                known = merged.get(item.sku)
                merged[item.sku] = item if known is None else _both(known, item)
    except (OSError, ValueError, csv.Error, RecursionError) as cause:
        raise BadTable(table, f"it cannot be read ({cause})") from cause
    items = [item for item in merged.values() if item.pictures]
    if len({item.group for item in items}) < FEWEST:
        raise BadTable(table, f"it holds {len(items)} products with a picture; {FEWEST} articles "
                       "are the least that can be learned from and measured with")  # fmt: skip
    if len(items) > most:
        kept = set(random.Random(seed).sample(range(len(items)), most))
        items = [item for i, item in enumerate(items) if i in kept]
    return items


def attributes_of(items: list[Item], fewest: int = 20) -> list[str]:
    """The attributes that can be measured: `fewest` products or more whose value another article
    has too, and more than one such value. Most common first."""
    names = Counter(name for item in items for name in item.values)
    return [name for name, _ in names.most_common() if _is_measurable(items, name, fewest)]


def _is_measurable(items: list[Item], name: str, fewest: int) -> bool:
    groups: dict[str, set[str]] = {}
    for item in items:
        if name in item.values:
            groups.setdefault(item.values[name], set()).add(item.group)
    shared = {value for value, held in groups.items() if len(held) > 1}
    counted = sum(item.values.get(name) in shared for item in items)
    return len(shared) > 1 and counted >= fewest


def _rows(table: Path) -> Iterator[Mapping[str, Any]]:
    if table.suffix.casefold() in (".jsonl", ".ndjson"):
        for line in table.read_text(encoding="utf-8-sig").splitlines():
            if line.strip():
                row = json.loads(line)
                if not isinstance(row, dict):
                    raise ValueError("a line is no JSON object")
                yield row
        return
    with table.open(encoding="utf-8-sig", newline="") as file:
        yield from csv.DictReader(file)


def _item(row: Mapping[str, Any], folder: Path) -> Item | None:
    cells: dict[str, list[str]] = {}
    nested = row.get("attributes")
    flat = {**row, **nested} if isinstance(nested, dict) else row
    for name, value in flat.items():
        if isinstance(name, str):
            key = name.strip().casefold()
            cells.setdefault(NAMES.get(key, key), []).extend(_texts(value))
    sku = next(iter(cells.get("sku", ())), "")
    if not sku:
        return None
    named = [part for key in PICTURES for cell in cells.get(key, ()) for part in cell.split("|")]
    paths = [(folder / name.strip()).absolute() for name in named if name.strip()]
    values = {n: v for n, held in cells.items() if n not in NO_ATTRIBUTE and (v := _first(n, held))}
    group = _first("group", cells.get("group", [])) or sku
    title = " ".join(cells.get("title", ()))[:300]
    return Item(sku, title, group, tuple(p for p in paths if p.is_file()), values)


def _first(name: str, cells: list[str]) -> str:
    value = next((cell for cell in cells if cell.strip()), "").casefold().strip()
    return value.split(",")[0].split("/")[-1].strip() if name == "category" else value


def _texts(value: Any) -> list[str]:
    if isinstance(value, list):
        return [text for inner in value for text in _texts(inner)]
    return [str(value)] if isinstance(value, str | int | float) else []


def _both(first: Item, second: Item) -> Item:
    pictures = tuple(dict.fromkeys((*first.pictures, *second.pictures)))
    return Item(first.sku, first.title or second.title, first.group, pictures,
                {**second.values, **first.values})  # fmt: skip


def with_judgements(items: list[Item], path: Path) -> tuple[list[Item], list[tuple[str, str]]]:
    """`items` with the pictures that were judged to show them, and (text, SKU) of judged words.

    The file is one of `vistazo eval`: image, text, expect; of `expect` only SKUs are heard, for a
    judgement names a product. An operator's own log of what was opened after which words, or
    bought after which photo, is such a file. Raises BadTable.
    """
    at = {item.sku: i for i, item in enumerate(items)}
    found, said = list(items), []
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            for row in csv.DictReader(file):
                for sku in (row.get("expect") or "").split("|"):
                    if sku.strip() not in at:
                        continue
                    i = at[sku.strip()]
                    if (row.get("text") or "").strip():
                        said.append(((row["text"]).strip()[:300], sku.strip()))
                    image = path.parent / (row.get("image") or "").strip()
                    if image.is_file():
                        pictures = tuple(dict.fromkeys((*found[i].pictures, image.absolute())))
                        found[i] = replace(found[i], pictures=pictures)
    except (OSError, ValueError, csv.Error) as cause:
        raise BadTable(path, f"it cannot be read ({cause})") from cause
    return found, said
