"""How many pixels may be in decoding at once, so that few bytes cannot claim all memory.

Why: a valid PNG of 640 kB can hold 79 million pixels, 316 MB once decoded; twelve of them sent
together took 5.9 GB and kept most of it.
"""

import ctypes
import sys
import threading
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from typing import Final, Protocol

from vision.errors import DecoderBusy

LARGE_PIXELS: Final = 20_000_000  # 80 MB of RGBA: worth giving back to the system at once


class Budget(Protocol):
    """Whoever grants room for the pixels of a decode."""

    def hold(self, pixels: int) -> AbstractContextManager[None]:
        """Room for `pixels` while the block runs; entering raises DecoderBusy."""


class PixelBudget:
    """Room for `capacity` pixels among all decodes under way; thread-safe."""

    def __init__(self, capacity: int) -> None:
        self._capacity = capacity
        self._lock = threading.Lock()
        self._held = 0

    @contextmanager
    def hold(self, pixels: int) -> Iterator[None]:
        """Keep room for `pixels` while decoding; one decode alone always has room.

        Raises DecoderBusy, at once, when the others leave too little: who waited here would hold a
        thread that a small picture could use.
        """
        with self._lock:
            if self._held and self._held + pixels > self._capacity:
                raise DecoderBusy(self._held, retry_after_s=1.0)
            self._held += pixels
        try:
            yield
        finally:
            with self._lock:
                self._held -= pixels
            if pixels >= LARGE_PIXELS:
                give_back_memory()


def give_back_memory() -> None:
    """Ask the C library to return freed pages; glibc would keep blocks of up to 32 MB."""
    if sys.platform == "linux":
        trim = getattr(ctypes.CDLL(None), "malloc_trim", None)  # musl has none
        if trim is not None:
            trim(0)
