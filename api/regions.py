"""`POST /v1/regions`: the things in a picture, so that a page can offer each to be searched.

Promise: as of a search's picture (api/line), nothing of this one is written to a disk or a log.
"""

from dataclasses import dataclass
from typing import Any

from fastapi import APIRouter, Request
from fastapi.responses import JSONResponse
from pydantic import BaseModel, Field

from api.asked import Asked, read_asked
from api.body import promised_bytes
from api.departed import attended
from api.errors import (
    BadParameter,
    BadRequestBody,
    BodyTooLarge,
    BodyTooSlow,
    NothingToSearch,
    Overloaded,
    UnknownBody,
)
from api.problems import documented
from api.rooms import Rooms, server_timing
from api.shop import Shop
from api.spotting import Spotter
from api.wanted import read_wanted
from index.errors import BadLink
from vision.decoder import Decoder
from vision.errors import (
    BadModel,
    DecoderBroken,
    DecoderBusy,
    DecodingStopped,
    EncoderBroken,
    EncoderBusy,
    NoRegions,
    NotAPicture,
    PictureTooLarge,
)
from vision.photo import Square
from vision.prominence import prominent
from vision.regions import KINDS, SIDE_PX, Region

FAILURES = (
    NoRegions, BadLink, NotAPicture, PictureTooLarge, DecodingStopped, DecoderBusy, DecoderBroken,
    BadModel, EncoderBusy, EncoderBroken, Overloaded, BodyTooLarge, BodyTooSlow, BadRequestBody,
    UnknownBody, BadParameter, NothingToSearch,
)  # fmt: skip
FIELDS = {
    "url": {
        "type": "string",
        "format": "uri",
        "maxLength": 2048,
        "examples": ["https://shop.example/street.jpg"],
    }
}
BODY: dict[str, Any] = {
    "required": True,
    "content": {
        "image/*": {"schema": {"type": "string", "format": "binary"}},
        "multipart/form-data": {
            "schema": {
                "type": "object",
                "properties": {"image": {"type": "string", "format": "binary"}} | FIELDS,
            }
        },
        "application/json": {
            "schema": {"type": "object", "properties": FIELDS, "additionalProperties": False},
            "examples": {"address": {"value": {"url": "https://example.com/street.jpg"}}},
        },
    },
}


class RegionReply(BaseModel):
    """A thing in the picture."""

    box: list[int] = Field(
        min_length=4, max_length=4, examples=[[163, 140, 228, 221]],
        description="x, y, width, height in pixels of the upright original: as `box` of a search.",
    )  # fmt: skip
    kind: str = Field(examples=["outer"], json_schema_extra={"enum": list(KINDS)})
    confidence: float = Field(
        ge=0, le=1, examples=[0.83], description="The probability that box and kind are right."
    )


class RegionsReply(BaseModel):
    """What is in a picture, likeliest first."""

    regions: list[RegionReply]
    prominent: int | None = Field(
        examples=[0],
        description="The number (from 0) of the thing that the shopper most likely means, or null "
        "where the whole picture is searched with better luck.",
    )
    width_px: int = Field(examples=[550])
    height_px: int = Field(examples=[830])
    took_ms: dict[str, float]


@dataclass(frozen=True, slots=True)
class Spotted:
    """The things of a picture, and what the finder saw of it."""

    regions: list[Region]
    square: Square


def spot(decoder: Decoder, spotter: Spotter, picture: bytes, rooms: Rooms) -> Spotted:
    """Find the things in a picture's bytes; blocks, so it belongs on a thread.

    Raises NotAPicture, PictureTooLarge, DecodingStopped, DecoderBusy, DecoderBroken, NoRegions,
    BadModel, EncoderBusy, EncoderBroken.
    """
    square = decoder.square(picture, box=None, side_px=SIDE_PX, resize="squash")
    rooms.add(square.took_ms)
    with rooms.room("regions"):
        return Spotted(spotter.find(square), square)


def region_json(region: Region) -> dict[str, Any]:
    """A thing as RegionReply describes it."""
    box = region.box
    return {
        "box": [box.x, box.y, box.w, box.h],
        "kind": region.kind,
        "confidence": round(region.confidence, 4),
    }


def regions_json(found: Spotted, rooms: Rooms) -> dict[str, Any]:
    """The answer as RegionsReply describes it."""
    square, regions = found.square, found.regions
    meant = prominent(regions, square.width_px, square.height_px)
    return {
        "regions": [region_json(region) for region in regions],
        "prominent": None if meant is None else regions.index(meant),
        "width_px": square.width_px,
        "height_px": square.height_px,
        "took_ms": rooms.took_ms(),
    }


def routes(shop: Shop) -> APIRouter:
    """POST takes a picture, or the address of one."""
    router = APIRouter(prefix="/v1/regions", tags=["search"])

    @router.post(
        "",
        response_model=RegionsReply,
        responses=documented(*FAILURES),
        openapi_extra={"requestBody": BODY},
        summary="Find the things in a picture",
    )
    async def things(request: Request) -> JSONResponse:
        rooms, limits = Rooms(), shop.body_limits
        if not shop.spotter.present:  # before megabytes are taken in that nobody will look at
            raise NoRegions
        shop.entrance.check()
        with shop.intake.hold(promised_bytes(request, limits.most_bytes)) as arrived:
            with rooms.room("receive"):
                asked = await read_asked(request, limits, arrived)
            picture = await _picture_of(shop, asked, rooms)
            arrived(len(picture) if asked.picture is None else 0)
            async with attended(request) as unless_gone:
                found = await shop.entrance.run(
                    unless_gone(lambda: spot(shop.decoder, shop.spotter, picture, rooms))
                )
        reply = regions_json(found, rooms)
        return JSONResponse(reply, headers={"Server-Timing": server_timing(reply["took_ms"])})

    return router


async def _picture_of(shop: Shop, asked: Asked, rooms: Rooms) -> bytes:
    """The bytes that came, or those that lie where they were said to be."""
    if asked.wanted != read_wanted({"url": asked.wanted.url}):
        raise BadParameter("image", "here it comes alone, or `url` in its place")
    if asked.picture is not None:
        return asked.picture
    with rooms.room("fetch"):
        return await shop.courier.fetch(asked.wanted.url or "")
