"""`vistazo eval`: queries with known answers, searched and judged. The same for everybody.

Every query is searched unfolded to depth 100, and what was refused is ranked all the same; a query
that cannot be searched (an unreadable picture, nothing asked) is reported and counts as missed.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from api.errors import DoorError
from api.expectations import Expectations, Expected, QueryRow
from api.line import walk
from api.metrics import Judged, intervals, measure, percentiles_ms
from api.picture_file import read_picture
from api.rooms import Rooms
from api.shop import Shop
from api.wanted import TOP_MOST, read_wanted
from index.errors import CatalogueError
from vision.errors import VisionError

SEED = 20261122
"""Of the bootstrap: a second run on the same answers prints the same intervals."""
HITS_KEPT = 10
EXPECTED_KEPT = 8


@dataclass(frozen=True, slots=True)
class Measured:
    """One query, judged. `fault` says why it could not be searched, `warning` what is odd; `hits`
    are the SKUs of its first HITS_KEPT answers, `expected` some of those that were."""

    row: QueryRow
    judged: Judged
    latency_ms: float | None
    fault: str = ""
    warning: str = ""
    hits: tuple[str, ...] = ()
    expected: tuple[str, ...] = ()


def judge_all(
    shop: Shop, queries: Iterable[QueryRow], expectations: Expectations
) -> Iterator[Measured]:
    """Search every query once, in order."""
    for row in queries:
        yield judge(shop, row, expectations.read(row.expect))


def judge(shop: Shop, row: QueryRow, expected: Expected) -> Measured:
    """Search one query and compare the answer with what was expected."""
    relevant = len(expected.skus)
    wanted_skus = tuple(sorted(expected.skus)[:EXPECTED_KEPT])
    try:
        rooms = Rooms()
        asked = {"text": row.text, "box": row.box, "top": TOP_MOST, "unfold": True}
        wanted = read_wanted(asked)
        wanted.check_complete(with_picture=row.image is not None)
        most_bytes = shop.picture_limits.max_bytes
        picture = None if row.image is None else read_picture(row.image, most_bytes)
        found = walk(shop, wanted, picture, rooms)
        latency_ms = rooms.took_ms()["total"]
    except (VisionError, CatalogueError, DoorError, OSError) as error:
        missed = Judged(expected.answerable, (), relevant, refused=False, probability=None)
        return Measured(row, missed, None, _told(error), expected.warning, (), wanted_skus)
    hits = found.answer.hits
    judged = Judged(
        answerable=expected.answerable,
        found=tuple(hit.product.sku in expected.skus for hit in hits),
        relevant=relevant,
        refused=found.answer.nothing_like_this,
        probability=hits[0].probability if hits else None,
        exact=hits[0].exact if hits and expected.names_products else None,
    )
    first = tuple(hit.product.sku for hit in hits[:HITS_KEPT])
    return Measured(row, judged, latency_ms, "", expected.warning, first, wanted_skus)


def _told(error: Exception) -> str:
    """The system's own errors with the file first and without their number."""
    if isinstance(error, OSError) and error.strerror and error.filename:
        return f"{error.filename}: {error.strerror}"
    return str(error)


def report(measured: Sequence[Measured]) -> dict[str, Any]:
    """The figures under the keys that everybody agreed on, with their intervals."""
    judged = [m.judged for m in measured]
    figures: dict[str, Any] = {"queries": len(judged), **measure(judged)}
    latencies = [m.latency_ms for m in measured if m.latency_ms is not None]
    figures["latency_ms"] = percentiles_ms(latencies)
    figures["intervals"] = intervals(judged, chance=np.random.default_rng(SEED))
    return figures


def remarks(
    measured: Iterable[Measured], products: int, rejected_lines: Sequence[int] = ()
) -> list[str]:
    """What a reader of the figures must know, one line each."""
    lines = []
    if count := len(rejected_lines):
        lines.append(f"{count:,} rows expect nothing and were not counted as queries")
    for line in rejected_lines:
        lines.append(f"line {line}: not counted: `expect` is empty; write `none` if that is meant")
    for m in measured:
        if m.fault:
            lines.append(f"line {m.row.line}: counted as missed: {m.fault}")
        if m.warning:
            lines.append(f"line {m.row.line}: {m.warning}")
    if products < 10:
        lines.append(f"the shop holds {products} products; precision@10 divides by 10 all the same")
    return lines
