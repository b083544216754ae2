"""A camera that is drawn: a figure that turns, a counter that a machine can read, a watermark.

The counter is burnt into the top rows as 24 blocks of 16 px, black or white, so that it survives
any encoding and any player's scaling; a secret lies in an SEI of every packet, so that a search of
memory, disks and files finds every copy of an encoded frame.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import cv2
import numpy as np
import numpy.typing as npt

from mirror.clock import TICKS_PER_S
from mirror.h264 import Reader, join_lengths, split_lengths
from mirror.packet import Packet

BITS, BLOCK_PX = 24, 16
_SEI_UUID = b"vistazo-drawn-01"


@dataclass(frozen=True, slots=True)
class Drawing:
    """What the drawn camera sends."""

    width_px: int = 384
    height_px: int = 288
    fps: int = 30
    gop: int = 30
    bframes: int = 0
    open_gop: bool = False
    profile: str = "high"
    secret: bytes = b""


def draw(number: int, width_px: int, height_px: int) -> npt.NDArray[np.uint8]:
    """Frame `number`: a coat on two legs that turns once in 120 frames, under its counter."""
    picture: Any = np.full((height_px, width_px, 3), (205, 198, 188), np.uint8)
    turn = np.cos(number * 2 * np.pi / 120)
    centre, top, height = width_px // 2, height_px // 4, height_px // 2
    half = max(4, int(abs(turn) * width_px / 8) + width_px // 24)
    coat = (60, 60, 150) if turn > 0 else (50, 50, 110)
    cv2.ellipse(
        picture,
        (centre, top - height // 8),
        (half // 3 + 6, height // 9),
        0,
        0,
        360,
        (150, 175, 215),
        -1,
    )
    cv2.rectangle(picture, (centre - half, top), (centre + half, top + height * 3 // 5), coat, -1)
    for side in (-1, 1):
        x = centre + side * half // 2
        cv2.rectangle(
            picture, (x - 6, top + height * 3 // 5), (x + 6, top + height), (70, 50, 40), -1
        )
    for bit in range(BITS):
        shade = 235 if number >> bit & 1 else 20
        x = bit * BLOCK_PX
        picture[:BLOCK_PX, x : x + BLOCK_PX] = shade
        picture[BLOCK_PX : 2 * BLOCK_PX, x : x + BLOCK_PX] = 255 - shade  # so that noise is told
    return picture  # type: ignore[no-any-return]  # OpenCV ships no types


def read_counter(picture: npt.NDArray[np.uint8]) -> int:
    """The number burnt into a decoded picture (H × W × 3); raises ValueError where none is."""
    grey = picture.mean(axis=2)
    number = 0
    middle = BLOCK_PX // 2
    for bit in range(BITS):
        x = bit * BLOCK_PX + middle
        above = grey[middle - 3 : middle + 3, x - 3 : x + 3].mean()
        below = grey[middle + BLOCK_PX - 3 : middle + BLOCK_PX + 3, x - 3 : x + 3].mean()
        if abs(above - below) < 80:
            raise ValueError("no counter is burnt into this picture")
        number |= int(above > below) << bit
    return number


def film(path: Path, frames: Sequence[int], drawing: Drawing, **options: str) -> Path:
    """Write a video file whose frame k shows `frames[k]`."""
    with av.open(str(path), "w", options=options) as container:
        stream: Any = container.add_stream("libx264", rate=drawing.fps)
        _set_up(stream, drawing)
        for k, number in enumerate(frames):
            frame = _frame(number, drawing)
            frame.pts, frame.time_base = k, Fraction(1, drawing.fps)
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
    return path


def packets(
    count: int, drawing: Drawing, *, start_tick: int = 900_000, first_number: int = 0
) -> list[Packet]:
    """`count` packets in decoding order, as the ring holds them; frame k shows first_number + k."""
    context: Any = av.CodecContext.create("libx264", "w")
    _set_up(context, drawing)
    context.flags |= av.codec.context.Flags.global_header
    context.open()
    step = TICKS_PER_S // drawing.fps
    reader = Reader(bytes(context.extradata))
    found = []
    for encoded in _encoded(context, count, first_number, drawing):
        unit = reader.read(bytes(encoded))
        data = _with_secret(unit.data, drawing.secret) if drawing.secret else unit.data
        shown, decoded = start_tick + encoded.pts * step, start_tick + encoded.dts * step
        found.append(Packet(data, shown, decoded, unit.key, unit.entry, unit.format))
    return found


def _encoded(context: Any, count: int, first_number: int, drawing: Drawing) -> Iterator[Any]:
    for k in range(count):
        frame = _frame(first_number + k, drawing)
        frame.pts, frame.time_base = k, Fraction(1, drawing.fps)
        yield from context.encode(frame)
    yield from context.encode(None)


def _frame(number: int, drawing: Drawing) -> av.VideoFrame:
    return av.VideoFrame.from_ndarray(draw(number, drawing.width_px, drawing.height_px), "bgr24")


def _set_up(context: Any, drawing: Drawing) -> None:
    context.width, context.height, context.pix_fmt = drawing.width_px, drawing.height_px, "yuv420p"
    if isinstance(context, av.VideoCodecContext):
        context.time_base, context.framerate = Fraction(1, drawing.fps), Fraction(drawing.fps)
        context.thread_count = 1
    parameters = (
        f"keyint={drawing.gop}:min-keyint={drawing.gop}:scenecut=0:bframes={drawing.bframes}"
        f":b-adapt=0:open-gop={int(drawing.open_gop)}:rc-lookahead=0:annexb=1"
    )
    context.options = {
        "preset": "ultrafast" if not drawing.bframes else "superfast",
        "crf": "28",
        "profile": drawing.profile,
        "x264-params": parameters,
    }


def _with_secret(data: bytes, secret: bytes) -> bytes:
    """The access unit with the secret in front, as user data (SEI 5)."""
    payload = _SEI_UUID + secret
    return join_lengths([bytes([6, 5, len(payload)]) + payload + b"\x80", *split_lengths(data)])
