"""The bounded entrance: how many requests are worked on, how many bytes of them are held."""

import asyncio
import math
import time
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Final, TypeVar

from api.errors import Overloaded
from api.hands import Hands

T = TypeVar("T")
WAIT_S: Final = 5.0
"""As long anybody waits in the line: 35 requests of a slow machine (10 a second) are through."""
FLOOD_S: Final = 1.0
"""A flood is over when nobody was turned away for as long as everybody is told to stay away."""
MEAN_OF: Final = 20  # recent pieces of work, in the moving mean of how long they take
QUEUE_S: Final = 0.01
"""In a flood, a wait as long as this is always granted."""


class Entrance:
    """Runs blocking work on at most `threads` threads, with at most `waiting` more in line.

    Whoever comes beyond that is refused at once with Overloaded, so that a rush makes some callers
    come back later instead of making all of them wait without end. As many callers as fit are all
    served, however steadily they ask: each waits for the others, first come, first served. Where
    more come than fit, a full line would cost everybody its whole length and spare nobody; so once
    somebody was turned away there is a flood. Who comes in it waits for no longer than half the
    time that work takes (controlled delay, after Nichols and Jacobson 2012), with few others, and
    the last to come goes first: who is served then is served soon. Who waited before it goes before
    them all. The flood ends when nobody was turned away for FLOOD_S. Used by one event loop.
    """

    def __init__(
        self, threads: int, waiting: int, *, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._threads, self._most, self._clock = threads, threads + waiting, clock
        self._inside = 0
        self._work_s = 0.0
        self._flood_until = -math.inf
        self._working = 0
        self._calm: deque[asyncio.Future[None]] = deque()
        self._hasty: deque[asyncio.Future[None]] = deque()
        self._hands = Hands()

    @property
    def inside(self) -> int:
        """Requests that are worked on or wait."""
        return self._inside

    def check(self) -> None:
        """Raise Overloaded when `run` would refuse at once: before a large body is read."""
        full = self._inside >= self._most
        if full or (len(self._hasty) >= self._threads and self._is_flooded()):
            raise self._turned_away()

    async def run(self, work: Callable[[], T]) -> T:
        """The result of `work()`, done on a thread; raises Overloaded when the line is full, or
        does not move."""
        self.check()
        self._inside += 1
        try:
            await self._place()
            started = self._clock()
            try:
                return await self._hands.do(work)
            finally:
                self._work_s += (self._clock() - started - self._work_s) / MEAN_OF
                self._hand_on()
        finally:
            self._inside -= 1

    async def _place(self) -> None:
        """Wait for one of the places, not for ever."""
        if self._working < self._threads:
            self._working += 1
            return
        flooded = self._is_flooded()
        line = self._hasty if flooded else self._calm
        wait_s = max(QUEUE_S, self._work_s / 2) if flooded else WAIT_S
        mine: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        line.append(mine)
        try:
            async with asyncio.timeout(wait_s):
                await mine
        except BaseException as late:
            if mine in line:
                line.remove(mine)
            elif not mine.cancelled():  # it was given a place at the very moment
                self._hand_on()
            if isinstance(late, TimeoutError):
                raise self._turned_away() from late
            raise

    def _hand_on(self) -> None:
        """Give a place that is free to who is next, if anybody waits."""
        while self._calm or self._hasty:
            following = self._calm.popleft() if self._calm else self._hasty.pop()
            if not following.done():
                following.set_result(None)
                return
        self._working -= 1

    def _is_flooded(self) -> bool:
        return self._clock() < self._flood_until

    def _turned_away(self) -> Overloaded:
        self._flood_until = self._clock() + FLOOD_S
        return Overloaded(self._inside, retry_after_s=FLOOD_S)


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

    @property
    def held_bytes(self) -> int:
        """What all requests under way hold."""
        return self._held_bytes

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
