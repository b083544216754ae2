"""One encoded frame, and how to read it."""

from dataclasses import dataclass
from typing import Literal

Codec = Literal["h264", "vp9"]


@dataclass(frozen=True, slots=True)
class StreamFormat:
    """What a decoder must know before the first packet.

    `sps` and `pps` are H.264 parameter sets, without start codes, as the camera sent them; a stream
    of `codec` VP9 needs none. Two packets whose formats are equal belong to streams that can follow
    each other in one file, if the second one starts at a key.
    """

    width_px: int
    height_px: int
    sps: tuple[bytes, ...]
    pps: tuple[bytes, ...]
    codec: Codec = "h264"


@dataclass(frozen=True, slots=True, eq=False)
class Packet:
    """One access unit, in the order of decoding.

    `data` holds its NAL units, each behind four bytes of length (as in MP4), or a frame of VP9;
    `shown_tick` is when
    the frame is shown and `decoded_tick` a lower bound on when any later packet is shown, both in
    1/90,000 s on the mirror's monotonic clock. `key`: an IDR, decoding can start here and nothing
    after it refers to anything before; `entry`: decoding can start here, but pictures shown before
    it are broken then. `resumes`: the first packet after a gap in the stream.
    """

    data: bytes
    shown_tick: int
    decoded_tick: int
    key: bool
    entry: bool
    format: StreamFormat
    resumes: bool = False
