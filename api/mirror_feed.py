"""Frames that the mirror's own page pushes, where its browser is the camera.

The first message is text: the page's own pass and the `codec` (as WebCodecs calls it, or "jpeg").
Then each frame is one message of bytes, big-endian: 1 byte flags (1: decoding may start here),
7 bytes of nothing, 8 bytes when it was taken (microseconds, by the browser), then what was encoded
(H.264 with start codes).
"""

import contextlib
import hmac
from struct import Struct

from fastapi import WebSocket
from starlette.websockets import WebSocketDisconnect

from api.mirror_live import NOT_ALLOWED, first_message
from mirror.browser_camera import BrowserCamera, Pushed, Pusher
from mirror.errors import BadOrder, BadSource

BUSY, NOT_READ, NO_FRAME = 4409, 4415, 1008
_HEAD = Struct(">B7xq")
_MOST_US = 2**53  # what a browser counts exactly


class Feed:
    """Lets the mirror's own page be the camera."""

    def __init__(self, camera: BrowserCamera, page_pass: str) -> None:
        self._camera, self._page_pass = camera, page_pass

    async def serve(self, socket: WebSocket) -> None:
        """One page, from its first message to its last."""
        await socket.accept()
        with contextlib.suppress(WebSocketDisconnect):
            said = await first_message(socket)
            if not hmac.compare_digest(
                str(said.get("pass", "")).encode(), self._page_pass.encode()
            ):
                await socket.close(NOT_ALLOWED)
                return
            try:
                pusher = self._camera.connect(str(said.get("codec", "")))
            except BadOrder:
                await socket.close(BUSY)
                return
            except BadSource:
                await socket.close(NOT_READ)
                return
            try:
                await self._take(socket, pusher)
            finally:
                self._camera.disconnect(pusher)

    async def _take(self, socket: WebSocket, pusher: Pusher) -> None:
        await socket.send_text("go")
        while True:
            message = await socket.receive()
            data = message.get("bytes") or b""
            if message["type"] != "websocket.receive":
                return
            if len(data) <= _HEAD.size:
                await socket.close(NO_FRAME)
                return
            flags, taken_us = _HEAD.unpack_from(data)
            if not 0 <= taken_us <= _MOST_US:
                await socket.close(NO_FRAME)
                return
            pusher.push(Pushed(data[_HEAD.size :], taken_us, bool(flags & 1)))
