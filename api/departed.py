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
    watching = asyncio.create_task(_watch(request, gone))
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
        watching.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await watching


async def _watch(request: Request, gone: threading.Event) -> None:
    while (await request.receive())["type"] != "http.disconnect":
        pass
    gone.set()
