"""Puts an attendant together: camera, line to the server, encoder, watch. Only here by name."""

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from mirror.guard import Watch

if TYPE_CHECKING:
    from mirror.attendant import Attendant
    from mirror.camera import Camera
    from mirror.desk import Desk
    from mirror.watcher import Watcher

PERSONS = "persons.onnx"


@dataclass(frozen=True, slots=True)
class Wishes:
    """What an operator chose for a mirror: its folder, its encoder, and what company means."""

    folder: Path
    encoder: str
    watch: Watch


def open_camera(address: str, encoder: str) -> "Camera":
    """The camera at `address`; raises BadSource and NoEncoder."""
    from mirror.browser_camera import NAME, BrowserCamera
    from mirror.camera import VideoSource
    from mirror.clock import SystemClock
    from mirror.encoders import choose

    if address == NAME:
        return BrowserCamera(SystemClock(), make_encoder=choose(encoder).make)
    return VideoSource(address, SystemClock(), make_encoder=choose(encoder).make)


def open_attendant(camera: "Camera", desk: "Desk", wishes: Wishes) -> "Attendant":
    """The attendant, not running yet; raises PeopleBusy and NoEncoder."""
    from mirror.attendant import Attendant, Place
    from mirror.clock import SystemClock
    from mirror.encoders import choose

    chosen = choose(wishes.encoder)
    said = f"{chosen.name} ({chosen.licence})"
    place = Place(wishes.folder, watch=wishes.watch, encoder=said)
    watcher = None if wishes.watch is Watch.OFF else _watcher()
    return Attendant(camera, desk, SystemClock(), place, chosen.make, watcher)


def _watcher() -> "Watcher | None":
    """None where the net cannot be loaded: the guard holds then, and the state says so."""
    from mirror.persons import HeadCounter
    from mirror.watcher import Watcher
    from models.registry import BUILTIN
    from vision.errors import VisionError

    try:
        return Watcher(HeadCounter(BUILTIN / PERSONS))
    except VisionError:
        return None
