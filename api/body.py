"""A request's body, bounded while it streams. Promise: it is held in memory only, never on a disk.

Frameworks spool uploads over 1 MB to temporary files; a shopper's photo must not touch a disk, so
multipart is parsed here, in memory, with a bound on everything that a stranger chooses.
"""

import asyncio
import json
import re
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from fastapi import Request
from python_multipart.exceptions import FormParserError
from python_multipart.multipart import MultipartParser, parse_options_header
from starlette.requests import ClientDisconnect

from api.errors import BadRequestBody, BodyTooLarge, BodyTooSlow

if TYPE_CHECKING:
    from python_multipart.multipart import MultipartCallbacks

MAX_PARTS = 64
MAX_HEADERS = 8
MAX_HEADER_BYTES = 2048


@dataclass(frozen=True, slots=True)
class BodyLimits:
    """How much is taken, and how long the door waits for it."""

    most_bytes: int = 20_000_000
    text_bytes: int = 256_000
    """A form field that is no file, or a JSON body."""
    wait_s: float = 30.0


@dataclass(slots=True)
class Part:
    """One part of a multipart body; `filename` is None for a plain field."""

    name: str = ""
    filename: str | None = None
    content_type: str = ""
    data: bytearray = field(default_factory=bytearray)


def promised_bytes(request: Request, most_bytes: int) -> int:
    """How large the body will be by its own account, `most_bytes` where it says nothing or more."""
    said = _announced_bytes(request)
    if said is not None:
        return min(said, most_bytes)
    return most_bytes if "transfer-encoding" in request.headers else 0


def _announced_bytes(request: Request) -> int | None:
    """What Content-Length says, None where it says no number that Python would read."""
    said = request.headers.get("content-length", "")
    return int(said) if re.fullmatch("[0-9]{1,18}", said) else None


async def read_bytes(
    request: Request,
    most_bytes: int,
    wait_s: float,
    arrived: Callable[[int], None] = lambda size_bytes: None,
) -> bytes:
    """The whole body; `arrived` hears the size of every part of it, and may refuse it.

    Raises BodyTooLarge as soon as `most_bytes` are passed (at once when Content-Length says so),
    BodyTooSlow after `wait_s`, BadRequestBody when the caller goes away half-way.
    """
    promised = _announced_bytes(request)
    pictured = not request.headers.get("content-type", "").lower().startswith("application/json")
    if promised is not None and promised > most_bytes:
        raise BodyTooLarge(most_bytes, pictured=pictured)
    chunks: list[bytes] = []  # joined once: a photo is 3 MB, and each copy of it .3 ms
    size_bytes = 0
    try:
        async with asyncio.timeout(wait_s):
            async for chunk in request.stream():
                arrived(len(chunk))
                chunks.append(chunk)
                size_bytes += len(chunk)
                if size_bytes > most_bytes:
                    raise BodyTooLarge(most_bytes, pictured=pictured)
    except TimeoutError as error:
        raise BodyTooSlow(wait_s) from error
    except ClientDisconnect as error:
        raise BadRequestBody("the caller went away before its end") from error
    return b"".join(chunks)


def parse_json(body: bytes) -> dict[str, object]:
    """The JSON object in `body`; raises BadRequestBody for anything else."""
    try:
        value = json.loads(body)
    except (ValueError, RecursionError) as error:
        raise BadRequestBody("it is no JSON") from error
    if not isinstance(value, dict):
        raise BadRequestBody("a JSON object is wanted")
    return value


def parse_parts(body: bytes, content_type: str, limits: BodyLimits) -> list[Part]:
    """The parts of a multipart body, in order.

    Raises BadRequestBody for a body that is no multipart, ends early or has more than 64 parts,
    BodyTooLarge for a plain field over `limits.text_bytes`.
    """
    boundary = parse_options_header(content_type.encode("latin-1", "replace"))[1].get(b"boundary")
    if not boundary:
        raise BadRequestBody("multipart/form-data needs a boundary")
    collector = _Collector(limits)
    try:
        parser = MultipartParser(
            boundary,
            collector.callbacks(),
            max_header_count=MAX_HEADERS,
            max_header_size=MAX_HEADER_BYTES,
        )
        parser.write(body)
        parser.finalize()
    except FormParserError as error:
        raise BadRequestBody("it is no whole multipart/form-data") from error
    if not collector.ended:
        raise BadRequestBody("the multipart ends before its last boundary")
    return collector.parts


class _Collector:
    """Gathers what the parser finds into Parts."""

    def __init__(self, limits: BodyLimits) -> None:
        self.parts: list[Part] = []
        self.ended = False
        self._limits = limits
        self._header, self._value = bytearray(), bytearray()

    def callbacks(self) -> "MultipartCallbacks":
        return {
            "on_part_begin": self._begin,
            "on_header_field": lambda data, start, end: self._header.extend(data[start:end]),
            "on_header_value": lambda data, start, end: self._value.extend(data[start:end]),
            "on_header_end": self._end_header,
            "on_part_data": self._data,
            "on_end": self._end,
        }

    def _begin(self) -> None:
        if len(self.parts) >= MAX_PARTS:
            raise BadRequestBody(f"it has more than {MAX_PARTS} parts")
        self.parts.append(Part())

    def _end_header(self) -> None:
        part, name = self.parts[-1], bytes(self._header).lower()
        if name == b"content-disposition":
            options = parse_options_header(bytes(self._value))[1]
            part.name = options.get(b"name", b"").decode("utf-8", "replace")
            if b"filename" in options:
                part.filename = options[b"filename"].decode("utf-8", "replace")
        elif name == b"content-type":
            part.content_type = bytes(self._value).decode("latin-1").strip().lower()
        self._header.clear()
        self._value.clear()

    def _data(self, data: bytes, start: int, end: int) -> None:
        part = self.parts[-1]
        part.data += data[start:end]
        if part.filename is None and len(part.data) > self._limits.text_bytes:
            raise BodyTooLarge(self._limits.text_bytes)

    def _end(self) -> None:
        self.ended = True
