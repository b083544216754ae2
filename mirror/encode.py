"""Decoding and encoding anew, where a clip cannot be cut by copying.

PyAV is imported here, in vp9, encoders, cut (whose pictures are its frames) and by the cameras. Its
x264 is GPL, VP9 is not: see docs/mirror.md.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from fractions import Fraction
from typing import Any, ClassVar, Protocol

import av
from av.error import FFmpegError

from mirror.clock import TICKS_PER_S
from mirror.errors import BadStream
from mirror.h264 import Reader, read_sps, write_avcc
from mirror.mp4 import Sample
from mirror.packet import Codec, Packet, StreamFormat

TICK = Fraction(1, TICKS_PER_S)
_PROFILES = {66: "baseline", 77: "main", 100: "high"}
_JOINABLE_PICTURES = ("yuv420p", "yuvj420p")


@dataclass(frozen=True, slots=True, eq=False)
class Picture:
    """A decoded frame and the tick at which it is shown."""

    tick: int
    frame: av.VideoFrame


class FrameEncoder(Protocol):
    """The seam: what a cut needs of an encoder. One instance makes one piece, led by an IDR."""

    def encode(self, picture: Picture) -> list[Sample]:
        """Encode one picture, in the order of showing; what is ready comes back."""
        ...

    def finish(self) -> list[Sample]:
        """What was still inside."""
        ...

    @property
    def format(self) -> StreamFormat:
        """The parameter sets of the piece, known from the start."""
        ...


class EncoderMaker(Protocol):
    """Makes an encoder for pictures like `first`, whose parameter sets carry `set_id`."""

    @property
    def codec(self) -> Codec:
        """What it makes."""
        ...

    def __call__(self, first: av.VideoFrame, profile_idc: int, set_id: int) -> FrameEncoder:
        """Raises BadStream where pictures like `first` cannot be encoded so."""
        ...


class X264:
    """x264 by PyAV: no reordering, no look-ahead, a key every second at 30 frames a second.

    Preset superfast, CRF 19: real 1080p pictures took 20 ms of a busy core each (veryfast 30,
    ultrafast 9 but half as much again in bytes), so that a raw camera's 30 a second fit into one.
    """

    codec: ClassVar[Codec] = "h264"

    def __init__(self, first: av.VideoFrame, profile_idc: int, set_id: int) -> None:
        context = av.CodecContext.create("libx264", "w")
        context.width, context.height = first.width, first.height
        context.pix_fmt = (
            first.format.name if first.format.name in _JOINABLE_PICTURES else "yuv420p"
        )
        context.time_base, context.framerate = TICK, Fraction(30)
        context.color_range, context.colorspace = first.color_range, first.colorspace
        context.color_primaries, context.color_trc = first.color_primaries, first.color_trc
        context.thread_count = 1
        context.flags |= av.codec.context.Flags.global_header
        context.options = {
            "preset": "superfast",
            "tune": "zerolatency",
            "crf": "19",
            "profile": _PROFILES.get(profile_idc, "high"),
            "x264-params": f"sps-id={set_id}:annexb=1:bframes=0:keyint=30:scenecut=0:info=0",
        }
        try:
            context.open()
        except FFmpegError as cause:
            raise BadStream(f"x264 does not take pictures like these ({cause})") from cause
        self._context = context
        self._pix_fmt = context.pix_fmt
        self._reader = Reader(bytes(context.extradata or b""))

    @property
    def format(self) -> StreamFormat:
        """The parameter sets of the piece."""
        return self._reader.format

    def encode(self, picture: Picture) -> list[Sample]:
        """One picture in, as a rule one sample out."""
        context, frame = self._context, picture.frame
        wanted = (context.width, context.height, self._pix_fmt)
        if (frame.width, frame.height, frame.format.name) != wanted:
            frame = frame.reformat(width=wanted[0], height=wanted[1], format=wanted[2])
        frame.pts, frame.time_base = picture.tick, TICK
        frame.pict_type = av.video.frame.PictureType.NONE  # else the camera's choice binds x264
        try:
            return self._samples(context.encode(frame))
        except FFmpegError as cause:
            raise BadStream(f"a picture cannot be encoded ({cause})") from cause

    def finish(self) -> list[Sample]:
        """What was still inside."""
        return self._samples(self._context.encode(None))

    def _samples(self, packets: "Iterable[av.Packet[Any]]") -> list[Sample]:
        samples = []
        for packet in packets:
            unit = self._reader.read(bytes(packet))
            if packet.pts is None:
                raise BadStream("the encoder lost a moment")
            samples.append(Sample(unit.data, packet.pts, unit.key))
        return samples


def decode(packets: Iterable[Packet]) -> Iterator[Picture]:
    """The pictures of `packets` (which begin at an entry and share a format), as they are shown.

    A packet that cannot be decoded takes its followers up to the next entry with it: they would
    show a patchwork. What is missing is for the caller to see, by comparing with what it asked for.
    """
    context: av.VideoCodecContext | None = None
    damaged = True
    first_tick = 0
    for packet in packets:
        if context is None:
            context = _decoder(packet.format)
        if damaged and packet.entry:
            damaged, first_tick = False, packet.shown_tick
        if damaged or packet.shown_tick < first_tick:  # the latter lean on what was not decoded
            continue
        encoded: av.Packet[Any] = av.Packet(packet.data)
        encoded.pts, encoded.dts, encoded.time_base = packet.shown_tick, None, TICK
        try:
            pictures = _pictures(context, encoded)
        except FFmpegError:
            damaged = True
            context.flush_buffers()
            continue
        yield from pictures
    if context is not None:
        yield from _pictures(context, None)


def joinable(stream: StreamFormat) -> str:
    """ "" where another encoder's pieces may join this stream, else why not (a stable word)."""
    for unit in stream.sps:
        sps = read_sps(unit)
        if not sps.frames_only:
            return "interlaced"
        if sps.profile_idc not in _PROFILES or sps.chroma_format_idc != 1 or sps.bit_depth != 8:
            return "profile"
    return ""


def _decoder(stream: StreamFormat) -> av.VideoCodecContext:
    context = av.CodecContext.create(stream.codec, "r")
    if stream.codec == "h264":
        context.extradata = write_avcc(stream.sps, stream.pps)
    context.thread_count = 1
    context.options = {"err_detect": "explode+bitstream+buffer"}  # say so rather than conceal
    return context


def _pictures(context: av.VideoCodecContext, packet: "av.Packet[Any] | None") -> list[Picture]:
    frames = context.decode(packet)
    return [Picture(f.pts, f) for f in frames if f.pts is not None and not f.is_corrupt]
