"""Clients of a server, many in one thread and on plain sockets: some 40 µs of work an answer.

asyncio's streams took 250 µs, which on a machine of two cores is time that the server lacks.
"""

import re
import selectors
import socket
import time
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

ROOM_BYTES: Final = 1 << 18
_LENGTH: Final = re.compile(rb"\r\ncontent-length: *(\d+)", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Reply:
    """What came back; status 0 where the connection broke."""

    status: int
    took_ms: float
    head: bytes

    @property
    def closes(self) -> bool:
        """Whether nothing more can be asked over this connection."""
        return self.status == 0 or b"\r\nconnection: close" in self.head.lower()


def picture_post(path: str, body: bytes) -> bytes:
    """The whole request that posts a JPEG."""
    head = f"POST {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: image/jpeg\r\n"
    return head.encode() + f"Content-Length: {len(body)}\r\n\r\n".encode() + body


class Client:
    """One connection, kept open: asks, and is told when the answer is whole."""

    __slots__ = ("_asked_at", "_left", "_out", "_text", "idle", "number", "socket")

    def __init__(self, port: int, number: int = 0) -> None:
        self.number, self.idle = number, True
        self.socket = socket.create_connection(("127.0.0.1", port), timeout=30)
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 1 << 20)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.socket.setblocking(False)
        self._out = memoryview(b"")
        self._text = bytearray()
        self._left = 0
        self._asked_at = 0.0

    def ask(self, request: bytes) -> bool:
        """Send a request; whether some of it is left for `send`."""
        self._asked_at, self.idle = time.perf_counter(), False
        self._out, self._left = memoryview(request), 0
        self._text.clear()
        return self.send()

    def send(self) -> bool:
        """Send on; whether some is left. A connection that broke is noticed by `hear`."""
        try:
            self._out = self._out[self.socket.send(self._out) :]
        except BlockingIOError:
            return True
        except OSError:
            self._out = memoryview(b"")
        return bool(self._out)

    def hear(self, room: bytearray) -> Reply | None:
        """Read what is there; the answer once it is whole."""
        try:
            count = self.socket.recv_into(room)
        except BlockingIOError:
            return None
        except OSError:
            count = 0
        if not count:
            return self._reply(0, b"")
        if not self._left:
            self._text += memoryview(room)[:count]
            end = self._text.find(b"\r\n\r\n")
            if end < 0:
                return None
            found = _LENGTH.search(self._text, 0, end)
            count = len(self._text)
            self._left = end + 4 + (int(found.group(1)) if found else 0)
            del self._text[end:]
        self._left -= count
        return None if self._left > 0 else self._reply(int(self._text[9:12]), bytes(self._text))

    def _reply(self, status: int, head: bytes) -> Reply:
        return Reply(status, (time.perf_counter() - self._asked_at) * 1000, head)


class Clients:
    """Any number of clients, waited for together."""

    def __init__(self, port: int) -> None:
        self._port = port
        self._waiting = selectors.DefaultSelector()
        self._room = bytearray(ROOM_BYTES)
        self.open = 0

    def connected(self, number: int = 0) -> Client:
        """A new client; raises OSError."""
        client = Client(self._port, number)
        self._waiting.register(client.socket, selectors.EVENT_READ, client)
        self.open += 1
        return client

    def ask(self, client: Client, request: bytes) -> None:
        """Let it ask."""
        if client.ask(request):
            both = selectors.EVENT_READ | selectors.EVENT_WRITE
            self._waiting.modify(client.socket, both, client)

    def heard(self, wait_s: float) -> Iterator[tuple[Client, Reply]]:
        """Every whole answer that comes within `wait_s`, at most one round of them."""
        for key, events in self._waiting.select(wait_s):
            client: Client = key.data
            if events & selectors.EVENT_WRITE and not client.send():
                self._waiting.modify(client.socket, selectors.EVENT_READ, client)
            if events & selectors.EVENT_READ:
                reply = client.hear(self._room)
                if reply is not None:
                    yield client, reply

    def let_go(self, client: Client) -> None:
        """Close its connection."""
        self._waiting.unregister(client.socket)
        client.socket.close()
        self.open -= 1

    def close(self) -> None:
        """Close all."""
        for key in list(self._waiting.get_map().values()):
            self.let_go(key.data)
        self._waiting.close()
