"""However requests are cut, piled up and answered: as by the plain protocol; and little is held."""

import asyncio
import logging
from collections.abc import Callable
from itertools import pairwise
from random import Random
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st
from uvicorn.protocols.http.h11_impl import H11Protocol

from api.patience import Patient
from tests.wire import A_DAY_S, Wire, said, settle, wired

GET = b"GET /whole HTTP/1.1\r\nHost: h\r\n\r\n"


class Untimed(Patient):
    head_s = A_DAY_S


class Desk:
    """Answers as the address says; remembers whom."""

    def __init__(self) -> None:
        self.asked: list[tuple[str, str, bytes | None]] = []

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        path, body, more = scope["path"], b"", scope["path"] != "/early"
        while more:
            message = await receive()
            if message["type"] == "http.disconnect":
                return
            body += message["body"]
            more = message["more_body"] and path != "/part"
        self.asked.append((scope["method"], path, body if path in ("/whole", "/watch") else None))
        if path == "/watch":
            await self._wait_watched(receive)
        told = b"%d;" % len(body) if path in ("/whole", "/watch") else b"early;"
        size = [(b"content-length", b"%d" % len(told))]
        await send({"type": "http.response.start", "status": 200, "headers": size})
        await send({"type": "http.response.body", "body": told})

    async def _wait_watched(self, receive: Callable[[], Any]) -> None:
        watch = asyncio.ensure_future(receive())
        for _ in range(5):
            await asyncio.sleep(0)
        watch.cancel()
        await asyncio.gather(watch, return_exceptions=True)


LENGTHS = (
    b"%d", b"  %d ", b"%d, %d", b"+%d", b"-%d", b"%d.0", b"0x%d", b"%d_0", b"%d,", b"00%d", b"1e%d",
    b"99999999999999999999%d", b"\xd9\xa1%d", b"%d 1",
)  # fmt: skip
EXTRAS = (
    b"",
    b"",
    b"",
    b"Expect: 100-continue\r\n",
    b"Connection: keep-alive\r\n",
    b"Upgrade: x\r\n",
)
TRICKS = (b"Content-Length: 7\r\n", b"Content-Length: %d\r\n", b"Transfer-Encoding: chunked\r\n")
REFUSED = b"HTTP/1.1 400"


def chunked(body: bytes) -> bytes:
    return (b"%x\r\n%s\r\n" % (len(body), body) if body else b"") + b"0\r\n\r\n"


