"""The encoder's door: so many at a time, so many in the queue, the rest are told to come back."""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from vision.errors import EncoderBusy


@dataclass(frozen=True, slots=True)
class Pulse:
    """Signs of life, on the clock that the encoder was given (s).

    `ok_at`: the last run that succeeded. `oldest_started_at`: the start of the oldest run still
    under way, None when idle. `failures`: runs that failed since the last success.
    """

    ok_at: float | None
    oldest_started_at: float | None
    failures: int
    waiting: int


class Turnstile:
    """Lets `lanes` runs in at once and at most `max_waiting` wait; thread-safe."""

    def __init__(self, lanes: int, max_waiting: int, clock: Callable[[], float]) -> None:
        self._lanes = threading.Semaphore(lanes)
        self._max_waiting = max_waiting
        self._clock = clock
        self._lock = threading.Lock()
        self._waiting = 0
        self._started_at: dict[int, float] = {}
        self._next_run = 0
        self._ok_at: float | None = None
        self._failures = 0

    @contextmanager
    def run(self) -> Iterator[bool]:
        """Hold a lane for one run and note how it went; what comes is whether no other run is under
        way. Raises EncoderBusy when too many wait."""
        self._wait_for_lane()
        with self._lock:
            alone = not self._started_at
            ticket, self._next_run = self._next_run, self._next_run + 1
            self._started_at[ticket] = self._clock()
        succeeded = False
        try:
            yield alone
            succeeded = True
        finally:
            with self._lock:
                del self._started_at[ticket]
                self._failures = 0 if succeeded else self._failures + 1
                if succeeded:
                    self._ok_at = self._clock()
            self._lanes.release()

    def pulse(self) -> Pulse:
        """The signs of life at this moment."""
        with self._lock:
            oldest = min(self._started_at.values(), default=None)
            return Pulse(self._ok_at, oldest, self._failures, self._waiting)

    def _wait_for_lane(self) -> None:
        if self._lanes.acquire(blocking=False):
            return
        with self._lock:
            if self._waiting >= self._max_waiting:
                raise EncoderBusy(self._waiting, retry_after_s=1.0)
            self._waiting += 1
        try:
            self._lanes.acquire()
        finally:
            with self._lock:
                self._waiting -= 1
