"""What an uploaded table may name: pictures among the uploads, and that look like some.

A merchandiser's table comes from another machine: without a fence it could name any file of this
one. And a dry run that only counts rows would promise products whose pictures are not there.
"""

from collections.abc import Iterable, Iterator
from dataclasses import replace
from pathlib import Path

from index.errors import BadRow
from index.examine import SUFFIXES
from index.row import Row

HEAD_BYTES = 16


def fenced(rows: Iterable[Row | BadRow], within: Path) -> Iterator[Row | BadRow]:
    """The rows with those pictures only that lie in the folder `within`; a BadRow for others."""
    folder = within.resolve()
    for row in rows:
        if isinstance(row, BadRow):
            yield row
            continue
        inside = tuple(i for i in row.images if i in row.links or _is_within(i, folder))
        for image in row.images:
            if image not in inside:
                shown = str(image).removeprefix(f"{folder}/")[:100]
                reason = f"{shown} lies outside of what was uploaded"
                yield BadRow(row.line, row.product.sku, "picture_outside", reason)
        if inside:
            yield row if len(inside) == len(row.images) else replace(row, images=inside)


def glance(rows: Iterable[Row]) -> tuple[set[str], list[BadRow]]:
    """What a run would find out about the pictures of `rows`, as far as their first bytes tell:
    the SKUs of rows of which no picture can be one, and a BadRow for every such picture."""
    hopeless: set[str] = set()
    bad: list[BadRow] = []
    for row in rows:
        found = [(image, _fault(image)) for image in row.images if image not in row.links]
        faults = [(image, code) for image, code in found if code]
        for image, code in faults:
            reason = REASONS[code].format(name=image.name[:100])
            bad.append(BadRow(row.line, row.product.sku, code, reason))
        if faults and len(faults) == len(row.images):
            hopeless.add(row.product.sku)
    return hopeless, bad


REASONS = {
    "missing_picture": "there is no file {name}",
    "not_a_picture": "{name} is no picture",
}


def _fault(image: Path) -> str:
    try:
        with image.open("rb") as file:
            head = file.read(HEAD_BYTES)
    except (OSError, ValueError):
        return "missing_picture"
    known = any(head[at : at + len(mark)] == mark for mark, at, _ in SUFFIXES)
    return "" if known else "not_a_picture"


def _is_within(image: Path, folder: Path) -> bool:
    try:
        return image.resolve().is_relative_to(folder)
    except (OSError, ValueError):  # a loop of links, a NUL in the name
        return False
