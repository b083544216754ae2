"""`/v1/products`: the whole catalogue, page by page, in the order of SKUs."""

import base64
from typing import Annotated, Any

from fastapi import APIRouter, Query
from fastapi.responses import JSONResponse

from api.errors import BadParameter, KeyForbids, KeyNeeded, Overloaded
from api.problems import documented
from api.products import one_product_json
from api.replies import ProductPageReply
from api.shop import Shop
from index import catalogue
from index.errors import ShopBroken


def routes(shop: Shop) -> APIRouter:
    """The list of products."""
    router = APIRouter(prefix="/v1/products", tags=["products"])

    @router.get(
        "",
        response_model=ProductPageReply,
        responses=documented(BadParameter, KeyNeeded, KeyForbids, Overloaded, ShopBroken),
        summary="The catalogue, page by page",
    )
    async def every(
        limit: Annotated[int, Query(ge=1, le=100)] = 50,
        cursor: Annotated[str | None, Query(description="`next` of the page before")] = None,
    ) -> JSONResponse:
        after = "" if cursor is None else read_cursor(cursor)
        return JSONResponse(await shop.entrance.run(lambda: page_json(shop, limit, after)))

    return router


def page_json(shop: Shop, limit: int, after: str) -> dict[str, Any]:
    """At most `limit` products whose SKU comes after `after`, as ProductPageReply describes."""
    with shop.shelf.database.reading() as connection:
        rows = connection.execute(
            "SELECT id, sku FROM products WHERE sku > ? ORDER BY sku LIMIT ?", (after, limit + 1)
        ).fetchall()
        ids = [row[0] for row in rows[:limit]]
        found = catalogue.products_by_id(connection, ids)
        shown = [
            one_product_json(found[one], catalogue.pictures_of(connection, one)) for one in ids
        ]
    following = cursor_after(rows[limit - 1][1]) if len(rows) > limit else None
    return {"products": shown, "next": following}


def cursor_after(sku: str) -> str:
    """The place after `sku`; products that come or go move no other place."""
    return base64.urlsafe_b64encode(sku.encode()).decode().rstrip("=")


def read_cursor(cursor: str) -> str:
    """The SKU that `cursor_after` wrote; raises BadParameter."""
    try:
        return base64.b64decode(cursor + "=" * (-len(cursor) % 4), b"-_", validate=True).decode()
    except ValueError as error:
        raise BadParameter("cursor", "it is `next` of the page before") from error
