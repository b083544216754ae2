"""The mirror's line to a server that answers 500, nonsense, or not at all."""

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

pytest.importorskip("av", reason="the mirror's extra is not installed")

from api.mirror_desk import HttpDesk
from mirror.delivery import Delivery
from mirror.desk import MirrorState
from mirror.encode import X264
from mirror.errors import DeskAway, DeskRefused
from mirror.finish import Made
from mirror.waiting import Waiting
from tests.drawn_clips import HandClock, clip_of

SEALED = b"sealed" * 1000


class Moody:
    """A server that answers what a test put before it, and remembers what it was sent."""

    def __init__(self) -> None:
        self.answers: list[tuple[int, bytes]] = []
        self.heard: list[tuple[str, str, bytes]] = []


@contextmanager
def served(moody: Moody) -> Iterator[str]:
    class Answer(BaseHTTPRequestHandler):
        def _answer(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
            moody.heard.append((self.command, self.path, body))
            status, said = moody.answers.pop(0) if moody.answers else (200, b"{}")
            self.send_response(status)
            self.end_headers()
            self.wfile.write(said)

        do_POST = do_PUT = _answer  # noqa: N815  the library calls them so

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Answer)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}"
    finally:
        server.shutdown()
        server.server_close()


NONSENSE = [
    (500, b"oops"), (502, b"<html>"), (200, b"no orders"), (200, b'{"now_at": 3}'), (200, b"[]"),
]  # fmt: skip


@pytest.mark.parametrize("answer", NONSENSE)
def test_a_server_that_answers_500_or_nonsense_is_away(answer: tuple[int, bytes]) -> None:
    moody = Moody()
    moody.answers = [answer]
    with served(moody) as url, pytest.raises((DeskAway, DeskRefused)):
        HttpDesk(url, "m1", "pass").report(MirrorState())
    with pytest.raises(DeskAway):  # and so is one that is not there
        HttpDesk(url, "m1", "pass").report(MirrorState())


def test_a_clip_is_handed_over_once_when_the_server_has_stopped_answering_500(
    tmp_path: Path,
) -> None:
    moody = Moody()
    moody.answers = [(500, b""), (503, b"{}"), (500, b"{}")]
    waiting = Waiting(tmp_path)
    waiting.put(Made(clip_of("c1", SEALED), {"video": SEALED}))
    with served(moody) as url:
        desk = HttpDesk(url, "m1", "pass")
        delivery = Delivery(waiting, desk, X264, HandClock(), 10**9)
        for _ in range(3):
            with pytest.raises(DeskAway):
                delivery._deliver_all(threading.Event())
            assert waiting.ids() == ["c1"]
        delivery._deliver_all(threading.Event())
        delivery._deliver_all(threading.Event())
    assert waiting.ids() == []
    assert [path for _, path, _ in moody.heard] == ["/v1/clips/c1"] * 4
    assert all(body.endswith(SEALED) for *_, body in moody.heard)
    head = moody.heard[-1][2]
    length = int.from_bytes(head[:4], "big")
    assert json.loads(head[4 : 4 + length])["clip"]["id"] == "c1"
