"""`/v1/saved`: what a device keeps, product by product and snap by snap; and `/v1/devices`.

A picture is kept here and nowhere else, and only because she asks for it; it is drawn anew first,
so that nothing her camera wrote into the file is kept with it.
"""

import base64
import hashlib
import re
from functools import partial
from typing import Annotated, Any

from fastapi import APIRouter, Path, Query, Request, Response
from fastapi.responses import JSONResponse

from api.asked import Asked, read_asked
from api.body import promised_bytes
from api.devices import find_device, new_device, owner_of, remember
from api.errors import (
    BadParameter,
    DoorBroken,
    KeyForbids,
    NoSuchSaved,
    Overloaded,
    SavedFull,
)
from api.limits import Buckets, Rate, neighbourhood
from api.line import walk
from api.office_replies import DeviceReply
from api.problems import documented
from api.replies import SavedPageReply, SavedReply, picture_path, product_json
from api.rooms import Rooms
from api.saved import Item
from api.search import BODY, PICTURE_FAILURES, WORDS_FAILURES, search_json
from api.shop import Shop
from api.versions import etag_of, is_held
from index.errors import ShopBroken, UnknownProduct

PICTURE_WIDTH_PX = 1600
KEPT_HITS = 20
NEW_DEVICES = Rate(30 / 3600, 60)
SNAPS = Rate(200 / 3600, 200)
"""Of one address neighbourhood: an office or a shop's own tablets have enough, and filling the room
of all (5 GB, at some 300 kB a snap) would take one caller three days and more."""
COMMON = (KeyForbids, BadParameter, DoorBroken, ShopBroken, Overloaded)
ItemId = Annotated[str, Path(pattern="^[0-9a-f]{24}$", examples=["5f0e4c530f8c2f6c5f0e4c53"])]
Sku = Annotated[str, Path(description="The product's SKU, percent-encoded", examples=["mb01-blue"])]
WISH = {
    "name": "Idempotency-Key",
    "in": "header",
    "schema": {"type": "string", "maxLength": 200},
    "description": "Any text of your own, new for each snap: sent again with the same, nothing is "
    "kept twice.",
}


def routes(shop: Shop) -> APIRouter:
    """The routes of what is saved."""
    router = APIRouter(prefix="/v1", tags=["saved"])
    shares = Buckets()
    _looking(router, shop)
    _products(router, shop, shares)
    _snaps(router, shop, shares)
    _deleting(router, shop)
    return router


def _looking(router: APIRouter, shop: Shop) -> None:
    @router.post(
        "/devices",
        status_code=201,
        response_model=DeviceReply,
        summary="A secret for an app's device",
    )
    async def device() -> dict[str, str]:
        return {"device": new_device()}

    @router.get(
        "/saved",
        response_model=SavedPageReply,
        responses=documented(*COMMON) | {304: {"description": "You hold this already"}},
        summary="What this device has saved, youngest first",
    )
    async def everything(
        request: Request,
        limit: Annotated[int, Query(ge=1, le=100)] = 50,
        cursor: Annotated[str | None, Query(description="`next` of the page before")] = None,
    ) -> Response:
        device = find_device(request)
        if device is None:
            return JSONResponse({"items": [], "next": None})
        owner, before = owner_of(device), None if cursor is None else read_cursor(cursor)
        version = f"saved-{await shop.entrance.run(partial(shop.saved.version, owner))}"
        if is_held(request.headers.get("if-none-match"), version):
            return Response(status_code=304, headers={"ETag": etag_of(version)})
        reply = await shop.entrance.run(lambda: _page_json(shop, owner, limit, before))
        return JSONResponse(reply, headers={"ETag": etag_of(version)})

    @router.get(
        "/saved/{item_id}",
        response_model=SavedReply,
        responses=documented(NoSuchSaved, *COMMON),
        summary="One saved thing; a snap with everything that was found",
    )
    async def one(request: Request, item_id: ItemId) -> JSONResponse:
        owner = _owner(request, item_id)
        item = await shop.entrance.run(partial(shop.saved.get, owner, item_id))
        return JSONResponse(await shop.entrance.run(partial(item_json, shop, item)))

    @router.get(
        "/saved/{item_id}/picture",
        response_class=Response,
        responses=documented(NoSuchSaved, *COMMON)
        | {200: {"content": {"image/jpeg": {}}, "description": "A JPEG"}},
        summary="The picture of a saved snap",
    )
    async def picture(request: Request, item_id: ItemId) -> Response:
        owner = _owner(request, item_id)
        data = await shop.entrance.run(partial(shop.saved.picture, owner, item_id))
        return Response(data, media_type="image/jpeg", headers={"Cache-Control": "no-store"})


