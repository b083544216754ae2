"""Encoding with VP9 (libvpx, BSD-3-Clause): the mirror without x264's GPL.

It cannot join into a camera's H.264, so that such clips are encoded whole where they do not begin
at a key; what a raw camera sends is encoded live, and cut by copying as ever.
"""

from fractions import Fraction
from typing import ClassVar

import av
from av.error import FFmpegError

from mirror.encode import TICK, Picture
from mirror.errors import BadStream
from mirror.mp4 import Sample
from mirror.packet import Codec, StreamFormat

_BITS_A_PIXEL = 8_000_000 / (1920 * 1080)  # a second; CRF stays below it unless much moves


class Vp9:
    """libvpx by PyAV: one picture in, one frame out, a key every second at 30 frames a second.

    Real time, speed 8, CRF 28: real 1080p pictures took 21 ms of a busy core each beside x264's 20,
    in half its bytes (SVT-AV1, preset 12: 20 ms; VP9 was taken since more phones play it).
    """

    codec: ClassVar[Codec] = "vp9"

    def __init__(self, first: av.VideoFrame, profile_idc: int, set_id: int) -> None:
        context = av.CodecContext.create("libvpx-vp9", "w")
        # Chroma is halved: odd sides lose their last line.
        context.width, context.height = first.width & ~1, first.height & ~1
        context.pix_fmt = "yuv420p"
        context.time_base, context.framerate = TICK, Fraction(30)
        context.thread_count = 1
        context.bit_rate = max(200_000, int(_BITS_A_PIXEL * context.width * context.height))
        context.options = {
            "deadline": "realtime", "cpu-used": "8", "lag-in-frames": "0", "auto-alt-ref": "0",
            "crf": "28", "g": "30",
        }  # fmt: skip
        try:
            context.open()
        except (FFmpegError, OverflowError) as cause:
            raise BadStream(f"VP9 does not take pictures like these ({cause})") from cause
        self._context = context
        self.format = StreamFormat(context.width, context.height, (), (), "vp9")

    def encode(self, picture: Picture) -> list[Sample]:
        """One picture in, one sample out."""
        size, frame = self.format, picture.frame
        wanted = (size.width_px, size.height_px, "yuv420p")
        if (frame.width, frame.height, frame.format.name) != wanted:
            frame = frame.reformat(width=wanted[0], height=wanted[1], format=wanted[2])
        frame.pts, frame.time_base = picture.tick, TICK
        frame.pict_type = av.video.frame.PictureType.NONE
        return self._samples(frame)

    def finish(self) -> list[Sample]:
        """What was still inside: nothing, it looks ahead at none."""
        return self._samples(None)

    def _samples(self, frame: av.VideoFrame | None) -> list[Sample]:
        try:
            packets = self._context.encode(frame)
        except FFmpegError as cause:
            raise BadStream(f"a picture cannot be encoded ({cause})") from cause
        samples = []
        for packet in packets:
            if packet.pts is None:
                raise BadStream("the encoder lost a moment")
            samples.append(Sample(bytes(packet), packet.pts, packet.is_keyframe))
        return samples
