"""Server-sent events: something as it stands, told whenever it has changed."""

import asyncio
import json
import time
from collections.abc import AsyncIterator, Callable
from typing import Any

from fastapi import Request
from fastapi.responses import StreamingResponse

EVENTS = "text/event-stream"
_LOOK_S = 0.5
_STILL_HERE_S = 10.0  # proxies cut lines that say nothing for longer
_LISTENED_S = 900.0  # then the listener asks again by itself, and the pass is looked at anew


def told(
    name: str, facts: Callable[[], dict[str, Any] | None], request: Request
) -> StreamingResponse:
    """An answer that tells `facts()` as events `name`: at once, and whenever they change.

    It ends where they are None, with the listener, and in any case after a quarter of an hour.
    """
    headers = {"Cache-Control": "no-store"}
    return StreamingResponse(_events(name, facts, request), media_type=EVENTS, headers=headers)


async def _events(
    name: str, facts: Callable[[], dict[str, Any] | None], request: Request
) -> AsyncIterator[str]:
    began_s = said_s = time.monotonic()
    last = ""
    yield "retry: 2000\n\n"
    while not await request.is_disconnected() and time.monotonic() - began_s < _LISTENED_S:
        fields = facts()
        if fields is None:
            return
        text = json.dumps(fields)
        if text != last:
            yield f"event: {name}\ndata: {text}\n\n"
            last, said_s = text, time.monotonic()
        elif time.monotonic() - said_s > _STILL_HERE_S:
            yield ": still here\n\n"
            said_s = time.monotonic()
        await asyncio.sleep(_LOOK_S)
