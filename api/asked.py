"""A search as it arrives: a raw picture, a multipart form or JSON become Wanted and bytes."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from fastapi import Request

from api.body import BodyLimits, Part, parse_json, parse_parts, read_bytes
from api.errors import BadParameter, BadRequestBody, UnknownBody
from api.wanted import Wanted, read_wanted

PICTURE_TYPES = ("image/", "application/octet-stream")
FORM, JSON = "multipart/form-data", "application/json"


@dataclass(frozen=True, slots=True)
class Asked:
    """What is wanted, and the bytes of the picture that shows it, if one came."""

    wanted: Wanted
    picture: bytes | None


async def read_asked(
    request: Request,
    limits: BodyLimits,
    arrived: Callable[[int], None] = lambda size_bytes: None,
) -> Asked:
    """Read a search; `arrived` hears what comes in. Raises DoorError for all that it cannot be.

    Parameters may stand in the address, the form or the JSON; the body's win.
    """
    address = dict(request.query_params)
    kind = request.headers.get("content-type", "").strip().lower()
    if request.method == "GET":
        return _complete(read_wanted(address), None)
    if kind.startswith(PICTURE_TYPES):
        body = await read_bytes(request, limits.most_bytes, limits.wait_s, arrived)
        return _complete(read_wanted(address), body)
    if kind.startswith(FORM):
        body = await read_bytes(request, limits.most_bytes, limits.wait_s, arrived)
        content_type = request.headers["content-type"]
        fields, pictures = split_form(parse_parts(body, content_type, limits))
        if len(pictures) > 1:
            raise BadParameter("image", "send one picture in each search")
        return _complete(read_wanted(address, fields), pictures[0] if pictures else None)
    if kind.startswith(JSON):
        body = await read_bytes(request, limits.text_bytes, limits.wait_s, arrived)
        return _complete(read_wanted(address, parse_json(body)), None)
    if not kind and request.headers.get("content-length", "0") == "0":
        return _complete(read_wanted(address), None)
    raise UnknownBody(kind.partition(";")[0])


def split_form(parts: list[Part]) -> tuple[dict[str, Any], list[bytes]]:
    """The plain fields by name, and the pictures (parts named `image`), in order.

    Raises BadRequestBody for a part without a name.
    """
    fields: dict[str, Any] = {}
    pictures: list[bytes] = []
    for part in parts:
        if not part.name:
            raise BadRequestBody("a part of the form has no name")
        if part.name == "image":
            if part.data or part.filename:  # a form whose file input was left empty sends neither
                pictures.append(bytes(part.data))
        else:
            fields[part.name] = part.data.decode("utf-8", "replace")
    return fields, pictures


def _complete(wanted: Wanted, picture: bytes | None) -> Asked:
    wanted.check_complete(with_picture=picture is not None)
    return Asked(wanted, picture)
