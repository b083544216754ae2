"""The live picture over a WebSocket: what the camera encoded, decoded in the page (WebCodecs).

The page shows its pass in its first message. Then it hears, as text, `format` (before the first
packet and whenever it changes) and `state` (whenever it changes); and, as bytes, one packet each:

    1 byte flags (1: decoding may start here; 2: the first one after a gap), 3 bytes of nothing,
    4 bytes sequence number, 8 bytes when it is shown (1/90,000 s), then mirror/packet.Packet.data

all big-endian. It answers with the number of packets it has taken up since its last answer; where
MOST_UNDER_WAY are unanswered nothing more is sent, so that a slow page falls back to the next key
instead of ever farther behind.
"""

import asyncio
import base64
import contextlib
import hmac
import json
from collections.abc import Callable, Coroutine
from struct import pack
from typing import Any, Protocol

import anyio
from fastapi import WebSocket
from starlette.concurrency import run_in_threadpool
from starlette.websockets import WebSocketDisconnect

from api.mirror_forms import state_json
from mirror.codec_box import codec_name
from mirror.desk import MirrorState
from mirror.errors import DeskAway
from mirror.h264 import write_avcc
from mirror.live import Live, Viewer
from mirror.packet import Packet, StreamFormat

MOST_UNDER_WAY = 6  # a fifth of a second; what mirror/live lets wait comes on top
MOST_VIEWERS = 8
NOT_KNOWN, NOT_ALLOWED, TOO_MANY, SERVER_AWAY = 4401, 4403, 4429, 4503
_NO_ANSWER = 1008
_HELLO_S = 5.0
_MESSAGE_CHARS = 512
_STATE_S = 0.25


class Watched(Protocol):
    """What is looked at: the attendant, or a test's stand-in."""

    live: Live

    @property
    def visit_id(self) -> str: ...

    def state(self) -> MirrorState: ...


class LiveLine:
    """Lets viewers in and serves each."""

    def __init__(self, watched: Watched, page_pass: str, may_look: Callable[[str], bool]) -> None:
        self._watched, self._page_pass, self._may_look = watched, page_pass, may_look

    async def serve(self, socket: WebSocket) -> None:
        """One viewer, from her first message to her last."""
        await socket.accept()
        with contextlib.suppress(WebSocketDisconnect):
            visit_id = self._watched.visit_id
            own = await self._admit(socket)
            if own is None:
                return
            if self._watched.live.viewers >= MOST_VIEWERS:
                await socket.close(TOO_MANY)
                return
            # Whom a customer's pass let in looks as long as her visit lasts, and no longer.
            await _Sight(socket, self._watched, "" if own else visit_id).show()

    async def _admit(self, socket: WebSocket) -> bool | None:
        """True for the mirror's own page, False for whom the server lets in, None for nobody."""
        pass_ = await first_pass(socket)
        if hmac.compare_digest(pass_.encode(), self._page_pass.encode()):
            return True
        try:
            let_in = bool(pass_) and await run_in_threadpool(self._may_look, pass_)
        except DeskAway:
            await socket.close(SERVER_AWAY)
            return None
        if let_in:
            return False
        await socket.close(NOT_ALLOWED if pass_ else NOT_KNOWN)
        return None


async def first_message(socket: WebSocket) -> dict[str, Any]:
    """What the page says first; {} where it says nothing of use, or nothing in time."""
    try:
        async with asyncio.timeout(_HELLO_S):
            said = await socket.receive_text()
        fields = json.loads(said[:_MESSAGE_CHARS])
    except (TimeoutError, KeyError, ValueError, RecursionError):
        return {}
    return fields if isinstance(fields, dict) else {}


async def first_pass(socket: WebSocket) -> str:
    """The pass in the page's first message, "" without one."""
    pass_ = (await first_message(socket)).get("pass", "")
    return pass_ if isinstance(pass_, str) and pass_.isascii() else ""


class _Sight:
    """One viewer who was let in."""

    def __init__(self, socket: WebSocket, watched: Watched, visit_id: str) -> None:
        self._socket, self._watched, self._visit_id = socket, watched, visit_id
        self._came = asyncio.Event()
        self._loop = asyncio.get_running_loop()
        self._under_way = 0
        self._sent = 0
        self._format: StreamFormat | None = None

    async def show(self) -> None:
        viewer = self._watched.live.join(self._wake)
        try:
            async with anyio.create_task_group() as group:
                for work in (self._tell_state(), self._hear(), self._send_all(viewer)):
                    group.start_soon(self._until_gone, work, group.cancel_scope)
        finally:
            self._watched.live.leave(viewer)

    async def _until_gone(self, work: Coroutine[Any, Any, None], all_: anyio.CancelScope) -> None:
        """Where one of the three ends, the others do."""
        with contextlib.suppress(WebSocketDisconnect):
            await work
        all_.cancel()

    def _wake(self) -> None:
        with contextlib.suppress(RuntimeError):  # the loop ended; so did this viewer
            self._loop.call_soon_threadsafe(self._came.set)

    async def _send_all(self, viewer: Viewer) -> None:
        while True:
            packet = viewer.take() if self._under_way < MOST_UNDER_WAY else None
            if packet is None:
                await self._came.wait()
                self._came.clear()
                continue
            await self._send(packet)

    async def _send(self, packet: Packet) -> None:
        if packet.format != self._format:
            self._format = packet.format
            await self._socket.send_text(json.dumps({"format": format_json(packet.format)}))
        flags = packet.key | packet.resumes << 1
        self._sent += 1
        self._under_way += 1
        head = pack(">BxxxIq", flags, self._sent & 0xFFFFFFFF, packet.shown_tick)
        await self._socket.send_bytes(head + packet.data)

    async def _hear(self) -> None:
        """The page's answers; it ends with the page, or with what is no answer."""
        with contextlib.suppress(KeyError, ValueError):
            while True:
                taken = int((await self._socket.receive_text())[:_MESSAGE_CHARS])
                if not 0 < taken <= self._under_way:
                    raise ValueError("more was taken than was sent")
                self._under_way -= taken
                self._came.set()
        await self._socket.close(_NO_ANSWER)

    async def _tell_state(self) -> None:
        last = ""
        while not self._visit_id or self._visit_id == self._watched.visit_id:
            state = await run_in_threadpool(self._watched.state)
            fields = {"state": state_json(state), "visit_id": self._watched.visit_id}
            text = json.dumps(fields)
            if text != last:
                await self._socket.send_text(text)
                last = text
            await asyncio.sleep(_STATE_S)
        await self._socket.close(NOT_ALLOWED)


def format_json(stream: StreamFormat) -> dict[str, Any]:
    """What WebCodecs' VideoDecoder is configured with; H.264's `description` in base64."""
    config: dict[str, Any] = {
        "codec": codec_name(stream),
        "codedWidth": stream.width_px,
        "codedHeight": stream.height_px,
    }
    if stream.codec == "h264":  # its parameter sets travel apart from its packets
        record = write_avcc(stream.sps, stream.pps)
        config["description"] = base64.b64encode(record).decode()
    return config
