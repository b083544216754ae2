"""`vistazo eval --regions`: pictures searched whole, by their most prominent thing, and framed.

Promise: every way is judged on the same queries, in the same order, so that ways compare in pairs.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from api.cropping import meant_in
from api.errors import DoorError
from api.expectations import Expectations, QueryRow
from api.metrics import Judged, intervals, measure, recall_at
from api.picture_file import read_picture
from api.rooms import Rooms
from api.shop import Shop
from api.wanted import read_wanted
from api.yardstick import SEED, judge
from vision.errors import BadModel, VisionError
from vision.photo import Box

FIGURES = ("recall@1", "recall@5", "recall@10")
HALF = 0.5
"""A thing is found where its box and the true one share at least this much of their union."""
RESAMPLES = 1_000


@dataclass(frozen=True, slots=True)
class Tried:
    """One picture searched in every way. `framed` is None where its row tells no box, and then
    `found` is, too: whether the thing that was chosen is the one that the row's box frames."""

    whole: Judged
    automatic: Judged
    cropped: bool
    framed: Judged | None
    found: bool | None


def try_crops(
    shop: Shop, queries: Iterable[QueryRow], expectations: Expectations
) -> Iterator[Tried | None]:
    """Search every row in order, None for a row without a picture. Raises BadModel for a finder
    that is broken."""
    for row in queries:
        yield None if row.image is None else _tried(shop, row, expectations)


def _tried(shop: Shop, row: QueryRow, expectations: Expectations) -> Tried:
    expected = expectations.read(row.expect)
    plain = replace(row, box="")
    whole = judge(shop, plain, expected).judged
    chosen = _chosen(shop, row)
    automatic = whole
    if chosen is not None:
        automatic = judge(shop, replace(row, box=_told(chosen)), expected).judged
    if not row.box:
        return Tried(whole, automatic, chosen is not None, None, None)
    framed = judge(shop, row, expected).judged
    return Tried(whole, automatic, chosen is not None, framed, _is_it(row.box, chosen))


def _chosen(shop: Shop, row: QueryRow) -> Box | None:
    assert row.image is not None
    try:
        picture = read_picture(row.image, shop.picture_limits.max_bytes)
        meant = meant_in(shop, picture, Rooms())
    except BadModel:
        raise
    except (VisionError, DoorError, OSError):  # judged as missed, and reported with its line
        return None
    return None if meant is None else meant.region.box


def _told(box: Box) -> str:
    return f"{box.x},{box.y},{box.w},{box.h}"


def _is_it(framed: str, chosen: Box | None) -> bool:
    """Whether `chosen` is the thing that was framed; a frame that cannot be read frames nothing."""
    try:
        true = read_wanted({"box": framed}).box
    except DoorError:
        return False
    return true is not None and chosen is not None and overlap(true, chosen) >= HALF


def overlap(a: Box, b: Box) -> float:
    """Intersection over union."""
    across = min(a.x + a.w, b.x + b.w) - max(a.x, b.x)
    down = min(a.y + a.h, b.y + b.h) - max(a.y, b.y)
    both = max(0, across) * max(0, down)
    return both / (a.w * a.h + b.w * b.h - both)


def report_crops(tried: Sequence[Tried]) -> dict[str, Any]:
    """`pictures`, how many were `cropped`, `box_found` among those with a box, and the ranking of
    every way with its intervals; `gain` is automatic less whole, paired, at recall@1."""
    framed = [t for t in tried if t.framed is not None]
    found = [bool(t.found) for t in framed]
    return {
        "pictures": len(tried),
        "cropped": sum(t.cropped for t in tried),
        "boxes": len(framed),
        "box_found": float(np.mean(found)) if found else None,
        "whole": _ranked([t.whole for t in tried]),
        "automatic": _ranked([t.automatic for t in tried]),
        "framed": _ranked([t.framed for t in framed if t.framed is not None]) if framed else None,
        "gain": _gain(tried),
    }


def _ranked(judged: Sequence[Judged]) -> dict[str, Any]:
    values = measure(judged)
    spread = intervals(judged, chance=np.random.default_rng(SEED))
    return {name: {"value": values[name], "interval": spread[name]} for name in FIGURES}


def _gain(tried: Sequence[Tried]) -> dict[str, Any] | None:
    """What the automatic crop adds at recall@1, with the interval of a paired bootstrap."""
    gains = np.array([
        recall_at(t.automatic.found, 1) - recall_at(t.whole.found, 1)
        for t in tried if t.whole.answerable
    ])  # fmt: skip
    if not len(gains):
        return None
    chance = np.random.default_rng(SEED)
    drawn = [gains[chance.integers(0, len(gains), len(gains))].mean() for _ in range(RESAMPLES)]
    low, high = np.percentile(drawn, [2.5, 97.5])
    return {"recall@1": float(gains.mean()), "interval": [float(low), float(high)]}
