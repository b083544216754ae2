"""The shop window: a product for each of the largest categories, chosen as a search would choose.

Nobody asked for these, so they are counted as no search; and they are looked for once in a while
for everybody, by one thread at a time, not by every page that is opened. A category in which
nothing is found has no window until then; one whose search the shop was too busy for is tried again
in SOON_S, and keeps what it showed.
"""

import re
import threading
import time
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from api.line import walk
from api.replies import picture_path
from api.rooms import Rooms
from api.shop import Shop
from api.wanted import Wanted
from index.errors import CatalogueError, ShopBusy
from index.terms import leaf_of, segments_of
from vision.errors import VisionError

MOST = 6
GOOD_S = 600.0
SOON_S = 5.0


@dataclass(frozen=True, slots=True)
class Window:
    """A category, as a shopper calls it, and the SKU of what stands for it."""

    category: str
    sku: str


@dataclass(frozen=True, slots=True)
class _Dressed:
    """The windows for the categories `wanted`, good until the clock says `until_s`."""

    wanted: tuple[str, ...]
    until_s: float
    windows: list[Window]


class Windows:
    """The windows of one shop; for any thread."""

    def __init__(self, shop: Shop, clock: Callable[[], float] = time.monotonic) -> None:
        self._shop, self._clock = shop, clock
        self._dressed = _Dressed((), 0.0, [])
        self._dressing = threading.Lock()

    def look(self, paths: Sequence[str]) -> list[Window]:
        """A window for each of the first MOST of the categories `paths`, as far as the shop can
        dress it just now. Nothing is raised for those it cannot."""
        wanted = tuple(leaves_of(paths)[:MOST])
        if not self._is_good(before := self._dressed, wanted):
            waits = before.wanted != wanted  # else there is something to show meanwhile
            if self._dressing.acquire(blocking=waits):
                try:
                    if not self._is_good(self._dressed, wanted):
                        self._dressed = self._dress_all(wanted)
                finally:
                    self._dressing.release()
        return [window for window in self._dressed.windows if self._has(window)]

    def _is_good(self, dressed: _Dressed, wanted: tuple[str, ...]) -> bool:
        is_young = dressed.wanted == wanted and self._clock() <= dressed.until_s
        return is_young and all(map(self._has, dressed.windows))

    def _has(self, window: Window) -> bool:
        return self._shop.shelf.find(window.sku) is not None

    def _dress_all(self, wanted: tuple[str, ...]) -> _Dressed:
        shown = {window.category: window for window in self._dressed.windows if self._has(window)}
        found: list[Window | None] = []
        good_s = GOOD_S
        for leaf in wanted:
            try:
                found.append(self._dress(leaf))
            except (ShopBusy, VisionError):
                found.append(shown.get(leaf))
                good_s = SOON_S
        windows = [window for window in found if window is not None]
        return _Dressed(wanted, self._clock() + good_s, windows)

    def _dress(self, leaf: str) -> Window | None:
        escaped = re.sub(r'(["\\])', r"\\\1", leaf)
        asked = Wanted(text=leaf, filter=f'category="{escaped}"', top=1)
        try:
            hits = walk(self._shop, asked, None, Rooms()).answer.hits
        except ShopBusy:
            raise
        except CatalogueError:  # a window less; a search says what is wrong
            return None
        return Window(leaf, hits[0].product.sku) if hits else None


def windows_json(windows: Sequence[Window]) -> list[dict[str, str]]:
    """Them as ShopReply describes them."""
    return [
        {"category": window.category, "image": picture_path(window.sku, 0)} for window in windows
    ]


def leaves_of(paths: Sequence[str]) -> list[str]:
    """Categories as a shopper chooses among them: each last part once, without the root that most
    paths begin with, which would choose everything."""
    parts = [tuple(segments_of(path)) for path in paths]
    below = Counter(part[:depth] for part in parts for depth in range(1, len(part)))
    kept = [p for p, part in zip(paths, parts, strict=True) if below[part] * 2 <= len(paths)]
    return list(dict.fromkeys(map(leaf_of, kept)))
