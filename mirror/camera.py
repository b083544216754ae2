"""Cameras: a device, RTSP, MJPEG over HTTP, or a file played in real time. Never any sound.

A camera that sends H.264 is read without decoding; any other is decoded and encoded live. A
camera that is lost raises CameraLost within `Patience.read_s`; finding it again is the attendant's.
"""

import threading
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Protocol

import av
from av.error import FFmpegError

from mirror.clip import Note
from mirror.clock import Clock
from mirror.encode import X264, EncoderMaker
from mirror.errors import BadSource, CameraLost
from mirror.packet import Packet
from mirror.unpack import Unpacker, stamp_s

_LIVE = ("rtsp://", "rtsps://", "http://", "https://")
_EDGE_S = 0.005  # a read that had to wait for the camera: what follows is live
_MAX_EARLY = 600  # twenty seconds: no camera holds more


@dataclass(frozen=True, slots=True)
class Patience:
    """How long a camera may take to open, and to send its next frame."""

    open_s: float = 5.0
    read_s: float = 1.5


class Camera(Protocol):
    """The seam: opened again and again, it yields packets until it is lost."""

    @property
    def name(self) -> str:
        """What people call it; holds no password."""
        ...

    def packets(self, stop: threading.Event) -> Iterator[Packet]:
        """Open it and yield until `stop` is set; raises CameraLost, BadStream and BadSource."""
        ...

    def notes(self) -> tuple[Note, ...]:
        """What was odd and repaired so far."""
        ...


class VideoSource:
    """A camera read by PyAV. A file is played in real time, from its start each time it ends."""

    def __init__(
        self, address: str, clock: Clock, patience: Patience | None = None, *, loop: bool = True,
        make_encoder: EncoderMaker = X264,
    ) -> None:  # fmt: skip
        self._address, self._clock, self._loop = address, clock, loop
        self._unpack = Unpacker(make_encoder)
        self._patience = patience or Patience()
        self._file = not address.startswith(_LIVE) and not address.startswith("/dev/")
        if not address.strip() or (self._file and not Path(address).is_file()):
            raise BadSource(self.name, "there is no such file")

    @property
    def name(self) -> str:
        """The address without user and password."""
        scheme, found, rest = self._address.partition("://")
        return f"{scheme}://{rest.rpartition('@')[2]}" if found else self._address

    def notes(self) -> tuple[Note, ...]:
        """What was odd and repaired so far."""
        return self._unpack.notes()

    def packets(self, stop: threading.Event) -> Iterator[Packet]:
        """Open the camera and yield its packets; the first one `resumes`."""
        container = self._open()
        try:
            resumes = True
            self._unpack.restart()
            for packet in self._read(container, stop):
                yield replace(packet, resumes=True) if resumes else packet
                resumes = False
        except FFmpegError as cause:
            raise CameraLost(self.name, self._said(cause)) from cause
        finally:
            container.close()
        if not stop.is_set():
            raise CameraLost(self.name, "it ended")

    def _open(self) -> Any:
        options, form = {}, None
        if self._address.startswith("rtsp"):
            # TCP: a lost datagram would tear frames. Video only: sound is never even received.
            # 0.3 s of looking at it: the parameter sets say the rest, and she is waiting.
            options = {
                "rtsp_transport": "tcp",
                "allowed_media_types": "video",
                "analyzeduration": "300000",
            }
        elif self._address.startswith("/dev/"):
            form = "v4l2"
        patience = None if self._file else (self._patience.open_s, self._patience.read_s)
        try:
            container = av.open(self._address, format=form, options=options, timeout=patience)
        except (FFmpegError, OSError) as cause:
            if self._file:
                raise BadSource(self.name, f"it is no video ({self._said(cause)})") from cause
            raise CameraLost(self.name, self._said(cause)) from cause
        if not container.streams.video:
            container.close()
            raise BadSource(self.name, "it holds no picture")
        return container

    def _said(self, cause: Exception) -> str:
        """What the library said, without the password it may repeat."""
        return str(cause).replace(self._address, self.name)

    def _read(self, container: Any, stop: threading.Event) -> Iterator[Packet]:
        video = container.streams.video[0]
        context = video.codec_context
        copies = context.name == "h264"
        unpacked = (
            self._unpack.copied(bytes(context.extradata or b""))
            if copies
            else self._unpack.encoded(context)
        )
        next(unpacked)
        arrivals = (
            self._paced(container, video, stop) if self._file else self._live(container, video)
        )
        for packet, arrived_s in arrivals:
            if stop.is_set():
                return
            self._unpack.arrived_s = arrived_s
            yield from unpacked.send(packet)

    def _paced(
        self, container: Any, video: Any, stop: threading.Event
    ) -> Iterator[tuple[Any, float]]:
        pace = _Pace(self._clock)
        for packet in self._demuxed(container, video):
            pace.wait(stamp_s(packet.dts, packet), stop)
            yield packet, self._clock.monotonic_s()

    def _live(self, container: Any, video: Any) -> Iterator[tuple[Any, float]]:
        """Packets and when they arrived; those that waited while we opened arrived earlier."""
        early: list[Any] = []
        at_edge, asked_s = False, self._clock.monotonic_s()
        for packet in self._demuxed(container, video):
            now_s = self._clock.monotonic_s()
            if at_edge:
                yield packet, now_s
                continue
            early.append(packet)
            at_edge = now_s - asked_s > _EDGE_S or len(early) >= _MAX_EARLY
            if at_edge:
                newest_s = _camera_s(packet)
                yield from ((p, now_s - max(0.0, newest_s - _camera_s(p))) for p in early)
            asked_s = self._clock.monotonic_s()

    def _demuxed(self, container: Any, video: Any) -> Iterator[Any]:
        while True:
            yield from (packet for packet in container.demux(video) if packet.size)
            if not (self._file and self._loop):
                return
            container.seek(0)
            self._unpack.restart()


class _Pace:
    """Holds a file back to the rhythm it was filmed in."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._start_s: float | None = None
        self._last_s = self._step_s = 0.0

    def wait(self, at_s: float | None, stop: threading.Event) -> None:
        """Wait until `at_s` of the file is due, or `stop`."""
        now_s = self._clock.monotonic_s()
        at_s = self._last_s if at_s is None else at_s
        if self._start_s is None:
            self._start_s = now_s - at_s
        elif at_s < self._last_s:  # played anew: the last frame has its time, too
            self._start_s = now_s + self._step_s - at_s
        else:
            self._step_s = at_s - self._last_s
        self._last_s = at_s
        stop.wait(max(0.0, self._start_s + at_s - now_s))


def _camera_s(packet: Any) -> float:
    stamp = packet.pts if packet.dts is None else packet.dts
    return stamp_s(stamp, packet) or 0.0
