"""Threads that do the blocking work of a loop: handed over in 10 µs, where a pool takes 70.

Each thread waits at a line of its own, and who worked last is asked first: its caches are warm.
"""

import asyncio
import queue
import threading
from collections.abc import Callable
from contextlib import suppress
from contextvars import copy_context
from typing import Any, Final, TypeVar

T = TypeVar("T")
IDLE_S: Final = 10.0
"""A thread that had nothing to do for so long ends; so none outlives its shop for longer."""


class Hands:
    """As many threads as there is work at once; whoever asks bounds that. Used by one loop."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._idle: list[_Hand] = []

    async def do(self, work: Callable[[], T]) -> T:
        """The result of `work()`, done on a thread, in a copy of the caller's context.

        Work that was begun is waited for, also where the caller is cancelled meanwhile.
        """
        loop = asyncio.get_running_loop()
        done: asyncio.Future[T] = loop.create_future()
        with self._lock:
            hand = self._idle.pop() if self._idle else None
        (hand or _Hand(self._rest, self._leave)).give(loop, done, work)
        try:
            return await asyncio.shield(done)
        except asyncio.CancelledError:
            while not done.done():
                with suppress(asyncio.CancelledError):
                    await asyncio.wait([done])
            raise

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
    """One thread, begun with its first piece of work."""

    def __init__(self, rest: Callable[["_Hand"], None], leave: Callable[["_Hand"], bool]) -> None:
        self._rest, self._leave = rest, leave
        self._line: queue.SimpleQueue[Callable[[], None]] = queue.SimpleQueue()
        # a daemon: at rest it keeps nobody from ending, and at work its caller waits for it
        threading.Thread(target=self._work, name="vistazo hand", daemon=True).start()

    def give(
        self, loop: asyncio.AbstractEventLoop, done: "asyncio.Future[Any]", work: Callable[[], Any]
    ) -> None:
        """Let it do `work` in a copy of this context and settle `done` in `loop`."""
        run = copy_context().run

        def piece() -> None:
            with _Settling(loop, done, lambda: self._rest(self)) as settling:
                settling.result = run(work)

        self._line.put(piece)

    def _work(self) -> None:
        while True:
            try:
                piece = self._line.get(timeout=IDLE_S)
            except queue.Empty:
                if self._leave(self):
                    return
                continue
            piece()
            del piece  # it holds what was worked on, a picture too


class _Settling:
    """Around a piece of work: takes what it gives or raises, whatever it is, to who waits for it.

    The thread is at rest before that is heard: whoever asks next finds it.
    """

    def __init__(
        self,
        loop: asyncio.AbstractEventLoop,
        done: "asyncio.Future[Any]",
        rest: Callable[[], None],
    ) -> None:
        self._loop, self._done, self._rest = loop, done, rest
        self.result: Any = None

    def __enter__(self) -> "_Settling":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: object
    ) -> bool:
        self._rest()
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
