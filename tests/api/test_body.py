"""Bodies: bounded while they stream, parsed in memory."""

import asyncio
import contextlib
import tempfile

import pytest
from hypothesis import given
from hypothesis import strategies as st
from starlette.requests import Request

from api.body import MAX_PARTS, BodyLimits, parse_json, parse_parts, promised_bytes, read_bytes
from api.errors import BadRequestBody, BodyTooLarge, BodyTooSlow

LIMITS = BodyLimits(most_bytes=1000, text_bytes=50)


def multipart(*parts, boundary="cut"):
    body = b""
    for headers, data in parts:
        body += f"--{boundary}\r\n".encode()
        body += b"".join(f"{k}: {v}\r\n".encode() for k, v in headers.items())
        body += b"\r\n" + data + b"\r\n"
    return body + f"--{boundary}--\r\n".encode(), f"multipart/form-data; boundary={boundary}"


def picture(data, name="image", filename="a.jpg"):
    disposition = f'form-data; name="{name}"; filename="{filename}"'
    return ({"Content-Disposition": disposition, "Content-Type": "image/jpeg"}, data)


def field(name, value):
    return ({"Content-Disposition": f'form-data; name="{name}"'}, value)


def request(chunks, headers=(), pause_s=0.0):
    messages = [
        {"type": "http.request", "body": chunk, "more_body": i + 1 < len(chunks)}
        for i, chunk in enumerate(chunks)
    ]
    served = []

    async def receive():
        await asyncio.sleep(pause_s)
        served.append(messages[len(served)])
        return served[-1]

    scope = {"type": "http", "method": "POST", "headers": list(headers), "path": "/"}
    return Request(scope, receive), served


def read(chunks, most_bytes=1000, wait_s=5.0, **how):
    incoming, served = request(chunks, **how)
    return asyncio.run(read_bytes(incoming, most_bytes, wait_s)), served


def test_a_body_is_read_whole():
    assert read([b"ab", b"c", b""])[0] == b"abc"


def test_a_body_that_grows_too_large_is_refused_before_its_end_is_read():
    incoming, served = request([b"x" * 600] * 10)
    with pytest.raises(BodyTooLarge):
        asyncio.run(read_bytes(incoming, 1000, 5.0))
    assert len(served) == 2


@pytest.mark.parametrize("length", [b"9" * 5000, b"\xb2", b"-1", b""])
def test_a_length_that_is_no_number_is_no_fault_of_ours(length):
    incoming, _ = request([b"ab"], headers=[(b"content-length", length)])
    assert promised_bytes(incoming, 1000) == 0
    assert asyncio.run(read_bytes(incoming, 1000, 5.0)) == b"ab"


def test_every_part_is_told_as_it_arrives():
    heard = []
    incoming, _ = request([b"ab", b"cde", b""])
    asyncio.run(read_bytes(incoming, 1000, 5.0, heard.append))
    assert heard == [2, 3, 0]


def test_a_body_that_announces_too_much_is_refused_unread():
    incoming, served = request([b"x"], headers=[(b"content-length", b"1001")])
    with pytest.raises(BodyTooLarge):
        asyncio.run(read_bytes(incoming, 1000, 5.0))
    assert served == []


def test_a_body_that_trickles_is_refused_in_time():
    with pytest.raises(BodyTooSlow):
        read([b"x"] * 50, wait_s=0.05, pause_s=0.02)


def test_a_caller_that_goes_away_is_no_failure_of_ours():
    async def receive():
        return {"type": "http.disconnect"}

    gone = Request({"type": "http", "method": "POST", "headers": [], "path": "/"}, receive)
    with pytest.raises(BadRequestBody):
        asyncio.run(read_bytes(gone, 1000, 5.0))


@given(st.binary(max_size=400), st.text(max_size=10))
def test_pictures_and_fields_come_back_as_they_went(data, text):
    if b"--cut" in data:
        return
    body, kind = multipart(picture(data), field("text", text.encode()))
    first, second = parse_parts(body, kind, LIMITS)
    assert (first.name, first.filename, bytes(first.data)) == ("image", "a.jpg", data)
    assert (second.name, second.filename, second.data.decode()) == ("text", None, text)


@given(st.binary(max_size=600))
def test_no_bytes_make_the_parser_do_anything_but_parse_or_refuse(rubbish):
    with contextlib.suppress(BadRequestBody, BodyTooLarge):
        parse_parts(rubbish, "multipart/form-data; boundary=cut", LIMITS)


@given(st.integers(0, 10_000))
def test_a_multipart_cut_anywhere_is_refused_whole(cut):
    body, kind = multipart(picture(b"JPEG" * 20), field("text", b"blue"))
    cut = cut % (len(body) - len(b"--\r\n"))
    with pytest.raises(BadRequestBody):
        parse_parts(body[:cut], kind, LIMITS)


def test_too_many_parts_and_too_long_fields_are_refused():
    body, kind = multipart(*[field("text", b"x")] * (MAX_PARTS + 1))
    with pytest.raises(BadRequestBody):
        parse_parts(body, kind, LIMITS)
    body, kind = multipart(field("text", b"x" * 51))
    with pytest.raises(BodyTooLarge):
        parse_parts(body, kind, LIMITS)


def test_endless_headers_of_a_part_are_refused():
    many = {f"X-{n}": "y" for n in range(50)}
    long = {"Content-Disposition": 'form-data; name="' + "n" * 5000 + '"'}
    for headers in (many, long):
        body, kind = multipart((headers, b"x"))
        with pytest.raises(BadRequestBody):
            parse_parts(body, kind, LIMITS)


def test_a_large_upload_makes_no_temporary_file(monkeypatch):
    def refuse(*args, **kwargs):
        raise AssertionError("a temporary file was asked for")

    for name in ("SpooledTemporaryFile", "TemporaryFile", "NamedTemporaryFile", "mkstemp"):
        monkeypatch.setattr(tempfile, name, refuse)
    body, kind = multipart(picture(b"x" * 5_000_000))
    assert len(parse_parts(body, kind, BodyLimits())[0].data) == 5_000_000


@pytest.mark.parametrize("body", [b"", b"{", b"[]", b'"a"', b"\xff", b"[" * 100_000])
def test_what_is_no_json_object_is_refused(body):
    with pytest.raises(BadRequestBody):
        parse_json(body)
