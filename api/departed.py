"""Notices that a caller went away while her request waits, so that nobody encodes it for no one."""

import asyncio
import contextlib
import threading
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Final, TypeVar

from starlette.requests import Request

from api.errors import Overloaded
from vision.batching import caller_gone

T = TypeVar("T")
SOON_S: Final = 0.03
"""A search of a photo is answered within half of it; who leaves earlier is noticed then."""
UNHEARD: Final = 0  # how many wait, in an answer that nobody reads


@asynccontextmanager
async def attended(request: Request) -> AsyncIterator[Callable[[Callable[[], T]], Callable[[], T]]]:
    """While inside, threads started for the request can tell whether its caller still waits.

    The encoder's line hears it (`vision.batching.caller_gone`) and drops the request unseen. What
    comes is a wrapper for the work itself: wrapped work that begins too late does nothing but raise
    Overloaded, which nobody hears. To be entered once the body has been read: after it nothing more
    can arrive but the news that she left.
    """
    gone = threading.Event()
    watch = _Watch(request, gone)
    token = caller_gone.set(gone.is_set)

    def unless_gone(work: Callable[[], T]) -> Callable[[], T]:
        def attempt() -> T:
            if gone.is_set():
                raise Overloaded(UNHEARD, retry_after_s=1.0)
            return work()

        return attempt

    try:
        yield unless_gone
    finally:
        caller_gone.reset(token)
        await watch.end()


class _Watch:
    """Begins to listen after SOON_S: whoever is answered before costs no task, only a timer."""

    def __init__(self, request: Request, gone: threading.Event) -> None:
        self._request, self._gone = request, gone
        self._listening: asyncio.Task[None] | None = None
        self._timer = asyncio.get_running_loop().call_later(SOON_S, self._begin)

    async def end(self) -> None:
        """Listen no more."""
        self._timer.cancel()
        if self._listening is not None:
            self._listening.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._listening

    def _begin(self) -> None:
        self._listening = asyncio.get_running_loop().create_task(self._listen())

    async def _listen(self) -> None:
        while (await self._request.receive())["type"] != "http.disconnect":
            pass
        self._gone.set()
