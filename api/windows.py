"""The shop window: a product for each of the largest categories, chosen as a search would choose.

Nobody asked for these, so they are counted as no search; and they are looked for once in a while
for everybody, not by every page that is opened.
"""

import re
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from api.line import walk
from api.replies import picture_path
from api.rooms import Rooms
from api.shop import Shop
from api.wanted import Wanted
from index.errors import CatalogueError
from vision.errors import VisionError

MOST = 6
GOOD_S = 600.0


@dataclass(frozen=True, slots=True)
class Window:
    """A category, as a shopper calls it, and the SKU of what stands for it."""

    category: str
    sku: str


class Windows:
    """The windows of one shop; for any thread."""

    def __init__(self, shop: Shop, clock: Callable[[], float] = time.monotonic) -> None:
        self._shop, self._clock = shop, clock
        self._dressed: tuple[tuple[str, ...], float, list[Window]] = ((), 0.0, [])

    def look(self, paths: Sequence[str]) -> list[Window]:
        """A window for each of the first MOST of the categories `paths`, as far as the shop can
        dress it just now: one whose encoder is busy has fewer. Nothing is raised for that."""
        wanted = tuple(leaves_of(paths)[:MOST])
        dressed_for, at, windows = self._dressed
        is_old = dressed_for != wanted or self._clock() - at > GOOD_S
        if is_old or any(self._shop.shelf.find(window.sku) is None for window in windows):
            found = [self._dress(leaf) for leaf in wanted]
            windows = [window for window in found if window is not None]
            if len(windows) == len(wanted):
                self._dressed = (wanted, self._clock(), windows)
        return windows

    def _dress(self, leaf: str) -> Window | None:
        escaped = re.sub(r'(["\\])', r"\\\1", leaf)
        asked = Wanted(text=leaf, filter=f'category="{escaped}"', top=1)
        try:
            hits = walk(self._shop, asked, None, Rooms()).answer.hits
        except (CatalogueError, VisionError):  # a window less; a search says what is wrong
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

    def is_root(path: str) -> bool:
        below = sum(other.startswith(f"{path}/") for other in paths)
        return below * 2 > len(paths)

    leaves = (re.split("[/>]", path)[-1].strip() or path for path in paths if not is_root(path))
    return list(dict.fromkeys(leaves))
