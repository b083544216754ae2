"""The door's patience with connections: who sends no whole request head in time is let go.

uvicorn waits for the first head without end, and for every later one once its first byte is there;
so a few hundred connections that send a byte now and then would hold every file descriptor. The
body has a bound of its own (body.py).
"""

import asyncio
import resource
from typing import Any, Final

import h11
from uvicorn.protocols.http.h11_impl import H11Protocol

HEAD_S: Final = 10.0
"""A head is one packet; a phone in a lift needs seconds, nobody needs ten."""
MOST_CONNECTIONS: Final = 4_000
"""Beyond, the connection that has waited longest for its head makes room for the new one."""
SPARE_FILES: Final = 96  # the shop's own: tables, graphs, workers, thumbnails


class Patient(H11Protocol):
    """uvicorn's HTTP/1.1, with an end to waiting for a head."""

    head_s = HEAD_S
    most_connections = MOST_CONNECTIONS

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self._until: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Begin to wait for the first head; somebody else's wait ends where too many wait."""
        super().connection_made(transport)  # type: ignore[arg-type]  # uvicorn narrows it likewise
        if len(self.connections) > self._places():
            self._make_room()
        self._wait()

    def data_received(self, data: bytes) -> None:
        """Wait on for a head that is not whole; be patient with whoever is being served."""
        super().data_received(data)
        if self._headless():
            self._wait()
        else:
            self._rest()

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
        return bool(self.conn.their_state is h11.IDLE)

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
