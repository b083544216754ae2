"""`/v1/customers/{id}/saved`: what a device kept becomes a customer's, hers alone from then on.

She asks for it herself, with her pass and on the device; nobody of the shop can, and nobody else
sees it (customers/access). Each look and each deed stands in her log. When she is forgotten, all of
it goes, and the signed receipt names it.
"""

from collections.abc import Callable, Mapping
from functools import partial
from hashlib import sha256
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Path, Query, Request, Response
from fastapi.responses import JSONResponse
from pydantic import BaseModel, Field

from api.callers import callers
from api.devices import find_device, owner_of
from api.errors import (
    BadParameter,
    DoorBroken,
    KeyForbids,
    NoSuchSaved,
    Overloaded,
    SavedFull,
)
from api.keeping import ItemId, cursor_at, item_json, read_cursor
from api.problems import documented
from api.replies import SavedPageReply, SavedReply
from api.saved import Item, Saved
from api.shop import Shop
from customers.access import Act, Caller, Thing, demand
from customers.errors import KeyDestroyed, NotAllowed, NotKnown, UnknownCustomer
from index.errors import ShopBroken
from mirror.studio import Studio

PREFIX = "customer:"
_FAILING = (NotKnown, NotAllowed, BadParameter, DoorBroken, Overloaded)
CustomerId = Annotated[str, Path(examples=["c5f0e4c530f8c2f6"])]


class MergedReply(BaseModel):
    """How many things became hers."""

    merged: int = Field(examples=[7])


class HersSaved:
    """What customers have saved, as their forgetting reaches it (customers.forget.Holding)."""

    def __init__(self, saved: Saved) -> None:
        self._saved = saved

    def inventory(self, customer_id: str) -> Mapping[str, str]:
        """Every saved thing: a snap by its picture, a product by its SKU."""
        owner = PREFIX + customer_id
        return {
            f"saved/{item.id}": sha256(self._content(owner, item)).hexdigest()
            for item in self._saved.every(owner)
        }

    def forget(self, customer_id: str) -> None:
        """Delete all of hers."""
        self._saved.delete_all(PREFIX + customer_id)

    def sweep(self, known: Callable[[], list[str]]) -> None:
        """Delete what is left of customers who are no more: a crash came between.

        Who is known is asked after who has something: who comes in between loses nothing.
        """
        owners = self._saved.owners(PREFIX)
        customers = set(known())
        for owner in owners:
            if owner.removeprefix(PREFIX) not in customers:
                self._saved.delete_all(owner)

    def _content(self, owner: str, item: Item) -> bytes:
        if item.kind == "product":
            return item.sku.encode()
        try:
            return self._saved.picture(owner, item.id)
        except NoSuchSaved:
            return b""


def routes(shop: Shop, studio: Studio) -> APIRouter:
    """The routes over what customers have saved; from now on forgetting reaches it, and what was
    begun by a process that ended is finished."""
    holding = HersSaved(shop.saved)
    holding.sweep(studio.customers.ids)
    first = not studio.beside
    studio.beside[:] = [holding]  # in place of the one of a shop that this one takes over from
    if first:
        studio.tidy()
    router = APIRouter(prefix="/v1/customers/{customer_id}/saved", tags=["customers"])
    _bringing(router, shop, studio)
    _looking(router, shop, studio)
    return router


def _bringing(router: APIRouter, shop: Shop, studio: Studio) -> None:
    who = callers(studio)

    @router.post(
        "",
        response_model=MergedReply,
        responses=documented(UnknownCustomer, KeyDestroyed, SavedFull, KeyForbids, *_FAILING),
        summary="What this device has saved becomes hers; the device keeps nothing of it",
    )
    async def bring_saved(
        request: Request, customer_id: CustomerId, caller: Annotated[Caller, Depends(who)]
    ) -> JSONResponse:
        demand(caller, Act.KEEP_SAVED, Thing(customer_id))
        device = find_device(request)

        def merge() -> int:
            studio.customers.get(customer_id)
            _note(studio, customer_id, caller, Act.KEEP_SAVED, "from a device")
            if device is None:
                return 0
            merged = shop.saved.merge(owner_of(device), PREFIX + customer_id)
            _leave_nothing_if_forgotten(shop, studio, customer_id)
            return merged

        return JSONResponse({"merged": await shop.entrance.run(merge)})

    @router.delete(
        "/{item_id}",
        status_code=204,
        responses=documented(NoSuchSaved, *_FAILING),
        summary="Delete one saved thing of hers, its picture too, for good",
    )
    async def delete_saved(
        customer_id: CustomerId, item_id: ItemId, caller: Annotated[Caller, Depends(who)]
    ) -> Response:
        demand(caller, Act.KEEP_SAVED, Thing(customer_id))
        await shop.entrance.run(partial(shop.saved.delete, PREFIX + customer_id, item_id))
        _note(studio, customer_id, caller, Act.KEEP_SAVED, item_id)
        return Response(status_code=204)


