"""A decoder that does what its picture tells it: hang, crash, eat memory, write, speak nonsense,
and what one does that was taken over: speak out of turn."""

import ctypes
import os
import time
from pathlib import Path

from vision.decode import Limits, decode
from vision.developing import AskedBudget
from vision.errors import NotAPicture, VisionError
from vision.photo import Box, Photo
from vision.slips import error_slip, written

ORDERS = (
    b"LOOP", b"SLEEP", b"SEGV", b"ABORT", b"EXIT", b"EAT", b"WRITE", b"RAISE", b"DUMB",
    b"TWICE", b"ASKS",
)  # fmt: skip


def planted(data: bytes, *, box: Box | None, side_px: int, limits: Limits) -> Photo:
    """Obey an order, decode everything else."""
    order, _, rest = data.partition(b" ")
    if order in ORDERS:
        _obey(order, rest.decode())
        _speak(order, limits)
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


def _speak(order: bytes, limits: Limits) -> None:
    budget = limits.budget
    assert isinstance(budget, AskedBudget)
    about = {"picture": budget._picture}
    if order == b"TWICE":  # and a third time, when it has been decoded
        for _ in range(2):
            budget._wire.send(written(error_slip(NotAPicture("forged")) | about))
    while order == b"ASKS":
        budget._wire.send(written({"ask": 1} | about))
