"""`GET /v1/catalogue` and `PUT /v1/products/{sku}/pictures`: the catalogue as keepers see it."""

from functools import partial
from pathlib import Path as FilePath
from typing import Annotated, Any

from fastapi import APIRouter, Query, Request
from fastapi.responses import JSONResponse

from api.asked import FORM, split_form
from api.body import parse_parts, promised_bytes, read_bytes
from api.errors import BadParameter, NoSuchPicture, Overloaded, UnknownBody
from api.office_replies import CatalogueReply
from api.problems import documented
from api.product_fields import read_fields
from api.products import WRITING, Sku
from api.replies import OneProductReply, picture_path, product_json
from api.shop import Shop
from api.stocking import MAX_PICTURES, stock_product
from index.browse import Page, browse
from index.errors import BadFilter, ShopBroken
from index.filters import parse_filter
from index.revise import Revised

MOST = 200
_BODY: dict[str, Any] = {
    "required": True,
    "content": {
        "multipart/form-data": {
            "schema": {
                "type": "object",
                "properties": {
                    "keep": {
                        "type": "string",
                        "description": "Numbers of present pictures that stay, first of all",
                        "examples": ["1,0"],
                    },
                    "image": {"type": "array", "items": {"type": "string", "format": "binary"}},
                },
            }
        }
    },
}


def routes(shop: Shop) -> APIRouter:
    """Looking through the catalogue, and changing a product's pictures one by one."""
    router = APIRouter(prefix="/v1", tags=["products"])

    @router.get(
        "/catalogue",
        response_model=CatalogueReply,
        responses=documented(BadFilter, BadParameter, Overloaded, ShopBroken),
        summary="The catalogue, page by page, in the order of SKUs",
    )
    async def page(
        words: Annotated[str, Query(max_length=200, description="In SKU, title, brand")] = "",
        filter: Annotated[str, Query(max_length=2_000, examples=["stock=0"])] = "",  # noqa: A002 # the address says so
        after: Annotated[str, Query(max_length=200, description="`next` of a page")] = "",
        limit: Annotated[int, Query(ge=1, le=MOST)] = 50,
    ) -> JSONResponse:
        wanted = parse_filter(filter) if filter.strip() else None

        def look() -> Page:
            with shop.shelf.database.reading() as connection:
                return browse(connection, words, wanted, after, limit)

        return JSONResponse(_page_json(await shop.entrance.run(look)))

    @router.put(
        "/products/{sku:path}/pictures",
        response_model=OneProductReply,
        responses=documented(NoSuchPicture, *WRITING),
        openapi_extra={"requestBody": _BODY},
        summary="A product's pictures: which stay, in which order, and new ones after them",
    )
    async def pictures(request: Request, sku: Sku) -> JSONResponse:
        kind, limits = request.headers.get("content-type", ""), shop.body_limits
        if not kind.lower().startswith(FORM):
            raise UnknownBody(kind.partition(";")[0])
        with shop.intake.hold(promised_bytes(request, limits.most_bytes)) as arrived:
            body = await read_bytes(request, limits.most_bytes, limits.wait_s, arrived)
            fields, new = split_form(parse_parts(body, kind, limits))
            kept = _numbers(str(fields.get("keep", "")))
            done = await shop.dock.run(partial(_repicture, shop, sku, kept, new))
        paths = [picture_path(sku, picture.ordinal) for picture in done.pictures]
        return JSONResponse(product_json(done.product) | {"pictures": paths})

    return router


def _numbers(text: str) -> list[int]:
    parts = [part.strip() for part in text.split(",") if part.strip()]
    if len(parts) > MAX_PICTURES or not all(p.isdecimal() and len(p) < 6 for p in parts):
        raise BadParameter("keep", "it is written 0,2: numbers of the product's pictures")
    return list(dict.fromkeys(map(int, parts)))


def _repicture(shop: Shop, sku: str, kept: list[int], new: list[bytes]) -> Revised:
    """The kept pictures, as they were sent, and the new ones. Raises NoSuchPicture, BadParameter
    and what `stock_product` raises."""
    present = {picture.ordinal: picture for picture in shop.shelf.pictures(sku)}
    data: list[bytes] = []
    for number in kept:
        try:
            data.append(FilePath(present[number].path).read_bytes())
        except (KeyError, OSError) as gone:
            raise NoSuchPicture(sku, number) from gone
    if not data and not new:
        raise BadParameter("keep", "a product keeps at least one picture; delete it instead")
    return stock_product(shop, sku, read_fields({}), [*data, *new])


def _page_json(page: Page) -> dict[str, Any]:
    return {
        "products": [
            product_json(product)
            | {"pictures": count, "image": picture_path(product.sku, 0) if count else None}
            for product, count in page.products
        ],
        "total": page.total,
        "next": page.following or None,
    }
