"""A connection without a socket: every segment comes when the test says so."""

import asyncio
from collections import deque
from collections.abc import Callable, Iterable
from typing import Any

import uvicorn
from uvicorn.protocols.http.h11_impl import H11Protocol
from uvicorn.server import ServerState

A_DAY_S = 86_400
QUIET_ROUNDS = 60
"""Turns of the loop after which an application that sleeps for none has done all it will."""


class Wire(asyncio.Transport):
    """What the protocol writes on and pauses; as over TLS, one segment may come after a close."""

    def __init__(self) -> None:
        super().__init__()
        self.sent = bytearray()
        self.coming: deque[bytes] = deque()
        self.taken_bytes, self.paused, self.closed = 0, False, False
        self.protocol: H11Protocol

    def get_extra_info(self, name: str, default: Any = None) -> Any:
        return default

    def write(self, data: Any) -> None:
        assert not self.closed, "it wrote after it had closed"
        self.sent += data

    def close(self) -> None:
        if not self.closed:
            self.closed = True
            asyncio.get_running_loop().call_soon(self.protocol.connection_lost, None)

    def is_closing(self) -> bool:
        return self.closed

    def pause_reading(self) -> None:
        self.paused = True

    def resume_reading(self) -> None:
        self.paused = False

    def deliver(self, *, late: bool = False) -> bool:
        """Hand on the next segment where reading goes on; whether there was one."""
        if not self.coming or self.paused or (self.closed and not late):
            return False
        segment = self.coming.popleft()
        self.taken_bytes += len(segment)
        self.protocol.data_received(segment)
        return True


def wired(app: Any, kind: type[H11Protocol]) -> Wire:
    """A line to `app`, spoken by `kind`; inside a running loop."""
    config = uvicorn.Config(
        app, lifespan="off", log_config=None, access_log=False, timeout_keep_alive=A_DAY_S
    )
    wire = Wire()
    wire.protocol = kind(config=config, server_state=ServerState(), app_state={})
    wire.protocol.connection_made(wire)
    return wire


async def settle(wire: Wire, turns: Callable[[], int] = lambda: 0) -> None:
    """Until nothing comes and nothing is done any more; `turns` of the loop between segments."""
    quiet = 0
    while quiet < QUIET_ROUNDS:
        quiet = 0 if wire.deliver() else quiet + 1
        for _ in range(turns() + 1):
            await asyncio.sleep(0)


async def said(
    app: Any,
    kind: type[H11Protocol],
    segments: Iterable[bytes],
    turns: Callable[[], int] = lambda: 0,
) -> tuple[bytes, bool]:
    """What is answered to the segments, and whether the line was closed before the caller left."""
    wire = wired(app, kind)
    wire.coming.extend(segments)
    await settle(wire, turns)
    assert wire.closed or not wire.coming, "it reads no more"
    closed = wire.closed
    wire.close()
    await settle(wire)
    return bytes(wire.sent), closed
