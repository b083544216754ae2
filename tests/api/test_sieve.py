"""What of a request's head comes in: our cookies, one length, and nothing that takes seconds."""

import asyncio
import socket
from collections.abc import Iterator
from typing import Any

import pytest

from api.app import create_app
from api.sieve import Sieve
from tests.door_server import served_app

SECRET = "vzd_" + "a" * 43


def head(*headers: tuple[bytes, bytes]) -> tuple[list[tuple[bytes, bytes]] | None, list[Any]]:
    """The headers that come in (None: it was refused), and what was answered."""
    came: list[list[tuple[bytes, bytes]]] = []
    said: list[Any] = []

    async def app(scope: Any, receive: Any, send: Any) -> None:
        came.append(scope["headers"])

    async def send(message: Any) -> None:
        said.append(message)

    scope = {"type": "http", "method": "GET", "path": "/", "headers": list(headers)}
    asyncio.run(Sieve(app)(scope, asyncio.Event().wait, send))
    return (came[0] if came else None), said


def test_our_cookies_come_in_and_nobody_elses() -> None:
    said = b'other=1; vistazo_session=vistazo_in_x-Y_9; a="; vistazo_device=' + SECRET.encode()
    came, _ = head((b"host", b"x"), (b"cookie", said), (b"cookie", b"vistazo_pass=p; z=1"))
    assert came == [
        (b"host", b"x"),
        (b"cookie", b"vistazo_session=vistazo_in_x-Y_9; vistazo_device=" + SECRET.encode()
         + b"; vistazo_pass=p"),
    ]  # fmt: skip


@pytest.mark.parametrize(
    "value",
    [b'"' + b"\\\\" * 30_000 + b'"', b'"\\101"', b"a" * 401, b"", b"a b", "é".encode(), b"\0"],
)
def test_a_value_that_we_never_hand_out_stays_outside(value: bytes) -> None:
    came, _ = head((b"cookie", b"vistazo_session=" + value))
    assert came == []


def test_a_request_that_says_its_length_twice_is_refused() -> None:
    came, said = head((b"content-length", b"4"), (b"transfer-encoding", b"chunked"))
    assert came is None
    assert said[0]["status"] == 400
    assert (b"connection", b"close") in said[0]["headers"]


@pytest.fixture
def port(shop: Any) -> Iterator[int]:
    with served_app(create_app(shop), log_level="error") as port:
        yield port


def told(port: int, request: bytes) -> bytes:
    """Everything that is answered until the server closes the connection."""
    with socket.create_connection(("127.0.0.1", port), timeout=60) as line:
        line.sendall(request)
        return b"".join(iter(lambda: line.recv(65_536), b""))


def test_no_second_request_hides_behind_a_length_that_is_said_twice(port: int) -> None:
    hidden = (
        b"POST /v1/search HTTP/1.1\r\nHost: x\r\nContent-Length: 4\r\nTransfer-Encoding: chunked"
        b"\r\n\r\n0\r\n\r\nGET /v1/shop HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"
    )
    answered = told(port, hidden)
    assert answered.count(b"HTTP/1.1 ") == 1
    assert answered.startswith(b"HTTP/1.1 400")
