"""Strangers' pictures are developed in processes of their own, which may crash, hang or be ended.

Promises: no library decodes a stranger's bytes in the server's process; a worker that crashes,
takes too long or too much memory costs its own request an error and nobody else anything; a picture
lies in memory only (memfd, never a file) and is wiped from it before its request is answered.

How: the nursery, a process with everything loaded, forks workers. Each shares a piece of memory and
a socket with the server. Handing a 3 MB picture over and its square back costs some 1.5 ms.
"""

import os
import signal
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from typing import Final

import numpy as np

from vision.decode import Limits
from vision.errors import DecoderBroken, DecoderBusy, DecodingStopped, VisionError
from vision.nurse import Gone, Nurse, Worker
from vision.nursery import DECODE
from vision.photo import Box, Square
from vision.slips import Slip, error_of, number, times_ms
from vision.spec import Resize

EASY_S: Final = 0.2
"""Honest pictures take a tenth of that; who takes longer lets others go first from then on."""
MOST_ASKS: Final = 2  # for room, a picture: a HEIC's to decode and to stand it up
FREE_PIXELS: Final = 4_000_000  # decoding so few needs no leave: a draft of a 50 MP JPEG has 3


class Darkroom:
    """A Decoder with `workers` processes, each allowed `decode_s` and `memory_bytes` a picture.

    A place is waited for a third as long, so that with 1.5 s nobody hears later than after 2 s.
    """

    def __init__(
        self,
        limits: Limits,
        *,
        workers: int = 4,
        decode_s: float = 1.5,
        memory_bytes: int = 1_000_000_000,
        decode: str = DECODE,
    ) -> None:
        """Starts the nursery, and waits for nothing. `decode` is for tests that plant another."""
        self._limits, self._decode_s = limits, decode_s
        self._places = threading.Semaphore(workers)
        self._lock = threading.Lock()
        self._idle: list[Worker] = []
        self._stopped = 0
        room_bytes = max(limits.max_bytes, 4_000_000)
        self._nurse = Nurse(["vision.nursery", decode, str(memory_bytes)], room_bytes)

    def square(self, data: bytes, *, box: Box | None, side_px: int, resize: Resize) -> Square:
        """As Decoder promises."""
        said = None if box is None else [box.x, box.y, box.w, box.h]
        started = time.perf_counter()
        reply, made = self._developed(
            {"op": "square", "box": said, "side_px": side_px, "resize": resize}, data
        )
        total_ms = (time.perf_counter() - started) * 1000
        try:
            pixels = np.frombuffer(made, np.uint8).reshape(side_px, side_px, 3)
            width_px, height_px = (number(reply, n, 1 << 31) for n in ("width_px", "height_px"))
            preprocess_ms = times_ms(reply).get("preprocess", 0.0)
            took_ms = {"decode": total_ms - preprocess_ms, "preprocess": preprocess_ms}
            return Square(pixels, width_px, height_px, took_ms)
        except (ValueError, TypeError) as nonsense:
            raise DecodingStopped("the decoder crashed on it") from nonsense

    def thumbnail(self, data: bytes, width_px: int) -> bytes:
        """As Decoder promises."""
        _, made = self._developed({"op": "jpeg", "box": None, "side_px": width_px}, data)
        return made

    def fault(self) -> str:
        """Why no worker can be had, or ""."""
        try:
            with self._lent(0.0, Worker.demand_life):
                return ""
        except DecoderBusy:
            return ""  # all are at work: overloaded is not broken
        except DecoderBroken as broken:
            return str(broken)

    @property
    def stopped(self) -> int:
        """Pictures whose decoding was stopped, since the start."""
        return self._stopped

    def close(self) -> None:
        """End every worker."""
        with self._lock:
            idle, self._idle = self._idle, []
        for worker in idle:
            worker.close()
        self._nurse.end()

    def _developed(self, slip: Slip, data: bytes) -> tuple[Slip, bytes]:
        limits = self._limits
        limits.check_bytes(len(data))
        slip |= {
            "bytes": len(data),
            "max_pixels": limits.max_pixels,
            "max_side_px": limits.max_side_px,
            "free_pixels": FREE_PIXELS,
            "cpu_s": self._decode_s,
        }
        with self._lent(self._decode_s / 3, lambda worker: worker.give(slip, data)) as worker:
            reply = self._conversation(worker)
            made = b"" if "error" in reply else worker.take(reply)
            worker.wipe(len(data), len(made))
            worker.spent |= bool(reply.get("last"))
        if "error" in reply:
            raise _error_in(reply)
        return reply, made

    def _conversation(self, worker: Worker) -> Slip:
        """Hear how it went with the picture that `worker` was given; grant it room if it asks."""
        until = time.monotonic() + self._decode_s
        worker.wait_at_most(EASY_S)
        asks = 0
        with ExitStack() as rooms:
            while True:
                reply = worker.hear()
                left_s = until - time.monotonic()
                if reply is None:
                    if left_s <= 0:
                        raise Gone(late=True)
                    worker.step_back()
                    worker.wait_at_most(left_s)
                elif "ask" not in reply:
                    return reply
                elif left_s <= 0 or asks == MOST_ASKS:  # it keeps asking
                    raise Gone(late=left_s <= 0)
                else:
                    asks += 1
                    self._grant(worker, number(reply, "ask", 1 << 40), rooms)

    def _grant(self, worker: Worker, pixels: int, rooms: ExitStack) -> None:
        try:
            rooms.enter_context(self._limits.room(pixels))
        except DecoderBusy as busy:
            worker.tell({"go": False, "held": busy.pixels})
        else:
            worker.tell({"go": True})

    @contextmanager
    def _lent(self, wait_s: float, begin: Callable[[Worker], None]) -> Iterator[Worker]:
        """A worker that has begun one picture; buried if that goes wrong. Raises DecoderBusy,
        DecoderBroken, and DecodingStopped in place of Gone."""
        if not self._places.acquire(timeout=wait_s):
            raise DecoderBusy(0, retry_after_s=1.0)
        try:
            worker = self._found(begin)
            try:
                yield worker
            except (Gone, ValueError) as lost:
                status = self._nurse.bury(worker)
                if isinstance(lost, VisionError):
                    raise
                self._stopped += 1
                raise DecodingStopped(self._reason(lost, status)) from lost
            except BaseException:
                self._nurse.bury(worker)
                raise
            if worker.spent:
                self._nurse.bury(worker)
            else:
                with self._lock:
                    self._idle.append(worker)
        finally:
            self._places.release()

    def _found(self, begin: Callable[[Worker], None]) -> Worker:
        """An idle worker that lives, the one that worked last; else a new one. It has begun."""
        while True:
            with self._lock:
                worker = self._idle.pop() if self._idle else None
            new = worker is None
            worker = worker or self._nurse.born()
            try:
                begin(worker)
                return worker
            except Gone as lost:  # it went while it had nothing to do
                self._nurse.bury(worker)
                if new:
                    raise DecoderBroken("a new worker was gone at once") from lost
            except BaseException:
                self._nurse.bury(worker)
                raise

    def _reason(self, lost: Exception, status: int) -> str:
        by = os.WTERMSIG(status) if os.WIFSIGNALED(status) else 0
        if by == signal.SIGPROF or (isinstance(lost, Gone) and lost.late):
            return f"it took longer than {self._decode_s:g} s"
        return "the decoder crashed on it"


def _error_in(reply: Slip) -> VisionError:
    try:
        return error_of(reply)
    except (ValueError, TypeError, KeyError, IndexError):
        return DecodingStopped("the decoder crashed on it")
