"""The door's patience with connections: who sends no whole request head in time is let go.

uvicorn waits for the first head without end, and for every later one once its first byte is there;
so a few hundred connections that send a byte now and then would hold every file descriptor. The
body has a bound of its own (body.py); what comes of it after its answer is waited for like a head.

h11 reads heads, and bodies in chunks. A body whose head has told its length is only counted here
and handed on as it comes: through h11 and uvicorn a photo was copied five times on its way, .4 ms
for each 350 kB. The connection's next head is then read by a new h11. What comes after such a body
is kept for it, one segment at most: nothing more is read until the answer is out, whoever asks.
"""

import asyncio
import resource
from typing import Any, Final

import h11
from uvicorn.protocols.http.flow_control import FlowControl
from uvicorn.protocols.http.h11_impl import H11Protocol

HEAD_S: Final = 10.0
"""A head is one packet; a phone in a lift needs seconds, nobody needs ten."""
HEAD_BYTES: Final = 16_384
"""Of the first head and every later one alike; as much as h11 takes where it is told nothing."""
MOST_CONNECTIONS: Final = 4_000
"""Beyond, the connection that has waited longest for its head makes room for the new one."""
SPARE_FILES: Final = 96  # the shop's own: tables, graphs, workers, thumbnails


class _Flow(FlowControl):
    """uvicorn's, with reading that stays paused while it is held, whoever asks for more.

    A request that waits for news of its caller asks for more again and again; every time there
    would come another 64 to 256 kB of whatever she sends next."""

    held = False

    def resume_reading(self) -> None:
        if not self.held:
            super().resume_reading()


class Patient(H11Protocol):
    """uvicorn's HTTP/1.1, with an end to waiting for a head."""

    head_s = HEAD_S
    most_connections = MOST_CONNECTIONS

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self.conn = h11.Connection(h11.SERVER, HEAD_BYTES)
        self.flow: _Flow
        self._until: asyncio.TimerHandle | None = None
        self._left_bytes: int | None = None
        """Of a body that is counted here; None while h11 reads."""
        self._early = b""  # what came after that body, before its answer was whole

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Begin to wait for the first head; somebody else's wait ends where too many wait."""
        super().connection_made(transport)  # type: ignore[arg-type]  # uvicorn narrows it likewise
        self.flow = _Flow(self.transport)
        if len(self.connections) > self._places():
            self._make_room()
        self._wait()

    def data_received(self, data: bytes) -> None:
        """Wait on for a head that is not whole; be patient with whoever is being served."""
        if self.transport.is_closing():  # TLS hands on what was under way; nobody is to act on it
            return
        if self._left_bytes is None:
            super().data_received(data)
        else:
            self._unset_keepalive_if_required()
            self._take(data)
        if self._headless():
            self._wait()
        else:
            self._rest()

    def handle_events(self) -> None:
        """As uvicorn; where a head has told its body's length, the body is counted from here on."""
        before = self.cycle
        super().handle_events()
        if self.conn.their_state not in (h11.IDLE, h11.SEND_BODY):
            self.flow.held = bool(self.conn.trailing_data[0])
        if self.cycle is before or self.conn.their_state is not h11.SEND_BODY:
            return
        said = dict(self.headers)  # h11 has seen to it that there is one length, and a number
        if b"transfer-encoding" not in said and b"content-length" in said:
            self._left_bytes = int(said[b"content-length"]) - len(self.cycle.body)

    def send_400_response(self, msg: str) -> None:
        """As uvicorn, where an answer is due; whose body went wrong after hers is only let go."""
        if self.conn.our_state in (h11.IDLE, h11.SEND_RESPONSE):
            super().send_400_response(msg)
        else:
            self.transport.close()

    def on_response_complete(self) -> None:
        """As uvicorn; the next head is read once the body is over, which is not waited for long."""
        self.flow.held, counted = False, self._left_bytes is not None
        super().on_response_complete()  # where h11 reads on, it may begin to count the next body
        if not counted or self.transport.is_closing():
            return
        if self._left_bytes:
            self._wait()
        else:
            self._turn_over()

    def connection_lost(self, exc: Exception | None) -> None:
        """The wait is over either way."""
        self._rest()
        super().connection_lost(exc)

    def let_go(self) -> None:
        """Close the connection, if no request of it is being served."""
        self._rest()
        if self._headless() and not self.transport.is_closing():
            self.transport.close()

    def waiting_since(self) -> float | None:
        """When the wait for a head began (the loop's clock), None while a request is served."""
        return None if self._until is None else self._until.when() - self.head_s

    def _headless(self) -> bool:
        """Whether it is the caller's turn: no whole head has come, or its answer is out already."""
        if self._left_bytes is not None:
            return bool(self.cycle.response_complete)
        return bool(self.conn.their_state is h11.IDLE)

    def _take(self, data: bytes) -> None:
        """Hand on what belongs to the body, keep what comes after it for the next request."""
        assert self._left_bytes is not None
        size_bytes = min(len(data), self._left_bytes)
        self._left_bytes -= size_bytes
        if size_bytes < len(data):
            self._early += data[size_bytes:]
            self.flow.pause_reading()
            self.flow.held = True
        if self.cycle.response_complete:
            if not self._left_bytes:
                self._turn_over()
        elif size_bytes:
            self._hand_on(data if size_bytes == len(data) else data[:size_bytes])

    def _hand_on(self, part: bytes) -> None:
        """Give the request the next part of its body, behind what it has not taken yet."""
        cycle = self.cycle
        if cycle.body:
            self.flow.pause_reading()  # no more until that is taken
            part = bytes(cycle.body) + part
        cycle.body = part  # type: ignore[assignment]  # uvicorn only copies and empties it
        cycle.more_body = bool(self._left_bytes)
        cycle.message_event.set()

    def _turn_over(self) -> None:
        """The request is over, and so is its h11, which never saw the end of the body."""
        if self.conn.our_state is not h11.DONE:
            return  # its answer went wrong half-way: no other may follow it on this line
        self._left_bytes, early, self._early = None, self._early, b""
        self.conn = h11.Connection(h11.SERVER, HEAD_BYTES)
        self._rest()  # the next head is waited for as long as any
        self.flow.held = False
        self.flow.resume_reading()
        if early:
            self.data_received(early)

    def _wait(self) -> None:
        if self._until is None:
            self._until = self.loop.call_later(self.head_s, self.let_go)

    def _rest(self) -> None:
        if self._until is not None:
            self._until.cancel()
            self._until = None

    def _places(self) -> int:
        files, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
        return min(self.most_connections, max(8, files - SPARE_FILES))

    def _make_room(self) -> None:
        waiting = [
            (since, id(other), other)
            for other in self.connections
            if isinstance(other, Patient) and (since := other.waiting_since()) is not None
        ]
        if waiting:
            min(waiting)[2].let_go()


def raise_file_limit() -> None:
    """Let this process open as many files as the system allows it, connections among them."""
    files, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = most if most != resource.RLIM_INFINITY else 65_536
    if files != resource.RLIM_INFINITY and files < wanted:
        resource.setrlimit(resource.RLIMIT_NOFILE, (min(wanted, 65_536), most))
