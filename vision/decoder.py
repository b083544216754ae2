"""Who turns a stranger's bytes into what the encoder takes: workers apart, or this very process."""

from time import perf_counter
from typing import Protocol

from vision.decode import Limits, decode
from vision.photo import Box, Square
from vision.preprocess import preprocess
from vision.spec import Resize
from vision.thumbnail import thumbnail_of


class Decoder(Protocol):
    """What the door needs done with the bytes of pictures. Thread-safe.

    Both acts raise NotAPicture, PictureTooLarge, BoxOutside, DecoderBusy; those of workers also
    DecodingStopped and DecoderBroken.
    """

    def square(self, data: bytes, *, box: Box | None, side_px: int, resize: Resize) -> Square:
        """The picture (the wanted box of it) as an encoder of `side_px` takes it."""

    def thumbnail(self, data: bytes, width_px: int) -> bytes:
        """The picture as a JPEG at most `width_px` wide; of the file nothing but its pixels."""

    def fault(self) -> str:
        """Why no picture can be decoded, or ""."""

    @property
    def stopped(self) -> int:
        """Pictures whose decoding was stopped, since the start."""

    def close(self) -> None:
        """Let go of what it holds."""


class InPlace:
    """Decodes in this process: for the user's own pictures on the command line, and for tests."""

    def __init__(self, limits: Limits) -> None:
        self._limits = limits

    def square(self, data: bytes, *, box: Box | None, side_px: int, resize: Resize) -> Square:
        """As Decoder promises."""
        started = perf_counter()
        photo = decode(data, box=box, side_px=side_px, limits=self._limits)
        decoded = perf_counter()
        pixels = preprocess(photo, side_px, resize)
        took_ms = {
            "decode": (decoded - started) * 1000,
            "preprocess": (perf_counter() - decoded) * 1000,
        }
        return Square(pixels, photo.width_px, photo.height_px, took_ms)

    def thumbnail(self, data: bytes, width_px: int) -> bytes:
        """As Decoder promises."""
        photo = decode(data, box=None, side_px=width_px, limits=self._limits)
        return thumbnail_of(photo, width_px)

    def fault(self) -> str:
        """Nothing can be wrong here that would not end the whole process."""
        return ""

    @property
    def stopped(self) -> int:
        """What would stop a decoder here would stop the process."""
        return 0

    def close(self) -> None:
        """Nothing is held."""
