"""`/v1/products/{sku}`: look at a product and its pictures, put it, change it, delete it.

Promise: a change that was answered is durable and seen by the next search.
"""

import re
from collections.abc import Callable, Sequence
from functools import partial
from typing import Annotated, Any

from fastapi import APIRouter, Path, Query, Request
from fastapi.responses import JSONResponse, Response

from api.asked import FORM, JSON, split_form
from api.body import parse_json, parse_parts, promised_bytes, read_bytes
from api.errors import (
    BadParameter,
    BadRequestBody,
    BodyTooLarge,
    BodyTooSlow,
    NoSuchPicture,
    Overloaded,
    UnknownBody,
)
from api.pictures import Thumbnail, width_for
from api.problems import documented
from api.product_fields import ProductFields, read_fields
from api.replies import OneProductReply, picture_path, product_json
from api.shop import Shop
from api.stocking import stock_product
from api.versions import etag_of, is_held, wanted_versions
from index.errors import BadProduct, ChangedMeanwhile, ShopBroken, ShopBusy, UnknownProduct
from index.product import Picture, Product
from vision.errors import (
    DecoderBroken,
    DecoderBusy,
    DecodingStopped,
    EncoderBroken,
    EncoderBusy,
    NotAPicture,
    PictureTooLarge,
)

Sku = Annotated[str, Path(description="The product's SKU, percent-encoded", examples=["mb01-blue"])]
ORDINAL = "[0-9]{1,5}"  # a bound, as Python refuses to read a number of thousands of digits
READING = (UnknownProduct, Overloaded, ShopBroken)
WRITING = (
    BadParameter, BadProduct, BadRequestBody, BodyTooLarge, BodyTooSlow, UnknownBody, NotAPicture,
    PictureTooLarge, DecodingStopped, DecoderBusy, DecoderBroken, EncoderBusy, EncoderBroken,
    ChangedMeanwhile, ShopBusy, *READING,
)  # fmt: skip
PUT_BODY: dict[str, Any] = {
    "required": True,
    "content": {
        "multipart/form-data": {
            "schema": {
                "type": "object",
                "properties": {
                    "product": {
                        "type": "string",
                        "description": "The fields, as JSON",
                        "examples": ['{"title": "Pink bag", "price": 12.5, "stock": 3}'],
                    },
                    "image": {
                        "type": "array",
                        "items": {"type": "string", "format": "binary"},
                        "description": "All its pictures, the main one first",
                    },
                },
            }
        },
        "application/json": {"schema": ProductFields.model_json_schema()},
    },
}


def routes(shop: Shop) -> APIRouter:
    """The routes of one product. A SKU may hold slashes: what follows /v1/products/ is the SKU."""
    router = APIRouter(prefix="/v1/products", tags=["products"])
    _reading(router, shop)
    _writing(router, shop)
    return router


def _reading(router: APIRouter, shop: Shop) -> None:
    @router.get(
        "/{sku:path}/pictures/{ordinal}",
        response_class=Response,
        responses=documented(NoSuchPicture, *READING)
        | {200: {"content": {"image/jpeg": {}}, "description": "A JPEG"}, 304: {}},
        summary="A picture of a product, free of EXIF, at most 1,600 px wide",
    )
    async def picture(
        request: Request,
        sku: Sku,
        ordinal: Annotated[str, Path(description="0 is the main one", examples=["0"])],
        width: Annotated[int | None, Query(ge=1, le=10_000, description="Pixels wanted")] = None,
    ) -> Response:
        if not re.fullmatch(ORDINAL, ordinal):  # no number of a picture: all of it may be a SKU
            return await get(request, f"{sku}/pictures/{ordinal}")
        held = request.headers.get("if-none-match", "")
        find = partial(_thumbnail, shop, sku, int(ordinal), width_for(width), held)
        thumbnail = await shop.entrance.run(find)
        headers = {"ETag": thumbnail.etag, "Cache-Control": "public, max-age=60"}
        if thumbnail.data is None:
            return Response(status_code=304, headers=headers)
        return Response(thumbnail.data, media_type="image/jpeg", headers=headers)

    @router.get(
        "/{sku:path}",
        response_model=OneProductReply,
        responses=documented(*READING) | {304: {"description": "You hold this version already"}},
        summary="One product; its ETag names this version of it",
    )
    async def get(request: Request, sku: Sku) -> Response:
        look = partial(shop.shelf.product_with_pictures, sku)
        product, pictures, version = await shop.entrance.run(look)
        headers = {"ETag": etag_of(version)}
        if is_held(request.headers.get("if-none-match"), version):
            return Response(status_code=304, headers=headers)
        return JSONResponse(one_product_json(product, pictures), headers=headers)


def _writing(router: APIRouter, shop: Shop) -> None:
    @router.put(
        "/{sku:path}",
        response_model=OneProductReply,
        responses=documented(*WRITING)
        | {201: {"model": OneProductReply, "description": "The product is new"}},
        openapi_extra={"requestBody": PUT_BODY},
        summary="Put a product with its pictures, or change fields of one that is there",
    )
    async def put(request: Request, sku: Sku) -> JSONResponse:
        with shop.intake.hold(promised_bytes(request, shop.body_limits.most_bytes)) as arrived:
            said, pictures = await _read_product(request, shop, arrived)
            only_if = wanted_versions(request.headers.get("if-match"))
            put_it = partial(stock_product, shop, sku, said, pictures, only_if)
            done = await shop.dock.run(put_it)
        reply = one_product_json(done.product, done.pictures)
        headers = {"ETag": etag_of(done.version)}
        return JSONResponse(reply, status_code=201 if done.new else 200, headers=headers)

    @router.delete(
        "/{sku:path}",
        status_code=204,
        responses=documented(ChangedMeanwhile, ShopBusy, *READING),
        summary="Delete a product",
    )
    async def delete(request: Request, sku: Sku) -> Response:
        only_if = wanted_versions(request.headers.get("if-match"))
        await shop.dock.run(partial(shop.shelf.delete, sku, only_if))
        return Response(status_code=204)


def one_product_json(product: Product, pictures: Sequence[Picture]) -> dict[str, Any]:
    """The product as OneProductReply describes it."""
    paths = [picture_path(product.sku, picture.ordinal) for picture in pictures]
    return product_json(product) | {"pictures": paths}


def _thumbnail(shop: Shop, sku: str, ordinal: int, width_px: int, held: str) -> Thumbnail:
    for picture in shop.shelf.pictures(sku):
        if picture.ordinal == ordinal:
            return shop.thumbnails.get(picture, width_px, held)
    raise NoSuchPicture(sku, ordinal)


async def _read_product(
    request: Request, shop: Shop, arrived: Callable[[int], None]
) -> tuple[ProductFields, list[bytes]]:
    limits = shop.body_limits
    kind = request.headers.get("content-type", "")
    if kind.lower().startswith(JSON):
        body = await read_bytes(request, limits.text_bytes, limits.wait_s, arrived)
        return read_fields(parse_json(body)), []
    if kind.lower().startswith(FORM):
        body = await read_bytes(request, limits.most_bytes, limits.wait_s, arrived)
        fields, pictures = split_form(parse_parts(body, kind, limits))
        unknown = sorted(fields.keys() - {"product"})
        if unknown:
            raise BadParameter(unknown[0], "the form has the fields `product` and `image` only")
        return read_fields(parse_json(fields.get("product", "{}").encode())), pictures
    raise UnknownBody(kind.partition(";")[0])
