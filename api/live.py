"""Which of a shop's spaces is the live one: a pointer in the shop's folder, flipped in one step.

A shop begins with one space, in its own folder. `vistazo models use` fills another beside it, in
SHOP/spaces/NAME-VERSION, and points to it in SHOP/live.json. Nothing is ever mixed: each space is a
shelf of its own. Without the file the shop's own folder is live.
"""

import json
import re
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from api.settings import Settings
from index.errors import ShopBroken
from index.manifest import write_atomically

if TYPE_CHECKING:
    from fastapi import FastAPI

POINTER = "live.json"
SPACES = "spaces"


@dataclass(frozen=True, slots=True)
class Live:
    """The live space: `folder` relative to the shop's own ("" for that itself), its `model`."""

    folder: str
    model: str


def find_live(shop: Path) -> Live | None:
    """What the pointer in `shop` says, None without one; raises ShopBroken for a bad one."""
    try:
        held = json.loads((shop / POINTER).read_bytes())
        live = Live(**held)
    except (FileNotFoundError, NotADirectoryError):
        return None
    except (OSError, ValueError, TypeError) as error:
        raise ShopBroken(str(shop), f"its {POINTER} cannot be read ({error})") from error
    if not re.fullmatch(rf"({SPACES}/[^/\\]+)?", live.folder) or live.folder.endswith(".."):
        raise ShopBroken(str(shop), f"its {POINTER} points to {live.folder!r}")
    return live


def point_to(shop: Path, live: Live) -> None:
    """Make `live` the live space of `shop`, durably and in one step."""
    write_atomically(shop / POINTER, json.dumps(asdict(live), indent=1).encode())


def space_folder(model: str) -> str:
    """Where the space of NAME@VERSION lies, relative to the shop's folder."""
    return f"{SPACES}/{re.sub(r'[^A-Za-z0-9._-]', '-', model).lstrip('.')}"


def follow(settings: Settings) -> Settings:
    """`settings` with the shop's live folder and model in place of the shop's own."""
    live = find_live(settings.shop)
    if live is None:
        return settings
    folder = settings.shop / live.folder if live.folder else settings.shop
    return settings.model_copy(update={"shop": folder, "model": live.model})


class Follower:
    """Notices that the pointer of a served shop was flipped."""

    def __init__(self, settings: Settings, build: Callable[[Settings], "FastAPI"]) -> None:
        self._settings, self._build = settings, build
        self._seen = find_live(settings.shop)

    def changed(self) -> Callable[[], "FastAPI"] | None:
        """What makes the application of the space that is live now, None while it is the same.

        A pointer that cannot be read changes nothing.
        """
        try:
            live = find_live(self._settings.shop)
        except ShopBroken:
            return None
        if live is None or live == self._seen:
            return None
        self._seen = live
        settings = follow(self._settings)
        return lambda: self._build(settings)