def _products(router: APIRouter, shop: Shop, shares: Buckets) -> None:
    @router.put(
        "/saved/products/{sku:path}",
        response_model=SavedReply,
        responses=documented(UnknownProduct, SavedFull, *COMMON)
        | {201: {"model": SavedReply, "description": "It was not saved yet"}},
        summary="Save a product",
    )
    async def like(request: Request, sku: Sku) -> JSONResponse:
        device = find_device(request) or new_device()
        await _weigh(request, shop, shares, owner_of(device))

        def keep() -> tuple[dict[str, Any], bool]:
            shop.shelf.get(sku)
            item, new = shop.saved.keep_product(owner_of(device), sku)
            return item_json(shop, item), new

        told, new = await shop.entrance.run(keep)
        response = JSONResponse(told, status_code=201 if new else 200)
        remember(request, response, device)
        return response

    @router.delete(
        "/saved/products/{sku:path}",
        status_code=204,
        responses=documented(*COMMON),
        summary="Save a product no longer",
    )
    async def unlike(request: Request, sku: Sku) -> Response:
        device = find_device(request)
        if device is not None:
            drop = partial(shop.saved.delete_product, owner_of(device), sku)
            await shop.entrance.run(drop)
        return Response(status_code=204)


def _snaps(router: APIRouter, shop: Shop, shares: Buckets) -> None:
    @router.post(
        "/saved/snaps",
        status_code=201,
        response_model=SavedReply,
        responses=documented(SavedFull, *PICTURE_FAILURES, *WORDS_FAILURES, *COMMON)
        | {200: {"model": SavedReply, "description": "This very request was kept before"}},
        openapi_extra={"requestBody": {**BODY, "required": True}, "parameters": [WISH]},
        summary="Save a snap: searched with as by /v1/search, kept with its picture and its answer",
    )
    async def snap(request: Request) -> JSONResponse:
        limits, rooms = shop.body_limits, Rooms()
        shop.entrance.check()
        with shop.intake.hold(promised_bytes(request, limits.most_bytes)) as arrived:
            asked = await read_asked(request, limits, arrived)
            picture = asked.picture
            if picture is None:
                raise BadParameter("image", "a snap needs its picture")
            device = find_device(request) or new_device()
            await _weigh(request, shop, shares, owner_of(device))
            shares.take(f"snap {_whence(request)}", SNAPS)
            wish = _wish(request, picture, asked)
            keep = partial(_keep_snap, shop, owner_of(device), asked, picture, rooms, wish)
            item, new = await shop.entrance.run(keep)
        response = JSONResponse(item_json(shop, item), status_code=201 if new else 200)
        remember(request, response, device)
        return response


def _deleting(router: APIRouter, shop: Shop) -> None:
    @router.delete(
        "/saved/{item_id}",
        status_code=204,
        responses=documented(NoSuchSaved, *COMMON),
        summary="Delete one saved thing, its picture too, for good",
    )
    async def delete(request: Request, item_id: ItemId) -> Response:
        owner = _owner(request, item_id)
        await shop.entrance.run(partial(shop.saved.delete, owner, item_id))
        return Response(status_code=204)

    @router.delete(
        "/saved",
        status_code=204,
        responses=documented(*COMMON),
        summary="Delete everything that this device has saved",
    )
    async def delete_all(request: Request) -> Response:
        device = find_device(request)
        if device is not None:
            await shop.entrance.run(partial(shop.saved.delete_all, owner_of(device)))
        return Response(status_code=204)


