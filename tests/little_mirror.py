"""A mirror at work: a real server, a real attendant before a drawn camera, and its own pages."""

import socket
import threading
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

from api.mirror_desk import HttpDesk
from api.mirror_door import mirror_door, serving
from api.mirror_relay import Relay
from api.people import people_app, tended
from customers.access import Caller, Role
from mirror.attendant import Attendant, Place
from mirror.browser_camera import BrowserCamera
from mirror.camera import Camera
from mirror.clock import SystemClock
from mirror.encode import X264
from mirror.recorder import RecorderLimits
from mirror.studio import Studio, open_studio

PAGE_PASS = "the-page-of-room-3"


@dataclass(frozen=True, slots=True)
class LittleMirror:
    """`url` is the attendant's, `server` the people's; `token` the mirror's own pass."""

    url: str
    server: str
    token: str
    attendant: Attendant
    studio: Studio

    @property
    def page(self) -> str:
        """The address of the mirror's own page."""
        return f"{self.url}mirror#{PAGE_PASS}"


@contextmanager
def little_mirror(folder: Path, camera: Camera) -> Iterator[LittleMirror]:
    """Everything in threads of this process until the block ends."""
    clock = SystemClock()
    with ExitStack() as stack:
        studio = stack.enter_context(tended(open_studio(folder / "people", clock)))
        studio.mirrors.add("room-3", "Room 3")
        token = studio.passes.issue(Caller(Role.MIRROR, "room-3"), clock.now(), 3600)
        server = stack.enter_context(serving(people_app(studio), listener()))
        limits = RecorderLimits(
            camera_delay_s=0.1, patience_s=30
        )  # a busy machine's frames come late
        place = Place(folder / "mirror", reserve_bytes=0, limits=limits)
        attendant = Attendant(camera, HttpDesk(server, "room-3", token), clock, place, X264)
        stack.enter_context(_tending(attendant))
        feeds = camera if isinstance(camera, BrowserCamera) else None
        door = mirror_door(attendant, Relay(server, "room-3", token), PAGE_PASS, feeds)
        url = stack.enter_context(serving(door, listener()))
        yield LittleMirror(url, server, token, attendant, studio)


@contextmanager
def _tending(attendant: Attendant) -> Iterator[None]:
    stop = threading.Event()
    thread = threading.Thread(target=attendant.run, args=(stop,))
    thread.start()
    try:
        yield
    finally:
        stop.set()
        thread.join()


def listener() -> socket.socket:
    """A socket on a free port of this machine."""
    bound = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    bound.bind(("127.0.0.1", 0))
    return bound
