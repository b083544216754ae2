"""Snapshots of the live space of a shop; and a shop put back with its model as the live one."""

from datetime import datetime
from pathlib import Path

from api.carrying import carry_over
from api.live import Live, follow, point_to
from api.settings import Settings
from index.restore import restore_snapshot
from index.snapshot import About, Taken, Tell, take_snapshot
from models.card import read_card
from models.registry import BUILTIN


def take(settings: Settings, file: Path, now: datetime, *, whole: bool, tell: Tell) -> Taken:
    """A snapshot of the live space. Raises CatalogueError, OSError."""
    taken_at = now.isoformat(timespec="seconds")
    return take_snapshot(follow(settings).shop, file, taken_at=taken_at, whole=whole, on_stage=tell)


def put_back(
    settings: Settings, file: Path, now: datetime, tell: Tell
) -> tuple[About, Path | None]:
    """The snapshot that was put in the shop's folder, and where the shop lies that was there.

    A shop of another model than the built-in one gets a pointer to its model, so that it is served
    with that. Raises CatalogueError, OSError.
    """
    abouts: list[About] = []

    def finish(unpacked: Path, about: About) -> None:
        abouts.append(about)
        carry_over(settings.shop, unpacked)
        card = read_card(BUILTIN)
        if about.model != f"{card.name}@{card.version}":
            point_to(unpacked, Live("", about.model))

    old = restore_snapshot(
        file,
        settings.shop,
        now_s=now.timestamp(),
        beside=f".before-{now:%Y%m%d-%H%M%S}",
        finish=finish,
        on_stage=tell,
    )
    return abouts[0], old
