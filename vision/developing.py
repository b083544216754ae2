"""A decoding worker: one process, one picture at a time, and it knows nothing else.

It reads a slip, finds the picture's bytes in the memory that it shares with the server, wipes them
there, decodes, and leaves the result in their place. See darkroom for what that is good for.
"""

import mmap
import os
import socket
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from time import perf_counter
from typing import Final

import cv2
import numpy as np

from vision.budget import LARGE_PIXELS, give_back_memory
from vision.confine import allow_cpu, confine
from vision.decode import Limits
from vision.errors import DecoderBusy, NotAPicture, VisionError
from vision.photo import Box, Photo
from vision.preprocess import preprocess
from vision.slips import MOST_SLIP_BYTES, Slip, error_slip, read, written
from vision.thumbnail import thumbnail_of

PICTURES: Final = 1000
"""After so many a worker retires: what its libraries leak or scatter goes with it. A new one costs
some 10 ms."""

Decode = Callable[..., Photo]


class AskedBudget:
    """The server's budget of pixels, asked over the worker's socket; see PixelBudget."""

    def __init__(self, wire: socket.socket, picture: int, free_pixels: int) -> None:
        self._wire, self._picture, self._free_pixels = wire, picture, free_pixels

    @contextmanager
    def hold(self, pixels: int) -> Iterator[None]:
        """Keep room for `pixels`; a small picture needs not ask. Raises DecoderBusy."""
        if pixels > self._free_pixels:
            self._wire.send(written({"ask": pixels, "picture": self._picture}))
            answer = read(self._wire.recv(MOST_SLIP_BYTES))
            if not answer["go"]:
                raise DecoderBusy(answer["held"], retry_after_s=1.0)
        try:
            yield
        finally:
            if pixels >= LARGE_PIXELS:
                give_back_memory()


def work(
    wire: socket.socket, memory_fd: int, decode: Decode, memory_bytes: int, parent: int
) -> None:
    """Be a worker of `parent` until the server hangs up or it is time to retire."""
    cv2.setNumThreads(1)
    with mmap.mmap(memory_fd, 0) as memory:
        os.close(memory_fd)
        confine(memory_bytes, parent)
        for done in range(1, PICTURES + 1):
            data = wire.recv(MOST_SLIP_BYTES)
            if not data:
                return
            slip = read(data)
            allow_cpu(slip["cpu_s"])
            reply = _developed(slip, memory, decode, wire)
            allow_cpu(0)
            number = {"picture": slip["picture"], "last": done == PICTURES}
            wire.send(written(reply | number))


def _developed(slip: Slip, memory: mmap.mmap, decode: Decode, wire: socket.socket) -> Slip:
    """The result is in `memory` when this returns."""
    length = slip["bytes"]
    data = memory[:length]
    np.frombuffer(memory, np.uint8, length)[:] = 0
    limits = Limits(
        max_bytes=length,
        max_pixels=slip["max_pixels"],
        max_side_px=slip["max_side_px"],
        budget=AskedBudget(wire, slip["picture"], slip["free_pixels"]),
    )
    box = None if slip["box"] is None else Box(*slip["box"])
    try:
        started = perf_counter()
        photo = decode(data, box=box, side_px=slip["side_px"], limits=limits)
        decoded = perf_counter()
        thumbnail = slip["op"] == "jpeg"
        made = thumbnail_of(photo, slip["side_px"]) if thumbnail else _square(photo, slip)
        if len(made) > len(memory):
            raise NotAPicture("what it decodes to is too large")
    except VisionError as error:
        return error_slip(error)
    np.frombuffer(memory, np.uint8, len(made))[:] = np.frombuffer(made, np.uint8)
    ms = {"decode": decoded - started, "preprocess": perf_counter() - decoded}
    return {
        "bytes": len(made),
        "width_px": photo.width_px,
        "height_px": photo.height_px,
        "ms": {room: round(took_s * 1000, 3) for room, took_s in ms.items()},
    }


def _square(photo: Photo, slip: Slip) -> bytes:
    return preprocess(photo, slip["side_px"], slip["resize"]).tobytes()
