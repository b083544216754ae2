"""What a camera encoded becomes packets of the ring: H.264 untouched, all else encoded anew."""

from collections.abc import Generator
from typing import Any

from av.error import FFmpegError

from mirror.clip import Note
from mirror.encode import EncoderMaker, FrameEncoder, Picture
from mirror.errors import BadStream
from mirror.h264 import Reader
from mirror.packet import Packet
from mirror.timestamps import Timestamps

Step = Generator[list[Packet], Any, None]  # an encoded packet in, packets of the ring out
_MAX_DAMAGED_IN_A_ROW = 300  # ten seconds of nothing readable: this is no camera


class Unpacker:
    """Takes PyAV's packets of one camera; whoever reads the camera says when each arrived."""

    def __init__(self, make_encoder: EncoderMaker) -> None:
        self._make_encoder = make_encoder
        self._timestamps = Timestamps()
        self._damaged = 0
        self.arrived_s = 0.0

    def restart(self) -> None:
        """The stream begins anew: its next timestamp says nothing about the last one."""
        self._timestamps.restart()

    def notes(self) -> tuple[Note, ...]:
        """What was odd and repaired so far."""
        text = "Packets that could not be read; frames up to the next key were left out."
        damaged = (Note("packets_damaged", self._damaged, text),) if self._damaged else ()
        return self._timestamps.notes() + damaged

    def copied(self, extradata: bytes) -> Step:
        """Access units out of an H.264 stream, untouched; prime it with `next`."""
        reader = Reader(extradata)
        ready: list[Packet] = []
        waiting, in_a_row = True, 0
        while True:
            packet = yield ready
            ready = []
            try:
                if packet.is_corrupt:
                    raise BadStream("the camera marks the packet as corrupt")
                unit = reader.read(bytes(packet))
            except BadStream:
                self._damaged, waiting, in_a_row = self._damaged + 1, True, in_a_row + 1
                if in_a_row > _MAX_DAMAGED_IN_A_ROW:
                    raise
                continue
            in_a_row = 0
            if waiting and not unit.entry:
                continue
            placed = self._place(packet)
            ready.append(
                Packet(
                    unit.data, placed.shown_tick, placed.decoded_tick, unit.key, unit.entry,
                    unit.format, resumes=waiting,
                )
            )  # fmt: skip
            waiting = False

    def encoded(self, context: Any) -> Step:
        """Packets of a stream that is no H.264: decoded by `context`, and encoded live."""
        encoder: FrameEncoder | None = None
        size = (0, 0)
        ready: list[Packet] = []
        while True:
            packet = yield ready
            ready = []
            try:
                frames = context.decode(packet)
            except FFmpegError:
                self._damaged += 1
                continue
            for frame in frames:
                if encoder is None or size != (frame.width, frame.height):
                    encoder, size = self._make_encoder(frame, 100, 0), (frame.width, frame.height)
                tick = self._place(packet).shown_tick
                for sample in encoder.encode(Picture(tick, frame)):
                    data, key = sample.data, sample.key
                    at = sample.shown_tick
                    ready.append(Packet(data, at, at, key, key, encoder.format))

    def _place(self, packet: Any) -> Any:
        pts_s, dts_s = stamp_s(packet.pts, packet), stamp_s(packet.dts, packet)
        return self._timestamps.place(pts_s, dts_s, self.arrived_s)


def stamp_s(stamp: int | None, packet: Any) -> float | None:
    """A timestamp of `packet` in seconds, None where it has none."""
    return None if stamp is None else float(stamp * packet.time_base)