def _looking(router: APIRouter, shop: Shop, studio: Studio) -> None:
    who = callers(studio)

    @router.get(
        "",
        response_model=SavedPageReply,
        responses=documented(ShopBroken, *_FAILING),
        summary="What she has saved, youngest first",
    )
    async def all_saved(
        customer_id: CustomerId,
        caller: Annotated[Caller, Depends(who)],
        limit: Annotated[int, Query(ge=1, le=100)] = 50,
        cursor: Annotated[str | None, Query(description="`next` of the page before")] = None,
    ) -> JSONResponse:
        demand(caller, Act.SEE_SAVED, Thing(customer_id))
        before = None if cursor is None else read_cursor(cursor)

        def page() -> dict[str, Any]:
            _note(studio, customer_id, caller, Act.SEE_SAVED, "all")
            found = shop.saved.page(PREFIX + customer_id, limit, before)
            items = [_json(shop, customer_id, item, brief=True) for item in found.items]
            following = None if found.next_seq is None else cursor_at(found.next_seq)
            return {"items": items, "next": following}

        return JSONResponse(await shop.entrance.run(page))

    @router.get(
        "/{item_id}",
        response_model=SavedReply,
        responses=documented(NoSuchSaved, ShopBroken, *_FAILING),
        summary="One saved thing of hers; a snap with everything that was found",
    )
    async def one_saved(
        customer_id: CustomerId, item_id: ItemId, caller: Annotated[Caller, Depends(who)]
    ) -> JSONResponse:
        demand(caller, Act.SEE_SAVED, Thing(customer_id))

        def look() -> dict[str, Any]:
            item = shop.saved.get(PREFIX + customer_id, item_id)
            _note(studio, customer_id, caller, Act.SEE_SAVED, item_id)
            return _json(shop, customer_id, item)

        return JSONResponse(await shop.entrance.run(look))

    @router.get(
        "/{item_id}/picture",
        response_class=Response,
        responses=documented(NoSuchSaved, *_FAILING)
        | {200: {"content": {"image/jpeg": {}}, "description": "A JPEG"}},
        summary="The picture of a snap of hers",
    )
    async def saved_picture(
        customer_id: CustomerId, item_id: ItemId, caller: Annotated[Caller, Depends(who)]
    ) -> Response:
        demand(caller, Act.SEE_SAVED, Thing(customer_id))
        read = partial(shop.saved.picture, PREFIX + customer_id, item_id)
        data = await shop.entrance.run(read)
        return Response(data, media_type="image/jpeg", headers={"Cache-Control": "no-store"})


def _leave_nothing_if_forgotten(shop: Shop, studio: Studio, customer_id: str) -> None:
    """Raise KeyDestroyed where her forgetting began while her things arrived: it may have passed
    what holds them already. Her key goes first, so whoever still finds it came before."""
    if not studio.keys.exists(customer_id):
        shop.saved.delete_all(PREFIX + customer_id)
        studio.customers.erase(customer_id)
        raise KeyDestroyed(customer_id)


def _note(studio: Studio, customer_id: str, caller: Caller, act: Act, thing: str) -> None:
    studio.customers.note(customer_id, caller, act, thing, studio.clock.now())


def _json(shop: Shop, customer_id: str, item: Item, *, brief: bool = False) -> dict[str, Any]:
    told = item_json(shop, item, brief=brief)
    if item.kind == "snap":
        told["image"] = f"/v1/customers/{customer_id}/saved/{item.id}/picture"
    return told
