"""`Idempotency-Key`: a write that is sent again is answered again, and not done again.

Of every caller (her key, or this machine) by itself, for 24 hours. Only what was done is kept: a
refusal or a fault is worked out anew, so that a retry after one can succeed. The same key with
another request is refused (`idempotency-key-reused`), with one that is under way, too
(`still-under-way`).

After a crash between the deed and its answer nothing was kept. Whatever names what it writes (a
product, a rule, a key's revocation) is then simply done again; a job and a key, which name nothing,
take their id from the request's name (`vistazo.wish`), and are found instead of made twice. A key's
secret is in no answer that is kept: sent again, the answer has null in its place.

A request is the same if its whole body is, whether its route reads one or not: what a route leaves
unread is heard out before its answer is kept. A body that does not end in time, or is too large, is
no hindrance to what was done; that answer is only not kept.
"""

import asyncio
import json
from hashlib import sha256
from typing import Final

import anyio.to_thread
from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from api.errors import BadParameter, BodyTooLarge, BodyTooSlow, DoorError, KeyReused
from api.porter import NOTE, REPLAYED, SAFE, VISITOR, Visitor
from api.problems import problem_response
from api.repeats import Answered, Repeats
from api.roles import WRITES, Act

HEADER: Final = "idempotency-key"
WISH: Final = "vistazo.wish"
"""Where in the scope a route finds the request's own name, hexadecimal, if it has one."""
MOST_CHARS: Final = 200
MOST_ANSWER_BYTES: Final = 4_000_000
"""A longer answer (of many thousand prices) is not kept: sent again, its rows are set again."""
STREAMED: Final = "/v1/uploads/"
"""Uploads are gigabytes, and put the same file in the same place however often."""


