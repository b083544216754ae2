"""Threads for the blocking work of a loop: handed over in 10 µs, where a pool takes 70.

Each thread waits at a line of its own, and who worked last is asked first: its caches are warm.
"""

import asyncio
import queue
import threading
from collections.abc import Callable
from contextlib import suppress
from contextvars import copy_context
from typing import Any, Final, Generic, TypeVar

T = TypeVar("T")
Work = Callable[[Callable[[], None]], None]
IDLE_S: Final = 10.0
"""A thread that had nothing to do for so long ends; so none outlives its shop for longer."""


class Hands:
    """As many threads as there is work at once; whoever asks bounds that. Thread-safe."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._idle: list[_Hand] = []

    def send(self, work: Work) -> None:
        """Have `work` done on a thread. It raises nothing, and says once that the thread is free
        for others, before anybody can hear that it is done: who asks next finds that thread.

        Raises RuntimeError when the system has no thread left."""
        with self._lock:
            hand = self._idle.pop() if self._idle else None
        (hand or _Hand(self._rest, self._leave)).line.put(work)

    def _rest(self, hand: "_Hand") -> None:
        with self._lock:
            self._idle.append(hand)

    def _leave(self, hand: "_Hand") -> bool:
        """Whether it may end: not where it was asked for at the very moment."""
        with self._lock:
            if hand not in self._idle:
                return False
            self._idle.remove(hand)
            return True


class _Hand:
    """One thread, at work from the start."""

    def __init__(self, rest: Callable[["_Hand"], None], leave: Callable[["_Hand"], bool]) -> None:
        self._rest, self._leave = rest, leave
        self.line: queue.SimpleQueue[Work] = queue.SimpleQueue()
        # a daemon: at rest it keeps nobody from ending, and at work its caller waits for it
        threading.Thread(target=self._live, name="vistazo hand", daemon=True).start()

    def _live(self) -> None:
        while True:
            try:
                work = self.line.get(timeout=IDLE_S)
            except queue.Empty:
                if self._leave(self):
                    return
                continue
            work(self._free)
            del work  # it holds what was worked on, a picture too

    def _free(self) -> None:
        self._rest(self)


class Piece(Generic[T]):
    """Work that a caller in a loop waits for, to be done on a thread in a copy of her context."""

    def __init__(self, work: Callable[[], T]) -> None:
        self._loop = asyncio.get_running_loop()
        self._work, self._run = work, copy_context().run
        self.done: asyncio.Future[T] = self._loop.create_future()
        """Settled in the caller's loop."""

    def do(self, after: Callable[[], None]) -> None:
        """Do it, on whatever thread; what it gives or raises, whatever it is, is the caller's.
        `after` is called before she can hear of it."""
        with _Settling(self._loop, self.done, after) as settling:
            settling.result = self._run(self._work)

    async def outcome(self, called_off: Callable[[], bool] = lambda: False) -> T:
        """What the work gives. Where the caller is cancelled meanwhile, work that was begun is
        waited for all the same; `called_off` sees to it that it never is, if it can."""
        try:
            return await asyncio.shield(self.done)
        except asyncio.CancelledError:
            while not (self.done.done() or called_off()):
                with suppress(asyncio.CancelledError):
                    await asyncio.wait([self.done])
            if self.done.done() and not self.done.cancelled():
                self.done.exception()  # nobody will ask: else asyncio complains of that in the log
            raise


class _Settling:
    """Around a piece of work: takes what became of it to the loop."""

    def __init__(
        self,
        loop: asyncio.AbstractEventLoop,
        done: "asyncio.Future[Any]",
        after: Callable[[], None],
    ) -> None:
        self._loop, self._done, self._after = loop, done, after
        self.result: Any = None

    def __enter__(self) -> "_Settling":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: object
    ) -> bool:
        self._after()
        with suppress(RuntimeError):  # the loop was closed, and nobody waits
            self._loop.call_soon_threadsafe(self._settle, error)
        return True

    def _settle(self, error: BaseException | None) -> None:
        if self._done.done():
            return
        if isinstance(error, StopIteration):  # a future takes none of these
            error = RuntimeError("the work raised StopIteration")
        if error is None:
            self._done.set_result(self.result)
        else:
            self._done.set_exception(error)
