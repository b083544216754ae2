"""A camera whose frames a browser pushes: the page captures and encodes, the attendant records.

Consent, ring, recorder and clips are as ever. What falls away is said in docs/mirror.md: a frame's
moment is the browser's word, a busy browser leaves frames out before we hear of them, and what lies
in the browser's memory is the browser's.
"""

import threading
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass, replace
from fractions import Fraction
from typing import Any

import av

from mirror.camera import Patience
from mirror.clip import Note
from mirror.clock import Clock
from mirror.encode import X264, EncoderMaker
from mirror.errors import BadOrder, BadSource, CameraLost
from mirror.packet import Packet
from mirror.unpack import Step, Unpacker

NAME = "browser"
MOST_WAITING = 60  # two seconds of frames
_MOST_WAITING_BYTES = 32 * 1024 * 1024
_LOOK_S = 0.2  # a stop is noticed this soon while nobody pushes
_MICROSECOND = Fraction(1, 1_000_000)
# WebCodecs' names (RFC 6381) by their beginning, and FFmpeg's; H.264 is copied, the rest encoded.
_DECODERS = {"avc1.": "h264", "vp8": "vp8", "vp09.": "vp9", "jpeg": "mjpeg"}


@dataclass(frozen=True, slots=True)
class Pushed:
    """One encoded frame (H.264 with start codes), and when the browser says it was taken."""

    data: bytes
    taken_us: int
    key: bool


class Pusher:
    """The line of one page that pushes; made by BrowserCamera.connect."""

    def __init__(self, codec: str) -> None:
        self.codec = codec
        self.closed = False
        self.dropped = 0
        self._came = threading.Condition()
        self._waiting: deque[Pushed] = deque()
        self._bytes = 0
        self._wants_key = True

    def push(self, frame: Pushed) -> None:
        """A frame has come; returns at once. Where too many wait, all go up to the next key."""
        with self._came:
            if len(self._waiting) >= MOST_WAITING or self._bytes > _MOST_WAITING_BYTES:
                self.dropped += len(self._waiting)
                self._waiting.clear()
                self._bytes, self._wants_key = 0, True
            if self._wants_key and not frame.key:
                self.dropped += 1
                return
            self._wants_key = False
            self._waiting.append(frame)
            self._bytes += len(frame.data)
            self._came.notify()

    def close(self) -> None:
        """The page is gone."""
        with self._came:
            self.closed = True
            self._came.notify()

    def next(self, within_s: float) -> Pushed | None:
        """The next frame, None where none comes in time or the page is gone."""
        with self._came:
            self._came.wait_for(lambda: self._waiting or self.closed, within_s)
            if not self._waiting:
                return None
            frame = self._waiting.popleft()
            self._bytes -= len(frame.data)
            return frame


class BrowserCamera:
    """A camera (mirror/camera.Camera) that waits for a page to push; one page at a time."""

    def __init__(
        self,
        clock: Clock,
        patience: Patience | None = None,
        *,
        make_encoder: EncoderMaker = X264,
    ) -> None:
        self._clock, self._patience = clock, patience or Patience()
        self._unpack = Unpacker(make_encoder)
        self._connected = threading.Condition()
        self._pusher: Pusher | None = None
        self._dropped = 0

    @property
    def name(self) -> str:
        """It has no address."""
        return NAME

    def notes(self) -> tuple[Note, ...]:
        """What was odd and repaired so far; `browser_camera` says what this camera cannot vouch
        for."""
        said = Note("browser_camera", 1, "A browser took these frames and said when.")
        text = "Frames that came faster than they were read; up to the next key they were left out."
        dropped = (Note("frames_dropped", self._dropped, text),) if self._dropped else ()
        return (said, *self._unpack.notes(), *dropped)

    def connect(self, codec: str) -> Pusher:
        """A page wants to push `codec`, as WebCodecs calls it, or "jpeg".

        Raises BadOrder where another page pushes already, BadSource for a codec not read here.
        """
        if not any(codec.startswith(known) for known in _DECODERS):
            raise BadSource(NAME, f"the codec {codec[:40]!r} is not read here")
        with self._connected:
            if self._pusher is not None:
                raise BadOrder("another page is this mirror's camera")
            self._pusher = Pusher(codec)
            self._connected.notify()
            return self._pusher

    def disconnect(self, pusher: Pusher) -> None:
        """The page of `pusher` is gone."""
        pusher.close()
        with self._connected:
            self._dropped += pusher.dropped
            if self._pusher is pusher:
                self._pusher = None

    def packets(self, stop: threading.Event) -> Iterator[Packet]:
        """Wait for a page and yield what it pushes; the first one `resumes`.

        Raises CameraLost where no page comes, or the one that pushed is gone or silent.
        """
        end_s = self._clock.monotonic_s() + self._patience.open_s
        with self._connected:
            while not (self._pusher or stop.is_set() or self._clock.monotonic_s() >= end_s):
                self._connected.wait(_LOOK_S)
            pusher = self._pusher
        if stop.is_set():
            return
        if pusher is None:
            raise CameraLost(NAME, "no page sends its picture; open the mirror's page")
        self._unpack.restart()
        unpacked = self._open(pusher.codec)
        resumes = True
        while not stop.is_set():
            frame = pusher.next(self._patience.read_s)
            if frame is None:
                raise CameraLost(NAME, "its page was closed" if pusher.closed else "it is silent")
            self._unpack.arrived_s = self._clock.monotonic_s()
            for packet in unpacked.send(_as_packet(frame)):
                yield replace(packet, resumes=True) if resumes else packet
                resumes = False

    def _open(self, codec: str) -> Step:
        library = next(name for known, name in _DECODERS.items() if codec.startswith(known))
        if library == "h264":
            unpacked = self._unpack.copied(b"")
        else:
            context = av.CodecContext.create(library, "r")
            context.thread_count = 1
            unpacked = self._unpack.encoded(context)
        next(unpacked)
        return unpacked


def _as_packet(frame: Pushed) -> "av.Packet[Any]":
    packet: av.Packet[Any] = av.Packet(frame.data)
    packet.pts = packet.dts = frame.taken_us
    packet.time_base = _MICROSECOND
    return packet
