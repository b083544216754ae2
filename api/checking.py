"""A check of a shop with all its spaces, and the repair of what can be mended."""

import time
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from time import perf_counter
from typing import Any

from api.eye import open_encoder
from api.live import SPACES, find_live
from api.settings import Settings
from index.check import Tell, check_shop
from index.database import DATABASE_NAME
from index.fault import Found
from index.manifest import MANIFEST_NAME, read_manifest
from index.repair import repair_shop
from vision.encoder import Encoder

CALL_REPAIR = "Run `vistazo check --repair`."


@dataclass(frozen=True, slots=True)
class Told:
    """All faults of one code: how many, the first few of them, and what to do."""

    code: str
    says: str
    count: int
    examples: list[str]
    cure: str
    mended: bool


@dataclass(frozen=True, slots=True)
class Space:
    """One checked space: a shop has one, and another for each model that was tried on it."""

    folder: Path
    products: int
    pictures: int
    faults: list[Told]


@dataclass(frozen=True, slots=True)
class Verdict:
    """What a check found in all spaces."""

    spaces: list[Space]
    seconds: float

    @property
    def ok(self) -> bool:
        """Whether nothing is wrong (any more)."""
        return all(fault.mended for space in self.spaces for fault in space.faults)

    def as_json(self) -> dict[str, Any]:
        """For programs."""
        spaces = [asdict(space) | {"folder": str(space.folder)} for space in self.spaces]
        return {"ok": self.ok, "spaces": spaces, "seconds": round(self.seconds, 3)}


def check_spaces(settings: Settings, tell: Tell, *, repair: bool, read: bool) -> Verdict:
    """Check the shop of `settings`, every space of it.

    Raises NoShop, ShopBusy, ShopBroken (a live space that is not there), and with `repair` what
    opening a model raises if pictures must be looked at again.
    """
    started = perf_counter()
    checked = [_check(settings, folder, tell, repair, read) for folder in _folders(settings.shop)]
    return Verdict(checked, perf_counter() - started)


def _folders(shop: Path) -> Iterator[Path]:
    live = find_live(shop)
    first = shop / live.folder if live is not None else shop
    yield first
    for folder in (shop, *sorted((shop / SPACES).glob("*"))):
        there = (folder / MANIFEST_NAME).exists() or (folder / DATABASE_NAME).exists()
        if there and folder != first:
            yield folder


def _check(settings: Settings, folder: Path, tell: Tell, repair: bool, read: bool) -> Space:
    now_s = time.time()
    checked = check_shop(folder, now_s=now_s, read_pictures=read, on_stage=tell)
    faults = [_told(found, mended=False) for found in checked.found]
    if repair and checked.found:
        repair_shop(folder, checked.found, now_s, _encoder_of(settings, folder))
        again = check_shop(folder, now_s=now_s, read_pictures=read, on_stage=tell)
        left = {found.code for found in again.found}
        mended = [_told(found, mended=True) for found in checked.found if found.code not in left]
        faults = mended + [_told(found, mended=False) for found in again.found]
    return Space(folder, checked.products, checked.pictures, faults)


def _encoder_of(settings: Settings, folder: Path) -> Callable[[], Encoder]:
    """Opens the model whose vectors lie in `folder`."""

    def open_it() -> Encoder:
        manifest = read_manifest(folder)
        model = f"{manifest.model}@{manifest.version}"
        if Path(settings.model).is_dir():
            model = settings.model
        encoder = open_encoder(settings.model_copy(update={"model": model}), threads=1, lanes=1)
        manifest.require(encoder.spec)
        return encoder

    return open_it


def _told(found: Found, *, mended: bool) -> Told:
    cure = found.kind.cure
    if found.kind.repair and not mended:
        cure = f"{CALL_REPAIR} {cure}".strip()
    return Told(found.code, found.kind.says, found.count, found.subjects, cure, mended)