async def _weigh(request: Request, shop: Shop, shares: Buckets, owner: str) -> None:
    """Count a device that saves for the first time, whoever made its secret up; raises
    TooManyRequests."""
    if not await shop.entrance.run(partial(shop.saved.knows, owner)):
        shares.take(f"new {_whence(request)}", NEW_DEVICES)


def _whence(request: Request) -> str:
    return neighbourhood(request.client.host if request.client else "")


def item_json(shop: Shop, item: Item, *, brief: bool = False) -> dict[str, Any]:
    """`item` as SavedReply describes it; `brief` leaves the hits of a snap out."""
    product = shop.shelf.find(item.sku) if item.kind == "product" else None
    snap = item.kind == "snap"
    answer = {k: v for k, v in item.answer.items() if k != "hits"} if brief else item.answer
    return {
        "id": item.id,
        "kind": item.kind,
        "saved_at": item.saved_at.isoformat(),
        "sku": item.sku or None,
        "product": None if product is None else product_json(product),
        "image": f"/v1/saved/{item.id}/picture" if snap else picture_path(item.sku, 0),
        "answer": answer if snap else None,
    }


def _page_json(shop: Shop, owner: str, limit: int, before: int | None) -> dict[str, Any]:
    page = shop.saved.page(owner, limit, before)
    following = None if page.next_seq is None else cursor_at(page.next_seq)
    return {"items": [item_json(shop, i, brief=True) for i in page.items], "next": following}


def _keep_snap(
    shop: Shop, owner: str, asked: Asked, picture: bytes, rooms: Rooms, wish: str | None
) -> tuple[Item, bool]:
    if wish is not None and (before := _kept_before(shop, owner, wish)):
        return before, False
    found = walk(shop, asked.wanted, picture, rooms)
    reply = search_json(shop, asked, found, rooms)
    answer = {name: reply[name] for name in ("query", "nothing_like_this", "model")}
    answer["hits"] = reply["hits"][:KEPT_HITS]
    small = shop.decoder.thumbnail(picture, PICTURE_WIDTH_PX)
    return shop.saved.keep_snap(owner, small, answer, wish)


def _kept_before(shop: Shop, owner: str, wish: str) -> Item | None:
    return shop.saved.find_wish(owner, wish)


def _wish(request: Request, picture: bytes, asked: Asked) -> str | None:
    """The request's own name, bound to what it asks; None where the caller gave it none."""
    said = request.headers.get("idempotency-key", "").strip()
    if not said:
        return None
    if len(said) > 200:
        raise BadParameter("Idempotency-Key", "it has at most 200 characters")
    return hashlib.sha256(said.encode() + b"\0" + picture + repr(asked.wanted).encode()).hexdigest()


def _owner(request: Request, item_id: str) -> str:
    device = find_device(request)
    if device is None:
        raise NoSuchSaved(item_id)
    return owner_of(device)


def cursor_at(seq: int) -> str:
    """A place in a list, in a form that says nothing."""
    return base64.urlsafe_b64encode(str(seq).encode()).decode().rstrip("=")


def read_cursor(cursor: str) -> int:
    """The place that `cursor_at` wrote; raises BadParameter."""
    try:
        text = base64.b64decode(cursor + "=" * (-len(cursor) % 4), b"-_", validate=True).decode()
    except ValueError as error:
        raise BadParameter("cursor", "it is `next` of the page before") from error
    if not re.fullmatch("[0-9]{1,18}", text):
        raise BadParameter("cursor", "it is `next` of the page before")
    return int(text)
