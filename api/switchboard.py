"""Switches a running server to another space without an error: whole applications change places.

Each request belongs to the application that was live when it began, from its first byte to its
last. The new one is opened before the old one steps back; the old one closes when its last request
is answered.
"""

import asyncio
import contextlib
from collections.abc import Awaitable, Callable, MutableMapping
from contextlib import AbstractAsyncContextManager
from typing import Any, Final

from fastapi import FastAPI

Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
LOOK_EVERY_S: Final = 0.2  # it reads a line of JSON; opening a model takes a third of a second


class Plugged:
    """One application, its running lifespan, and how many requests it has in hand."""

    def __init__(self, app: FastAPI) -> None:
        self.app = app
        self.in_hand = 0
        self.idle = asyncio.Event()
        self.idle.set()
        self._lifespan: AbstractAsyncContextManager[Any] = app.router.lifespan_context(app)

    async def open(self) -> None:
        """Start it."""
        await self._lifespan.__aenter__()

    async def close(self) -> None:
        """End it once its last request is answered."""
        await self.idle.wait()
        await self._lifespan.__aexit__(None, None, None)

    async def answer(self, scope: Message, receive: Receive, send: Send) -> None:
        """Answer one request."""
        self.in_hand += 1
        self.idle.clear()
        try:
            await self.app(scope, receive, send)
        finally:
            self.in_hand -= 1
            if not self.in_hand:
                self.idle.set()


class Switchboard:
    """An ASGI application that passes every request to the live one of several.

    `changed()` is asked five times a second; once it returns a maker of applications, that one is
    made on a thread (it may take seconds) and takes over. `on_failure` hears why it could not be
    made: the old one then serves on.
    """

    def __init__(
        self,
        first: FastAPI,
        changed: Callable[[], Callable[[], FastAPI] | None],
        on_failure: Callable[[BaseException], None],
        look_every_s: float = LOOK_EVERY_S,
    ) -> None:
        self._first = first
        self._changed, self._on_failure, self._look_every_s = changed, on_failure, look_every_s
        self._live: Plugged | None = None
        self._leaving: set[asyncio.Task[None]] = set()

    async def __call__(self, scope: Message, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            await self._lifespan(receive, send)
            return
        assert self._live is not None, "requests come after start-up"
        await self._live.answer(scope, receive, send)

    async def _lifespan(self, receive: Receive, send: Send) -> None:
        await receive()
        self._live = Plugged(self._first)
        await self._live.open()
        watch = asyncio.create_task(self._watch())
        await send({"type": "lifespan.startup.complete"})
        await receive()
        watch.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await watch
        await asyncio.gather(self._live.close(), *self._leaving)
        await send({"type": "lifespan.shutdown.complete"})

    async def _watch(self) -> None:
        while True:
            await asyncio.sleep(self._look_every_s)
            make = self._changed()
            if make is not None:
                await self._switch(make)

    async def _switch(self, make: Callable[[], FastAPI]) -> None:
        try:
            taking_over = Plugged(await asyncio.to_thread(make))
        except (ValueError, RuntimeError, LookupError, OSError) as error:  # models and shops
            self._on_failure(error)
            return
        await taking_over.open()
        stepping_back, self._live = self._live, taking_over
        assert stepping_back is not None
        leaving = asyncio.create_task(stepping_back.close())
        self._leaving.add(leaving)
        leaving.add_done_callback(self._leaving.discard)
