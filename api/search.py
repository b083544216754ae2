"""`/v1/search`: products like a picture, like words, like both, or like another product."""

from dataclasses import replace
from typing import Any

from fastapi import APIRouter, Request
from starlette.background import BackgroundTask

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
from api.events import count_search
from api.line import Found, walk
from api.problems import documented
from api.quick_json import QuickJSON
from api.replies import SearchReply, facets_of, hit_json
from api.rooms import Rooms, server_timing
from api.shop import Shop
from api.straight import StraightRoute
from api.suggesting import Suggested, fields_in, suggested_filters
from api.wanted import Wanted
from index.errors import BadFilter, BadLink, ShopBroken, ShopBusy, UnknownProduct
from index.filters import parse_filter
from vision.errors import (
    BoxOutside,
    DecoderBroken,
    DecoderBusy,
    DecodingStopped,
    EncoderBroken,
    EncoderBusy,
    NotAPicture,
    NotWords,
    PictureTooLarge,
)

WORDS_FAILURES = (
    NotWords, BadFilter, BadParameter, NothingToSearch, UnknownProduct, EncoderBusy, EncoderBroken,
    Overloaded, ShopBroken, ShopBusy,
)  # fmt: skip
SEEING_FAILURES = (
    BadLink, NotAPicture, PictureTooLarge, BoxOutside, DecodingStopped, DecoderBusy, DecoderBroken,
)  # fmt: skip
PICTURE_FAILURES = (
    *SEEING_FAILURES, BodyTooLarge, BodyTooSlow, BadRequestBody, UnknownBody,
)  # fmt: skip

PARAMETERS: dict[str, dict[str, Any]] = {
    "text": {
        "schema": {"type": "string", "maxLength": 1000},
        "description": "Words; beside a picture they refine it. A price in them is a filter.",
        "example": "but in green, under 50",
    },
    "url": {
        "schema": {"type": "string", "format": "uri", "maxLength": 2048},
        "description": "The address of a picture on the public internet, in place of the picture.",
    },
    "like": {
        "schema": {"type": "string"},
        "description": "More like this product, by SKU; words beside it refine it.",
    },
    "filter": {
        "schema": {"type": "string"},
        "description": "Conditions that every hit meets: `category=Bags price<100 stock>0`.",
    },
    "box": {
        "schema": {"type": "string", "pattern": r"^\d+,\d+,\d+,\d+$"},
        "description": "Search for this part of the picture only: x,y,w,h in pixels of the upright "
        "original.",
    },
    "top": {
        "schema": {"type": "integer", "minimum": 1, "maximum": 100, "default": 20},
        "description": "How many hits, 20 if it is not said.",
    },
    "unfold": {
        "schema": {"type": "boolean", "default": False},
        "description": "A hit for every product, instead of one for each group and picture.",
    },
}
FIELD_EXAMPLES = {
    "text": "but in green, under 50",
    "url": "https://shop.example/photo.jpg",
    "like": "mb01-blue",
    "filter": "category=Bags price<100 stock>0",
    "box": "0,0,900,1200",
    "top": 10,
    "unfold": True,
}
FIELDS = {
    # without defaults: generated clients send those, and a form's 20 would overrule an address's 3
    name: {k: v for k, v in told["schema"].items() if k != "default"}
    | {"description": told["description"], "examples": [FIELD_EXAMPLES[name]]}
    for name, told in PARAMETERS.items()
}
BODY: dict[str, Any] = {
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
            "examples": {"words": {"value": {"text": "blue bag under 50", "top": 10}}},
        },
    }
}
DOCUMENT = {"parameters": [{"name": n, "in": "query", **p} for n, p in PARAMETERS.items()]}


def routes(shop: Shop) -> APIRouter:
    """POST takes a picture, words or a SKU; GET takes what fits into an address."""
    router = APIRouter(prefix="/v1/search", tags=["search"], route_class=StraightRoute)

    async def answer(request: Request) -> QuickJSON:
        rooms, limits = Rooms(), shop.body_limits
        shop.entrance.check()  # before megabytes are taken in that nobody will look at
        with shop.intake.hold(promised_bytes(request, limits.most_bytes)) as arrived:
            with rooms.room("receive"):
                asked = await read_asked(request, limits, arrived)
            if asked.wanted.url is not None:
                with rooms.room("fetch"):
                    asked = replace(asked, picture=await shop.courier.fetch(asked.wanted.url))
                    arrived(len(asked.picture or b""))
            async with attended(request) as unless_gone:
                found = await shop.entrance.run(
                    unless_gone(lambda: walk(shop, asked.wanted, asked.picture, rooms))
                )
        reply = search_json(shop, asked, found, rooms)
        counted = BackgroundTask(count_search, shop.office, request, found, asked.wanted.text or "")
        timing = {"Server-Timing": server_timing(reply["took_ms"])}
        return QuickJSON(reply, headers=timing, background=counted)

    @router.post(
        "",
        response_model=SearchReply,
        responses=documented(*PICTURE_FAILURES, *WORDS_FAILURES),
        openapi_extra=DOCUMENT | {"requestBody": BODY},
        summary="Search by picture, words, both, or SKU",
    )
    async def find(request: Request) -> QuickJSON:
        return await answer(request)

    @router.get(
        "",
        response_model=SearchReply,
        responses=documented(*SEEING_FAILURES, *WORDS_FAILURES),
        openapi_extra=DOCUMENT,
        summary="Search by words, SKU, or the address of a picture",
    )
    async def find_by_address(request: Request) -> QuickJSON:
        return await answer(request)

    return router


def search_json(shop: Shop, asked: Asked, found: Found, rooms: Rooms) -> dict[str, Any]:
    """The answer as SearchReply describes it."""
    with rooms.room("reply"):
        hits = [hit_json(hit) for hit in found.answer.hits]
        facets = facets_of(hit.product for hit in found.answer.hits)
        suggested = [] if found.answer.nothing_like_this else _suggested(asked.wanted, found)
    return {
        "search_id": shop.new_id(),
        "query": query_json(asked.wanted, found, with_picture=asked.picture is not None),
        "hits": hits,
        "nothing_like_this": found.answer.nothing_like_this,
        "facets": facets,
        "suggested": suggested,
        "model": shop.model_json(),
        "took_ms": rooms.took_ms(),
    }


def _suggested(wanted: Wanted, found: Found) -> list[Suggested]:
    """Filters that suggest themselves, but none on what she has said herself."""
    said = list(fields_in(parse_filter(wanted.filter).root)) if wanted.filter else []
    if found.reading is not None:
        said += ["colour"] if found.reading.colours else []
        said += ["category"] if found.reading.kinds else []
    return suggested_filters(found.answer.hits, said)


def query_json(wanted: Wanted, found: Found, *, with_picture: bool) -> dict[str, Any]:
    """The query as it was understood, so that a page can show it beside the answer."""
    box, square, reading = wanted.box, found.square, found.reading
    if wanted.like is not None:
        kind = "like"
    elif with_picture:
        kind = "both" if reading is not None and reading.words else "picture"
    else:
        kind = "words"
    return {
        "kind": kind,
        "text": wanted.text,
        "like": wanted.like,
        "filter": wanted.filter,
        "box": None if box is None else [box.x, box.y, box.w, box.h],
        "width_px": square.width_px if square else None,
        "height_px": square.height_px if square else None,
        "understood": {
            "price_below": reading.price_below if reading else None,
            "price_above": reading.price_above if reading else None,
            "colours": list(reading.colours) if reading else [],
            "kinds": list(reading.kinds) if reading else [],
        },
    }