class Repeating:
    """ASGI middleware between the porter and the routes."""

    def __init__(self, app: ASGIApp, *, repeats: Repeats, most_bytes: int, wait_s: float) -> None:
        self._app, self._repeats = app, repeats
        self._most_bytes, self._wait_s = most_bytes, wait_s

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Do what was not done yet; answer the rest as before."""
        visitor: Visitor | None = scope.get(VISITOR)
        said = Headers(scope=scope).get(HEADER, "").strip() if scope["type"] == "http" else ""
        if not said or visitor is None or not _is_named(scope, visitor.act):
            await self._app(scope, receive, send)
            return
        try:
            if len(said) > MOST_CHARS:
                raise BadParameter("Idempotency-Key", f"it has at most {MOST_CHARS} characters")
            name = sha256(f"{visitor.who}\0{said}".encode("utf-8", "replace")).digest()
            with self._repeats.alone(name):
                await self._once(scope, receive, send, name)
        except DoorError as refusal:
            await problem_response(refusal)(scope, receive, send)

    async def _once(self, scope: Scope, receive: Receive, send: Send, name: bytes) -> None:
        before = await anyio.to_thread.run_sync(self._repeats.find, name)
        asked = _Asked(scope)
        heard = asked.hearing(receive)
        if before is not None:
            await self._hear_out(asked, heard)
            if asked.digest() != before.asked:
                raise KeyReused
            await _again(before)(scope, receive, send)
            return
        keeping = _Keeping(send)
        scope[WISH] = name.hex()  # in the scope itself: the porter reads what a route leaves there
        await self._app(scope, heard, keeping.send)
        if keeping.done and await self._is_whole(asked, heard):
            # noted first: killed in between, it is done and noted again, and never kept unnoted
            if NOTE in scope:
                await scope[NOTE](keeping.start)
            visitor: Visitor = scope[VISITOR]
            answered = keeping.answered(asked.digest(), visitor.act)
            await anyio.to_thread.run_sync(self._repeats.keep, visitor.who, name, answered)
        await keeping.let_go()

    async def _hear_out(self, asked: "_Asked", heard: Receive) -> None:
        """Hear what is left of the body and keep none of it; raises BodyTooLarge, BodyTooSlow."""
        try:
            async with asyncio.timeout(self._wait_s):
                while not asked.ended:
                    await heard()
                    if asked.size_bytes > self._most_bytes:
                        raise BodyTooLarge(self._most_bytes)
        except TimeoutError as slow:
            raise BodyTooSlow(self._wait_s) from slow

    async def _is_whole(self, asked: "_Asked", heard: Receive) -> bool:
        """Whether all of the request came, also what its route did not read."""
        try:
            await self._hear_out(asked, heard)
        except (BodyTooLarge, BodyTooSlow):
            return False
        return asked.whole


def wish_of(scope: Scope) -> str | None:
    """The name of the request that is worked on, None where its caller gave it none."""
    found: str | None = scope.get(WISH)
    return found


def _is_named(scope: Scope, act: Act) -> bool:
    is_write = act in WRITES and scope["method"] not in SAFE
    return is_write and not scope["path"].startswith(STREAMED)


def _again(before: Answered) -> Response:
    headers = {REPLAYED: "true"} | ({"ETag": before.tag} if before.tag else {})
    return Response(before.body, before.status, headers, before.kind or None)


class _Asked:
    """The hash of a request while it is heard. The boundary of a multipart body is left out:
    libraries draw another one each time."""

    def __init__(self, scope: Scope) -> None:
        kind, _, rest = Headers(scope=scope).get("content-type", "").partition(";")
        found = rest.partition("boundary=")[2].partition(";")[0].strip().strip('"')
        self._boundary = found.encode("latin-1", "replace")
        self._tail = b""
        self.size_bytes = 0
        self.whole = self.ended = False
        """All of it came; nothing more will."""
        target = (scope["method"], scope["path"], scope["query_string"].decode("latin-1"), kind)
        self._hash = sha256("\0".join(target).encode("utf-8", "replace"))

    def hearing(self, receive: Receive) -> Receive:
        """`receive`, listened to."""

        async def heard() -> Message:
            message = await receive()
            if message["type"] == "http.request":
                self._add(message.get("body", b""))
                self.whole = self.whole or not message.get("more_body")
            self.ended = self.whole or message["type"] != "http.request"
            return message

        return heard

    def digest(self) -> bytes:
        """Of what was heard so far."""
        whole = self._hash.copy()
        whole.update(self._tail)
        return whole.digest()

    def _add(self, piece: bytes) -> None:
        self.size_bytes += len(piece)
        if not self._boundary:
            self._hash.update(piece)
            return
        *parts, last = (self._tail + piece).split(self._boundary)
        for part in parts:
            self._hash.update(part)
        sure = max(0, len(last) - len(self._boundary) + 1)
        self._hash.update(last[:sure])
        self._tail = last[sure:]


class _Keeping:
    """Holds an answer back until it is kept; a long one passes through."""

    def __init__(self, send: Send) -> None:
        self._send, self._held, self._size = send, list[Message](), 0

    async def send(self, message: Message) -> None:
        """As a route sends it."""
        self._size += len(message.get("body", b""))
        self._held.append(message)
        if self._size > MOST_ANSWER_BYTES:
            await self.let_go()

    async def let_go(self) -> None:
        """Send what is held."""
        held, self._held = self._held, []
        for message in held:
            await self._send(message)

    @property
    def start(self) -> Message:
        """The first message of what is `done`."""
        return self._held[0]

    @property
    def done(self) -> bool:
        """Whether what was asked was done: the whole answer is here, and is no refusal, no fault
        and no long one."""
        if not self._held or self._held[0]["type"] != "http.response.start":
            return False
        return bool(200 <= self._held[0]["status"] < 300)

    def answered(self, asked: bytes, act: Act) -> Answered:
        """The whole answer, without a secret; only of what is `done`."""
        start, status = self.start, self.start["status"]
        headers = MutableHeaders(raw=list(start.get("headers", [])))
        body = b"".join(message.get("body", b"") for message in self._held[1:])
        hide = _without_secret if act is Act.MANAGE_KEYS else bytes
        return Answered(
            asked, status, headers.get("content-type", ""), headers.get("etag", ""), hide(body)
        )


def _without_secret(body: bytes) -> bytes:
    told = json.loads(body) if body else None
    if not isinstance(told, dict) or "key" not in told:
        return body
    return json.dumps(told | {"key": None}).encode()
