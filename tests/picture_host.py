"""A host of pictures on this machine, as helpful or as hostile as a test wants it."""

import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

Answer = Callable[["Asked"], None]


class Asked(BaseHTTPRequestHandler):
    """One request; `answers` of the server decide by its path."""

    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        host: PictureHost = self.server.host  # type: ignore[attr-defined] # set when it is made
        with host.counting:
            host.asked.append(self.path)
            host.headers.append(dict(self.headers.items()))
            host.at_once += 1
            host.most_at_once = max(host.most_at_once, host.at_once)
        try:
            answer = host.answers.get(self.path.partition("?")[0])
            if answer is None:
                self.say(404, b"no")
            else:
                answer(self)
        except OSError:
            pass  # the caller had enough
        finally:
            with host.counting:
                host.at_once -= 1

    def say(self, status: int, body: bytes, **headers: str) -> None:
        """A whole answer; `_` in a header's name stands for `-`."""
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name.replace("_", "-"), value)
        if "Content_Length" not in headers:
            self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)
        self.close_connection = True

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 # the library's name
        """Say nothing."""


@dataclass
class PictureHost:
    """Where it is, what it answers, and what it was asked."""

    port: int
    answers: dict[str, Answer] = field(default_factory=dict)
    asked: list[str] = field(default_factory=list)
    headers: list[dict[str, str]] = field(default_factory=list)
    at_once: int = 0
    most_at_once: int = 0
    counting: threading.Lock = field(default_factory=threading.Lock)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def name(self) -> str:
        """As an operator allows it."""
        return f"127.0.0.1:{self.port}"

    def shows(self, path: str, data: bytes, **headers: str) -> None:
        """A picture at `path`."""
        self.answers[path] = lambda asked: asked.say(200, data, **headers)

    def sends_to(self, path: str, location: str, status: int = 302) -> None:
        """A redirect at `path`."""
        self.answers[path] = lambda asked: asked.say(status, b"", Location=location)


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 64


@contextmanager
def picture_host() -> Iterator[PictureHost]:
    """A host on a free port until the block ends."""
    server = _Server(("127.0.0.1", 0), Asked)
    host = PictureHost(server.server_address[1])
    server.host = host  # type: ignore[attr-defined] # read by Asked
    thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
    thread.start()
    try:
        yield host
    finally:
        server.shutdown()
        server.server_close()
        thread.join(60)


@contextmanager
def raw_host(talk: Callable[[socket.socket], None]) -> Iterator[int]:
    """A port that answers every connection with `talk`, whatever was asked."""
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        listening.listen()
        listening.settimeout(0.1)
        closing = threading.Event()

        def serve() -> None:
            while not closing.is_set():
                try:
                    connection, _ = listening.accept()
                except OSError:
                    continue
                with connection:
                    try:
                        talk(connection)
                    except OSError:
                        continue

        thread = threading.Thread(target=serve, daemon=True)
        thread.start()
        try:
            yield listening.getsockname()[1]
        finally:
            closing.set()
            thread.join(60)


def drip(data: bytes, pause_s: float) -> Callable[[socket.socket], None]:
    """Sends `data` a byte at a time, for ever and a day."""

    def talk(connection: socket.socket) -> None:
        connection.recv(4096)
        for byte in data:
            connection.sendall(bytes((byte,)))
            time.sleep(pause_s)

    return talk
