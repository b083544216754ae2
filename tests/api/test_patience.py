"""Connections that promise a request and never send it."""

import socket
import time
from collections.abc import Iterator
from contextlib import contextmanager
from hashlib import sha256
from random import Random
from threading import Thread
from typing import Any

import pytest

from api.patience import Patient
from tests.door_server import served_app


async def hello(scope, receive, send):
    assert scope["type"] == "http"
    while (await receive()).get("more_body"):
        pass
    await send(
        {"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"2")]}
    )
    await send({"type": "http.response.body", "body": b"ok"})


def hasty(**traits: float) -> type[Patient]:
    """A kind of little patience. A test that says its `head_s` only once a first request was
    answered cannot fail for a slow beginning."""
    return type("Hasty", (Patient,), traits)


@contextmanager
def serving(kind: type[Patient] | None = None, app: Any = hello, **traits: float) -> Iterator[int]:
    """The port of a server of little patience."""
    with served_app(
        app, http=kind or hasty(**traits), lifespan="off", log_level="error", timeout_keep_alive=60
    ) as port:
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
        part = connection.recv(1000)
        assert part, f"it hung up after {answer!r}"
        answer += part
    return answer


@pytest.mark.parametrize("sent", [b"", b"G", b"GET / HTTP/1.1\r\nHost: h"])
def test_who_sends_no_whole_head_is_let_go(sent: bytes) -> None:
    with serving(head_s=0.3) as port, connect(port) as slow:
        slow.sendall(sent)
        assert is_let_go(slow)


def test_drip_feeding_a_head_does_not_buy_time() -> None:
    with (
        serving(head_s=0.4) as port,
        connect(port) as slow,
        pytest.raises((BrokenPipeError, ConnectionResetError)),
    ):
        drip(slow, b"GET / HTTP/1.1\r\nX-A: " + b"a" * 1000)


def test_a_second_head_is_waited_for_no_longer_than_the_first() -> None:
    kind = hasty(head_s=60.0)
    with serving(kind) as port, connect(port) as slow:
        assert ask(slow).startswith(b"HTTP/1.1 200")
        kind.head_s = 0.5
        slow.sendall(b"GET /again HT")
        assert is_let_go(slow)


def test_a_request_is_served_however_long_its_body_takes() -> None:
    kind = hasty(head_s=60.0)
    with serving(kind) as port, connect(port) as slow:
        assert ask(slow).startswith(b"HTTP/1.1 200")
        kind.head_s = 0.5
        slow.sendall(b"POST / HTTP/1.1\r\nHost: here\r\nContent-Length: 3\r\n\r\n")
        for byte in (b"a", b"b", b"c"):
            time.sleep(0.4)
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


async def echo(scope, receive, send):
    """Answers with the length and the hash of the body; early if the address says so."""
    body, more = bytearray(), scope["path"] != "/early"
    while more:
        message = await receive()
        body += message["body"]
        more = message["more_body"]
    said = f"{scope['method']} {len(body)} {sha256(body).hexdigest()[:16]};".encode()
    size = str(len(said)).encode()
    await send(
        {"type": "http.response.start", "status": 200, "headers": [(b"content-length", size)]}
    )
    await send({"type": "http.response.body", "body": said})


def told(method: str, body: bytes) -> bytes:
    return f"{method} {len(body)} {sha256(body).hexdigest()[:16]};".encode()


def heard(connection: socket.socket, answers: int) -> list[bytes]:
    """The bodies of so many answers."""
    text = b""
    while text.count(b";") < answers:
        part = connection.recv(65_536)
        assert part, f"it hung up after {text!r}"
        text += part
    return [part.rpartition(b"\r\n\r\n")[2] + b";" for part in text.split(b";")[:answers]]


def post(body: bytes, path: str = "/", extra: bytes = b"") -> bytes:
    head = f"POST {path} HTTP/1.1\r\nHost: here\r\nContent-Length: {len(body)}\r\n".encode()
    return head + extra + b"\r\n" + body


@pytest.mark.parametrize("size", [0, 1, 65_535, 65_537, 300_000, 2_000_000])
def test_a_body_arrives_whole_however_it_is_cut(size: int) -> None:
    body = Random(size).randbytes(size)
    with serving(app=echo) as port, connect(port) as line:
        for _ in range(2):  # the connection is kept
            line.sendall(post(body))
            assert heard(line, 1) == [told("POST", body)]
        sent = post(body)
        for start in range(min(len(sent), 300)):  # its head and its first bytes one by one
            line.sendall(sent[start : start + 1])
        line.sendall(sent[300:])
        assert heard(line, 1) == [told("POST", body)]


def test_what_follows_a_body_is_the_next_request_and_nothing_in_a_body_is_one() -> None:
    hidden = b"GET /hidden HTTP/1.1\r\nHost: here\r\n\r\n" * 5_000
    get = b"GET / HTTP/1.1\r\nHost: here\r\n\r\n"
    chunked = (
        b"POST / HTTP/1.1\r\nHost: here\r\nTransfer-Encoding: chunked\r\n\r\n"
        b"5\r\nhello\r\n0\r\n\r\n"
    )
    whole = post(hidden) + get + post(b"") + post(b"ab") + chunked + post(hidden) + get
    wanted = [
        told("POST", hidden), told("GET", b""), told("POST", b""), told("POST", b"ab"),
        told("POST", b"hello"), told("POST", hidden), told("GET", b""),
    ]  # fmt: skip
    with serving(app=echo) as port:
        with connect(port) as line:
            Thread(target=line.sendall, args=(whole,), daemon=True).start()
            assert heard(line, len(wanted)) == wanted
        with connect(port) as line:
            for start in range(0, len(whole), 50_021):
                line.sendall(whole[start : start + 50_021])
                time.sleep(0.005)
            assert heard(line, len(wanted)) == wanted


def test_what_is_left_of_a_body_after_its_answer_is_passed_over() -> None:
    body = b"GET /hidden HTTP/1.1\r\nHost: here\r\n\r\n" * 20_000
    with serving(app=echo) as port, connect(port) as line:
        for _ in range(3):
            line.sendall(post(body, "/early") + post(b"next"))
            assert heard(line, 2) == [told("POST", b""), told("POST", b"next")]


def test_the_rest_of_a_body_is_not_waited_for_after_its_answer() -> None:
    kind, body = hasty(head_s=60.0), b"a" * 100_000
    with serving(kind, echo) as port, connect(port) as line:
        line.sendall(post(b""))
        assert heard(line, 1) == [told("POST", b"")]
        kind.head_s = 0.5
        line.sendall(post(body, "/early")[:200])
        assert heard(line, 1) == [told("POST", b"")]
        with pytest.raises((BrokenPipeError, ConnectionResetError)):
            drip(line, b"a" * 9_000)  # a byte now and then buys no time


def test_a_body_that_waits_to_be_asked_for_is_asked_for() -> None:
    with serving(app=echo) as port, connect(port) as line:
        head, _, body = post(b"b" * 70_000, extra=b"Expect: 100-continue\r\n").partition(
            b"\r\n\r\n"
        )
        line.sendall(head + b"\r\n\r\n")
        assert line.recv(1000).startswith(b"HTTP/1.1 100")
        line.sendall(body + post(b"more"))
        assert heard(line, 2) == [told("POST", body), told("POST", b"more")]


def test_who_leaves_in_the_midst_of_a_body_or_asks_to_close_is_let_go() -> None:
    with serving(app=echo) as port:
        with connect(port) as line:
            line.sendall(post(b"a" * 200_000)[:150_000])
        with connect(port) as line:
            line.sendall(post(b"c" * 200_000, extra=b"Connection: close\r\n"))
            assert heard(line, 1) == [told("POST", b"c" * 200_000)]
            assert is_let_go(line)