@st.composite
def requests(draw: Any, last: bool = False) -> bytes:
    """One request; every third with a length that is written oddly, twice or beside chunks."""
    method = draw(st.sampled_from([b"GET", b"POST", b"PUT", b"HEAD"]))
    path = draw(st.sampled_from([b"/whole", b"/early", b"/part", b"/watch"]))
    size = draw(st.sampled_from([0, 1, 2, 30, 200, 66_000]))
    body = (GET * (size // len(GET) + 1))[:size]
    extra = draw(st.sampled_from(EXTRAS))
    version = b"1.1"
    if last:
        version = draw(st.sampled_from([b"1.1", b"1.0"]))
        extra += draw(st.sampled_from([b"", b"Connection: close\r\n"]))
    framing = draw(st.sampled_from(["none", "length", "length", "length", "chunks", "odd", "two"]))
    if framing == "none":
        body = b""
        lines = b""
    elif framing == "chunks":
        body = chunked(body)
        lines = b"Transfer-Encoding: chunked\r\n"
    else:
        form = draw(st.sampled_from(LENGTHS)) if framing == "odd" else b"%d"
        lines = b"Content-Length: " + form.replace(b"%d", b"%d" % size) + b"\r\n"
        if framing == "two":
            trick = draw(st.sampled_from(TRICKS))
            lines += trick.replace(b"%d", b"%d" % size)
            body = chunked(body) if b"chunked" in trick else body
    head = b"%s %s HTTP/%s\r\nHost: h\r\n" % (method, path, version)
    whole: bytes = head + draw(st.permutations([lines, extra]).map(b"".join)) + b"\r\n" + body
    if last and draw(st.booleans()):
        return whole[: draw(st.integers(0, len(whole)))]
    return whole


def cut(data: bytes, random: Random, most: int) -> list[bytes]:
    """In pieces, often of a byte or two, but `most` at most."""
    places = {random.randrange(len(data) + 1) for _ in range(random.randrange(most))}
    begin = random.randrange(len(data) + 1)
    if random.random() < 0.5:
        places.update(range(begin, min(len(data), begin + most)))
    edges = sorted(places | {0, len(data)})
    return [data[a:b] for a, b in pairwise(edges) if a < b]


def up_to_refusal(answers: bytes) -> bytes:
    """How the text of a 400 is framed depends on whether h11 had a whole head before."""
    before, refused, _ = answers.partition(REFUSED)
    return before + refused


@settings(max_examples=60, deadline=None)
@given(
    st.lists(requests(), max_size=4), requests(last=True), st.integers(0, 2**32), st.integers(1, 80)
)
def test_it_answers_as_the_plain_protocol_however_requests_are_cut(
    first: list[bytes], last: bytes, seed: int, most: int
) -> None:
    logging.getLogger("uvicorn.error").setLevel(logging.CRITICAL)
    data, random = b"".join(first) + last, Random(seed)
    plain, patient = Desk(), Desk()
    wanted = asyncio.run(said(plain, H11Protocol, [data] if data else []))
    pieces = cut(data, random, most)
    heard = asyncio.run(said(patient, Untimed, pieces, lambda: random.randrange(12)))
    assert (up_to_refusal(heard[0]), heard[1]) == (up_to_refusal(wanted[0]), wanted[1])
    assert patient.asked == plain.asked


async def flooded(head: bytes) -> tuple[Wire, int]:
    """A request whose caller is watched for and who sends on and on; what was taken of it."""
    done = asyncio.Event()

    async def watching(scope: Any, receive: Any, send: Any) -> None:
        while (await receive())["more_body"]:
            pass
        for _ in range(10):  # as a stream of events does, which looks whether she is still there
            watch = asyncio.ensure_future(receive())
            await asyncio.sleep(0)
            watch.cancel()
            await asyncio.gather(watch, return_exceptions=True)
        await done.wait()
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": b"ok"})

    wire = wired(watching, Untimed)
    wire.coming.extend([head, b"abc", *([b"x" * 65_536] * 200)])
    await settle(wire)
    taken_bytes = wire.taken_bytes
    done.set()
    await settle(wire)
    return wire, taken_bytes


def test_what_follows_a_request_is_not_taken_while_it_is_served() -> None:
    for head in (
        b"POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 3\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: h\r\n\r\n",
    ):
        wire, taken_bytes = asyncio.run(flooded(head))
        assert taken_bytes < 200_000
        assert wire.sent.startswith(b"HTTP/1.1 200")
        assert wire.closed  # what she sent is no request


def test_the_next_head_is_read_though_it_began_in_the_last_segment_of_a_body_passed_over() -> None:
    head = b"POST /early HTTP/1.1\r\nHost: h\r\nContent-Length: 6\r\n\r\n"

    async def story() -> bytes:
        wire = wired(Desk(), Untimed)
        for segment in (head + b"abc", b"def" + GET[:9], GET[9:]):
            wire.coming.append(segment)
            await settle(wire)
        return bytes(wire.sent)

    assert asyncio.run(story()).endswith(b"0;")


def test_nothing_is_acted_on_after_the_last_answer() -> None:
    head = b"POST /early HTTP/1.1\r\nHost: h\r\nConnection: close\r\nContent-Length: 6\r\n\r\n"

    async def story() -> Desk:
        desk = Desk()
        wire = wired(desk, Untimed)
        wire.coming.extend([head, b"abcdef" + GET.replace(b"/whole", b"/early")])
        wire.deliver()
        while not wire.closed:
            await asyncio.sleep(0)
        wire.deliver(late=True)  # as TLS does with what was under way
        await settle(wire)
        return desk

    assert [path for _, path, _ in asyncio.run(story()).asked] == ["/early"]


def test_a_later_head_may_be_no_longer_than_the_first() -> None:
    long = GET.replace(b"\r\n\r\n", b"\r\nX: " + b"x" * 20_000)
    post = b"POST /whole HTTP/1.1\r\nHost: h\r\nContent-Length: 1\r\n\r\n"
    for sent in ([long], [post, b"a", long]):
        answers, closed = asyncio.run(said(Desk(), Untimed, sent))
        assert closed
        assert REFUSED in answers


def test_chunks_that_go_wrong_after_their_answer_end_the_line() -> None:
    head = b"POST /early HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n"
    answers, closed = asyncio.run(said(Desk(), Untimed, [head, b"no chunk\r\n" * 3], lambda: 9))
    assert closed
    assert answers.endswith(b"early;")
