"""`/healthz`, `/readyz` and `/v1/shop`: is anybody there, can it search, and what does it sell."""

from functools import partial
from typing import Any

from anyio import to_thread
from fastapi import APIRouter
from fastapi.responses import JSONResponse

from api.errors import NotReady
from api.health import check_ready
from api.office_replies import AliveReply, ReadyReply
from api.problems import documented
from api.replies import ShopReply
from api.shop import Shop
from api.windows import Windows, windows_json


def routes(shop: Shop) -> APIRouter:
    """Health answers as long as the process lives; ready only while searches would succeed."""
    router, windows = APIRouter(), Windows(shop)

    @router.get("/healthz", tags=["health"], response_model=AliveReply, summary="Alive")
    async def healthz() -> dict[str, str]:
        return {"status": "alive"}

    @router.get(
        "/readyz",
        tags=["health"],
        summary="Able to search: the index is open and the encoder encodes",
        response_model=ReadyReply,
        responses=documented(NotReady),
    )
    async def readyz() -> dict[str, str | int]:
        check = partial(check_ready, shop.heart, lambda: len(shop.shelf), shop.decoder)
        return {"status": "ready", "products": await to_thread.run_sync(check)}

    @router.get("/v1/shop", tags=["shop"], response_model=ShopReply, summary="The shop")
    async def about() -> JSONResponse:
        return JSONResponse(await shop.entrance.run(lambda: shop_json(shop, windows)))

    return router


def shop_json(shop: Shop, windows: Windows) -> dict[str, Any]:
    """The shop as ShopReply describes it."""
    facets = shop.shelf.facets()
    categories = [value for value, _ in facets["category"]]
    return {
        "name": shop.name,
        "products": len(shop.shelf),
        "model": shop.model_json(),
        "currency": shop.currency,
        "facets": facets,
        "windows": windows_json(windows.look(categories)),
        "regions": shop.spotter.present,
    }
