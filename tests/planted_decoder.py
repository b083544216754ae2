"""A decoder that does what its picture tells it: hang, crash, eat memory, write, speak nonsense."""

import ctypes
import os
import time
from pathlib import Path

from vision.decode import Limits, decode
from vision.errors import VisionError
from vision.photo import Box, Photo

ORDERS = (b"LOOP", b"SLEEP", b"SEGV", b"ABORT", b"EXIT", b"EAT", b"WRITE", b"RAISE", b"DUMB")


def planted(data: bytes, *, box: Box | None, side_px: int, limits: Limits) -> Photo:
    """Obey an order, decode everything else."""
    order, _, rest = data.partition(b" ")
    if order in ORDERS:
        _obey(order, rest.decode())
    return decode(data, box=box, side_px=side_px, limits=limits)


def _obey(order: bytes, rest: str) -> None:
    if order == b"LOOP":
        while True:
            pass
    if order == b"SLEEP":
        time.sleep(600)
    if order == b"SEGV":
        ctypes.string_at(0)
    if order == b"ABORT":
        os.abort()
    if order == b"EXIT":
        os._exit(0)
    if order == b"EAT":
        hoard = [bytearray(50_000_000) for _ in range(1000)]
        hoard.clear()
    if order == b"WRITE":
        Path(rest).write_bytes(b"a stranger's picture")
    if order == b"RAISE":
        raise KeyError("a fault of ours")
    if order == b"DUMB":
        raise VisionError("x" * 100_000)
