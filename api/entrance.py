"""The bounded entrance: how many requests are worked on, how many bytes of them are held."""

import asyncio
import math
import threading
import time
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from typing import Any, Final, TypeVar

from api.errors import Overloaded
from api.hands import Hands, Piece

T = TypeVar("T")
WAIT_S: Final = 5.0
"""As long anybody waits in the line: 35 requests of a slow machine (10 a second) are through."""
FLOOD_S: Final = 1.0
"""A flood is over when nobody was turned away for as long as everybody is told to stay away."""
MEAN_OF: Final = 20  # recent pieces of work, in the moving mean of how long they take
QUEUE_S: Final = 0.01
"""In a flood, a wait as long as this is always granted."""
SPARED: Final = 2
"""Of the threads that search, in a flood: they are one more than cores, and the door wants a core
to itself. On two cores asked for five times what they can do, one works instead of three: the 99th
percentile was 2.0 times the quiet one instead of 4.9, and 70 a second were served (six in seven of
those before)."""


class Entrance:
    """Runs blocking work on at most `threads` threads, with at most `waiting` more in line.

    Whoever comes beyond that is refused at once with Overloaded, so that a rush makes some callers
    come back later instead of making all of them wait without end. As many callers as fit are all
    served, however steadily they ask: each waits for the others, first come, first served. Where
    more come than fit, a full line would cost everybody its whole length and spare nobody; so once
    somebody was turned away there is a flood. Who comes in it waits for no longer than half the
    time that work takes (controlled delay, after Nichols and Jacobson 2012), with few others, and
    the last to come goes first: who is served then is served soon. Who waited before it goes before
    them all. As long as it lasts, `spared` fewer are worked on at once, too, and each is done
    sooner. The flood ends when nobody was turned away for FLOOD_S.

    A thread that is done goes on with the next in line by itself: in a flood the loop comes round
    to that only milliseconds later. Used by one event loop.
    """

    def __init__(
        self,
        threads: int,
        waiting: int,
        *,
        spared: int = 0,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._threads, self._most, self._clock = threads, threads + waiting, clock
        self._in_flood = max(1, threads - spared)
        self._inside = 0
        self._hands = Hands()
        self._lock = threading.Lock()  # of all that follows: its threads look at it, too
        self._working = 0
        self._work_s = 0.0
        self._flood_until = -math.inf
        self._calm: deque[Piece[Any]] = deque()
        self._hasty: deque[Piece[Any]] = deque()

    @property
    def inside(self) -> int:
        """Requests that are worked on or wait."""
        return self._inside

    def check(self) -> None:
        """Raise Overloaded when `run` would refuse at once: before a large body is read."""
        with self._lock:
            full = self._inside >= self._most
            if full or (self._is_flooded() and len(self._hasty) >= self._threads):
                raise self._turned_away()

    async def run(self, work: Callable[[], T]) -> T:
        """The result of `work()`, done on a thread; raises Overloaded when the line is full, or
        does not move."""
        self.check()
        piece, timer = Piece(work), None
        self._inside += 1
        try:
            wait_s = self._join(piece)
            if wait_s is not None:
                loop = asyncio.get_running_loop()
                timer = loop.call_later(wait_s, self._give_up, piece)
            return await piece.outcome(lambda: self._has_left(piece))
        finally:
            if timer is not None:
                timer.cancel()
            self._inside -= 1

    def _join(self, piece: Piece[Any]) -> float | None:
        """Put it in line; how long it may wait there, None where it was begun."""
        with self._lock:
            flooded = self._is_flooded()
            line = self._hasty if flooded else self._calm
            line.append(piece)
            self._fill()
            if piece not in line and piece not in self._calm:  # where no thread was left for it
                return None
            return max(QUEUE_S, self._work_s / 2) if flooded else WAIT_S

    def _give_up(self, piece: Piece[Any]) -> None:
        """It has waited for long enough, unless it is worked on by now."""
        if self._has_left(piece) and not piece.done.done():
            with self._lock:
                piece.done.set_exception(self._turned_away())

    def _has_left(self, piece: Piece[Any]) -> bool:
        """Take it out of the line; whether it was there."""
        with self._lock:
            for line in (self._calm, self._hasty):
                if piece in line:
                    line.remove(piece)
                    return True
        return False

    def _fill(self) -> None:
        """Begin with those in line for whom there is a place."""
        while (piece := self._called()) is not None:
            try:
                self._hands.send(partial(self._work_on, piece))
            except RuntimeError:  # the system has no thread left: those at work go on with it
                self._working -= 1
                self._calm.appendleft(piece)
                return

    def _called(self) -> Piece[Any] | None:
        """The next in line, at work from now on; None where nobody waits or no place is free."""
        if self._working >= self._allowed() or not (self._calm or self._hasty):
            return None
        self._working += 1
        return self._calm.popleft() if self._calm else self._hasty.pop()

    def _work_on(self, piece: Piece[Any] | None, free: Callable[[], None]) -> None:
        """On a thread: this piece and, as long as anybody waits, the next; then it is `free`."""
        while piece is not None:
            started, at_hand, piece = self._clock(), piece, None

            def after(since: float = started) -> None:
                nonlocal piece
                piece = self._after(since)
                if piece is None:
                    free()

            at_hand.do(after)
            del at_hand, after

    def _after(self, started: float) -> Piece[Any] | None:
        """Who is next, now that a piece is done which was begun at `started`."""
        with self._lock:
            self._work_s += (self._clock() - started - self._work_s) / MEAN_OF
            self._working -= 1
            following = self._called()
            self._fill()  # at the end of a flood more places are free than this one
            return following

    def _allowed(self) -> int:
        """How many may be worked on at once."""
        return self._in_flood if self._is_flooded() else self._threads

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
