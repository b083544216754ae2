"""An attendant at work, before a server that is written on paper."""

import io
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import av

from customers.consent import AgeStatement, Consent, Purpose
from customers.keys import Keys
from customers.seal import SealedFile
from mirror.attendant import Attendant, Place
from mirror.camera import Patience, VideoSource
from mirror.clip import Clip
from mirror.clips import Kind
from mirror.clock import SystemClock
from mirror.desk import MirrorState, Orders, Recording
from mirror.encode import X264
from mirror.errors import DeskAway, DeskRefused
from mirror.session import Session
from mirror.take import RecorderLimits
from tests.drawn_camera import read_counter


class PaperDesk:
    """The server's side on paper: what it wants, and what it was given. Can be away."""

    def __init__(self, keys: Keys) -> None:
        self.keys = keys
        self.session: Session | None = None
        self.recording: Recording | None = None
        self.destroy: tuple[str, ...] = ()
        self.away = False
        self.refuses = ""
        self.kept: dict[str, tuple[Clip, dict[Kind, bytes]]] = {}
        self.deliveries = 0
        self.states: list[MirrorState] = []

    def visit(self, *, consented: bool) -> None:
        now = datetime.now(UTC)
        consent = Consent(
            "co1", "ana", "v1", "m1", frozenset({Purpose.RECORD}), "I agree.", "en", now,
            now + timedelta(hours=1), "Ana", AgeStatement.OF_AGE,
        )  # fmt: skip
        given = (consent,) if consented else ()
        self.session = Session("m1", "v1", "ana", self.keys.make("ana"), given)

    def record(self, clip_id: str, pre_roll_s: float = 0.0) -> None:
        self.recording = Recording(clip_id, datetime.now(UTC), pre_roll_s)

    def stop(self) -> None:
        assert self.recording is not None
        self.recording = replace(self.recording, stopped_at=datetime.now(UTC))

    def report(self, state: MirrorState) -> Orders:
        if self.away:
            raise DeskAway("paper", "away")
        self.states.append(state)
        return Orders(datetime.now(UTC), self.session, self.recording, self.destroy)

    def deliver(self, clip: Clip, files: Mapping[Kind, Path]) -> None:
        if self.away:
            raise DeskAway("paper", "away")
        if self.refuses:
            raise DeskRefused(self.refuses, "no")
        self.deliveries += 1
        self.kept[clip.id] = (clip, {kind: path.read_bytes() for kind, path in files.items()})

    def unwrap(self, clip_id: str, wrapped: bytes) -> bytes:
        if self.away:
            raise DeskAway("paper", "away")
        return self.keys.unwrap("ana", wrapped)

    def numbers(self, clip_id: str, tmp_path: Path) -> list[int]:
        """The counters burnt into a kept clip, opened with her key."""
        (tmp_path / "sealed").write_bytes(self.kept[clip_id][1]["video"])
        plain = SealedFile(tmp_path / "sealed", lambda w: self.keys.unwrap("ana", w)).read()
        with av.open(io.BytesIO(plain), "r", options={"ignore_editlist": "1"}) as container:
            return [read_counter(f.to_ndarray(format="bgr24")) for f in container.decode(video=0)]


def until(holds: Callable[[], object], limit_s: float = 60.0) -> None:
    end_s = time.monotonic() + limit_s
    while not holds():
        assert time.monotonic() < end_s, "it never came to be"
        time.sleep(0.02)


@contextmanager
def tending(
    address: str, desk: PaperDesk, folder: Path, clock: SystemClock | None = None
) -> Iterator[Attendant]:
    """An attendant before a real camera library, in threads as in a shop."""
    clock = clock or SystemClock()
    # A camera that is unplugged ends its line: nothing here waits for a camera's silence.
    camera = VideoSource(address, clock, Patience(open_s=60, read_s=60))
    limits = RecorderLimits(camera_delay_s=0.1, patience_s=30)  # a busy machine's frames come late
    place = Place(folder, reserve_bytes=0, limits=limits)
    attendant = Attendant(camera, desk, clock, place, X264)
    stop = threading.Event()
    thread = threading.Thread(target=attendant.run, args=(stop,))
    thread.start()
    try:
        yield attendant
    finally:
        stop.set()
        thread.join()
