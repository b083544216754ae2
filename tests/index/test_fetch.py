"""One picture from a host that may be slow, large, lying, or gone."""

import socket
import threading
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import pytest

from index.address import Allowed
from index.errors import BadLink
from index.fetch import FetchLimits, fetch_picture, is_picture
from tests.fakes import drawn_picture
from tests.picture_host import PictureHost, drip, picture_host, raw_host

PICTURE = drawn_picture(3)


@pytest.fixture
def host() -> Iterator[PictureHost]:
    with picture_host() as served:
        yield served


def limits(host_name: str, **bounds: float) -> FetchLimits:
    return FetchLimits(allowed=Allowed.of([host_name]), **bounds)  # type: ignore[arg-type] # numbers


def test_a_picture_comes_with_what_to_say_next_time(host: PictureHost) -> None:
    host.shows("/a.png", PICTURE, ETag='"v1"', Last_Modified="Sun, 22 Nov 2026 08:00:00 GMT")
    found = fetch_picture(f"{host.url}/a.png", limits(host.name))
    assert (found.data, found.etag) == (PICTURE, '"v1"')
    host.answers["/a.png"] = lambda asked: asked.say(304, b"")
    again = fetch_picture(
        f"{host.url}/a.png", limits(host.name), etag='"v1"', modified=found.modified
    )
    assert again.data is None
    assert host.headers[1]["If-None-Match"] == '"v1"'
    assert host.headers[1]["If-Modified-Since"] == "Sun, 22 Nov 2026 08:00:00 GMT"


def test_nothing_that_tells_of_us_is_sent(host: PictureHost) -> None:
    host.shows("/a.png", PICTURE)
    fetch_picture(f"{host.url}/a.png#part", limits(host.name))
    assert set(host.headers[0]) == {"Host", "User-Agent", "Accept", "Accept-Encoding", "Connection"}
    assert host.asked == ["/a.png"]


def test_redirects_are_followed_and_bounded(host: PictureHost) -> None:
    host.shows("/a.png", PICTURE)
    host.sends_to("/moved", "b/../a.png", 301)
    assert fetch_picture(f"{host.url}/moved", limits(host.name)).data == PICTURE
    host.sends_to("/round", "/round")
    with pytest.raises(BadLink) as refused:
        fetch_picture(f"{host.url}/round", limits(host.name, redirects=4))
    assert refused.value.code == "too_many_redirects"
    assert host.asked.count("/round") == 5


def test_what_is_gone_or_closed_is_told_by_its_status(host: PictureHost) -> None:
    for status, passing in ((404, False), (410, False), (403, False), (500, True), (429, True)):
        host.answers["/x"] = lambda asked, s=status: asked.say(s, b"", Retry_After="7")  # type: ignore[misc]
        with pytest.raises(BadLink) as refused:
            fetch_picture(f"{host.url}/x?token=secret", limits(host.name))
        assert (refused.value.code, refused.value.passing) == (f"http_{status}", passing)
        assert refused.value.retry_after_s == (7 if passing else None)
        assert "secret" not in str(refused.value)


@pytest.mark.parametrize(
    ("said", "wait_s"), [("120", 120), ("999999", 3600), ("soon", None), ("-5", None), ("", None)]
)
def test_a_wish_to_be_left_alone_is_understood(
    host: PictureHost, said: str, wait_s: float | None
) -> None:
    host.answers["/x"] = lambda asked: asked.say(503, b"", Retry_After=said)
    with pytest.raises(BadLink) as refused:
        fetch_picture(f"{host.url}/x", limits(host.name))
    assert refused.value.retry_after_s == wait_s


def test_a_wish_with_a_date_is_understood(host: PictureHost) -> None:
    moment = format_datetime(datetime.now(UTC) + timedelta(seconds=90), usegmt=True)
    host.answers["/x"] = lambda asked: asked.say(503, b"", Retry_After=moment)
    with pytest.raises(BadLink) as refused:
        fetch_picture(f"{host.url}/x", limits(host.name))
    assert refused.value.retry_after_s is not None
    assert 80 < refused.value.retry_after_s <= 90


