"""Connections that promise a request and never send it."""

import socket
import time
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from api.patience import Patient
from tests.door_server import served_app


async def hello(scope, receive, send):
    assert scope["type"] == "http"
    await receive()
    await send(
        {"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"2")]}
    )
    await send({"type": "http.response.body", "body": b"ok"})


@contextmanager
def serving(**traits: float) -> Iterator[int]:
    """The port of a server of little patience."""
    hasty = type("Hasty", (Patient,), traits)
    with served_app(hello, http=hasty, lifespan="off", log_level="error") as port:
        yield port


def connect(port: int) -> socket.socket:
    return socket.create_connection(("127.0.0.1", port), timeout=60)


def is_let_go(connection: socket.socket) -> bool:
    """Waits until the server hangs up; False when it does not in a minute."""
    try:
        return connection.recv(1) == b""
    except ConnectionResetError:
        return True
    except TimeoutError:
        return False


def drip(connection: socket.socket, data: bytes) -> None:
    for byte in data:
        connection.sendall(bytes([byte]))
        time.sleep(0.02)


def ask(connection: socket.socket) -> bytes:
    connection.sendall(b"GET / HTTP/1.1\r\nHost: here\r\n\r\n")
    answer = b""
    while not answer.endswith(b"ok"):
        answer += connection.recv(1000)
    return answer


@pytest.mark.parametrize("sent", [b"", b"G", b"GET / HTTP/1.1\r\nHost: h"])
def test_who_sends_no_whole_head_is_let_go(sent: bytes) -> None:
    with serving(head_s=0.3) as port, connect(port) as slow:
        slow.sendall(sent)
        assert is_let_go(slow)


def test_drip_feeding_a_head_does_not_buy_time() -> None:
    with serving(head_s=0.4) as port, connect(port) as slow:
        started = time.monotonic()
        with pytest.raises((BrokenPipeError, ConnectionResetError)):
            drip(slow, b"GET / HTTP/1.1\r\nX-A: " + b"a" * 1000)
        assert time.monotonic() - started < 10


def test_a_second_head_is_waited_for_no_longer_than_the_first() -> None:
    with serving(head_s=0.3) as port, connect(port) as slow:
        assert ask(slow).startswith(b"HTTP/1.1 200")
        slow.sendall(b"GET /again HT")
        assert is_let_go(slow)


def test_a_request_is_served_however_long_its_body_takes() -> None:
    with serving(head_s=0.2) as port, connect(port) as slow:
        slow.sendall(b"POST / HTTP/1.1\r\nHost: here\r\nContent-Length: 3\r\n\r\n")
        for byte in (b"a", b"b", b"c"):
            time.sleep(0.2)
            slow.sendall(byte)
        assert slow.recv(1000).startswith(b"HTTP/1.1 200")


def test_the_longest_wait_ends_where_too_many_wait() -> None:
    with serving(most_connections=3) as port:
        idle = []
        for _ in range(3):
            idle.append(connect(port))
            time.sleep(0.05)
        with connect(port) as shopper:
            assert ask(shopper).startswith(b"HTTP/1.1 200")
            assert is_let_go(idle[0])
        for one in idle:
            one.close()
