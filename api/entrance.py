"""The bounded entrance: how many requests are worked on, how many bytes of them are held."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TypeVar

import anyio
import anyio.to_thread

from api.errors import Overloaded

T = TypeVar("T")


class Entrance:
    """Runs blocking work on at most `threads` threads, with at most `waiting` more in line.

    Whoever comes beyond that is refused at once with Overloaded, so that a rush makes some callers
    come back later instead of making all of them wait without end.
    """

    def __init__(self, threads: int, waiting: int) -> None:
        self._threads, self._most = threads, threads + waiting
        self._inside = 0
        self._limiter: anyio.CapacityLimiter | None = None  # made inside the event loop

    async def run(self, work: Callable[[], T]) -> T:
        """The result of `work()`, done on a thread; raises Overloaded when the line is full."""
        if self._inside >= self._most:
            raise Overloaded(self._inside, retry_after_s=1.0)
        if self._limiter is None:
            self._limiter = anyio.CapacityLimiter(self._threads)
        self._inside += 1
        try:
            return await anyio.to_thread.run_sync(work, limiter=self._limiter)
        finally:
            self._inside -= 1


class Intake:
    """Bounds the bytes of all requests together, so that many large uploads at once are refused
    instead of filling the memory. Used by one event loop.

    Only bytes that have arrived count. A promise costs nothing: else a few dozen connections that
    announce a picture and send none would keep every shopper out.
    """

    def __init__(self, most_bytes: int) -> None:
        self._most_bytes = most_bytes
        self._held_bytes = 0
        self._requests = 0

    @contextmanager
    def hold(self, promised_bytes: int) -> Iterator[Callable[[int], None]]:
        """Account for a request: call what comes with the size of each part of it that arrives.

        Raises Overloaded when `promised_bytes` would not fit beside what is held now, and so does
        the call when a part does not fit. A request that is alone in holding bytes is always let
        in, whatever its size: its own bound is another's business.
        """
        held_bytes = 0

        def check(more_bytes: int) -> None:
            others = self._held_bytes - held_bytes
            if more_bytes and others and self._held_bytes + more_bytes > self._most_bytes:
                raise Overloaded(self._requests, retry_after_s=1.0)

        def arrived(size_bytes: int) -> None:
            nonlocal held_bytes
            check(size_bytes)
            held_bytes += size_bytes
            self._held_bytes += size_bytes

        check(promised_bytes)
        self._requests += 1
        try:
            yield arrived
        finally:
            self._held_bytes -= held_bytes
            self._requests -= 1