def test_too_much_is_refused_by_what_is_said_and_by_what_comes(host: PictureHost) -> None:
    host.shows("/said", PICTURE, Content_Length="5000000")
    long = PICTURE + bytes(300_000)

    def chunked(asked: object) -> None:
        asked.send_response(200)  # type: ignore[attr-defined] # a request handler
        asked.send_header("Transfer-Encoding", "chunked")  # type: ignore[attr-defined]
        asked.end_headers()  # type: ignore[attr-defined]
        for _ in range(1000):
            asked.wfile.write(b"%x\r\n%s\r\n" % (len(long), long))  # type: ignore[attr-defined]

    host.answers["/comes"] = chunked
    for path in ("/said", "/comes"):
        with pytest.raises(BadLink) as refused:
            fetch_picture(host.url + path, limits(host.name, max_bytes=1_000_000))
        assert refused.value.code == "too_large"


@pytest.mark.parametrize(
    ("body", "headers", "code"),
    [
        (b"<html>please log in</html>", {"Content_Type": "image/jpeg"}, "not_a_picture"),
        (b"<svg xmlns='http://www.w3.org/2000/svg'/>", {}, "not_a_picture"),
        (b"", {}, "not_a_picture"),
        (PICTURE, {"Content_Encoding": "gzip"}, "packed"),
        (PICTURE, {"Content_Length": str(len(PICTURE) + 9)}, "cut_short"),
    ],
)
def test_what_is_no_whole_picture_is_refused(
    host: PictureHost, body: bytes, headers: dict[str, str], code: str
) -> None:
    host.answers["/x"] = lambda asked: asked.say(200, body, **headers)
    with pytest.raises(BadLink) as refused:
        fetch_picture(f"{host.url}/x", limits(host.name))
    assert refused.value.code == code


SLOW_HEAD = b"HTTP/1.1 200 OK\r\n" + b"X-A: b\r\n" * 90 + b"\r\n"
SLOW_BODY = b"HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n" + PICTURE * 100


@pytest.mark.parametrize("data", [SLOW_HEAD, SLOW_BODY, b""], ids=["head", "body", "silence"])
def test_a_host_that_drips_is_left_in_time(data: bytes) -> None:
    over = threading.Event()

    def talk(connection: socket.socket) -> None:
        drip(data, 0.02)(connection)
        over.wait(60)

    with raw_host(talk) as port:
        with pytest.raises(BadLink) as refused:
            fetch_picture(f"http://127.0.0.1:{port}/", limits(f"127.0.0.1:{port}", total_s=0.4))
        assert (refused.value.code, refused.value.passing) == ("timeout", True)
        over.set()  # the bound, not the host, ended it: the host talks on for a minute


@pytest.mark.parametrize(
    "answer",
    [
        b"nonsense\r\n\r\n",
        b"HTTP/1.1 200 OK\r\n" + b"A: b\r\n" * 500 + b"\r\n",
        b"HTTP/1.1 200 OK\r\nA: " + b"x" * 100_000 + b"\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
        b"HTTP/1.1 302 Found\r\nLocation: http://[::1\r\nContent-Length: 0\r\n\r\n",
        b"HTTP/1.1 302 Found\r\nContent-Length: 0\r\n\r\n",
        b"",
    ],
)
def test_a_host_that_talks_nonsense_is_told(answer: bytes) -> None:
    def talk(connection: socket.socket) -> None:
        connection.recv(4096)
        connection.sendall(answer)

    with raw_host(talk) as port, pytest.raises(BadLink):
        fetch_picture(f"http://127.0.0.1:{port}/", limits(f"127.0.0.1:{port}", total_s=60))


def test_a_port_where_nobody_listens_and_no_tls_are_told() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        port = taken.getsockname()[1]
        with pytest.raises(BadLink) as refused:
            fetch_picture(f"http://127.0.0.1:{port}/", limits(f"127.0.0.1:{port}"))
        assert (refused.value.code, refused.value.passing) == ("connection", True)
    with raw_host(lambda c: c.sendall(b"HTTP/1.1 200 OK\r\n\r\n")) as port:
        with pytest.raises(BadLink) as refused:
            fetch_picture(f"https://127.0.0.1:{port}/", limits(f"127.0.0.1:{port}"))
        assert refused.value.code == "tls"


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP", "GIF", "BMP", "TIFF", "AVIF"])
def test_pictures_are_known_by_their_beginning(kind: str) -> None:
    assert is_picture(drawn_picture(1, kind))
    assert not is_picture(b"%PDF-1.7")
