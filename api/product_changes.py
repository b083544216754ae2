"""`PATCH /v1/products/{sku}` and `POST /v1/products:stock`: small changes, one or many.

Promise: a change that was answered is durable and seen by the next search, in every process on the
shop; new prices and stocks touch no vector.
"""

import json
from dataclasses import dataclass
from functools import partial
from typing import Any

from fastapi import APIRouter, Request
from fastapi.responses import JSONResponse, Response

from api.asked import JSON
from api.body import parse_json, promised_bytes, read_bytes
from api.errors import (
    BadParameter,
    BadRequestBody,
    BodyTooLarge,
    BodyTooSlow,
    Overloaded,
    UnknownBody,
    problem_for,
)
from api.porter import SUBJECT
from api.problems import documented
from api.product_fields import ProductFields
from api.product_patch import FLIPPED, Patch, apply_patch, find_flip, read_patch
from api.products import Sku, one_product_json
from api.replies import OneProductReply, StockReply
from api.shop import Shop
from api.versions import etag_of, wanted_versions
from index.errors import BadProduct, ChangedMeanwhile, ShopBroken, ShopBusy, UnknownProduct
from index.flip import Flip
from index.product import Picture, Product
from vision.errors import EncoderBroken, EncoderBusy

MERGE_PATCH = "application/merge-patch+json"
NDJSON = ("application/x-ndjson", "application/jsonl", "application/x-jsonlines")
MOST_ROWS = 20_000
ROWS_AT_ONCE = 500  # of one transaction: some 30 ms, so that searches and other writers go between
BODIES = (BadParameter, BadRequestBody, BodyTooLarge, BodyTooSlow, UnknownBody)
FAILING = (Overloaded, ShopBusy, ShopBroken)
PATCH_BODY: dict[str, Any] = {
    "required": True,
    "content": {
        kind: {"schema": ProductFields.model_json_schema()} for kind in (MERGE_PATCH, JSON)
    },
}
STOCK_BODY: dict[str, Any] = {
    "required": True,
    "content": {
        NDJSON[0]: {
            "schema": {"type": "string"},
            "example": '{"sku": "a", "stock": 3}\n{"sku": "b", "price": 19.9, "stock": null}\n',
        }
    },
}


def routes(shop: Shop) -> APIRouter:
    """Changing products that are there."""
    router = APIRouter(prefix="/v1", tags=["products"])

    @router.patch(
        "/products/{sku:path}",
        response_model=OneProductReply,
        responses=documented(
            *BODIES, BadProduct, UnknownProduct, ChangedMeanwhile, EncoderBusy, EncoderBroken,
            *FAILING,
        ),
        openapi_extra={"requestBody": PATCH_BODY},
        summary="Change some fields of a product; null takes one away",
    )  # fmt: skip
    async def patch(request: Request, sku: Sku) -> JSONResponse:
        kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
        if kind not in (MERGE_PATCH, JSON):
            raise UnknownBody(kind)
        limits = shop.body_limits
        with shop.intake.hold(promised_bytes(request, limits.text_bytes)) as arrived:
            body = await read_bytes(request, limits.text_bytes, limits.wait_s, arrived)
            said = read_patch(parse_json(body))
            only_if = wanted_versions(request.headers.get("if-match"))
            done = await shop.dock.run(partial(change_product, shop, sku, said, only_if))
        reply = one_product_json(done.product, done.pictures)
        return JSONResponse(reply, headers={"ETag": etag_of(done.version)})

    @router.post(
        "/products:stock",
        response_model=StockReply,
        responses=documented(*BODIES, *FAILING),
        openapi_extra={"requestBody": STOCK_BODY},
        summary="New prices and stocks of many products, a JSON object on each line",
    )
    async def stock(request: Request) -> Response:
        kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
        if kind not in NDJSON:
            raise UnknownBody(kind)
        limits = shop.body_limits
        with shop.intake.hold(promised_bytes(request, limits.most_bytes)) as arrived:
            body = await read_bytes(request, limits.most_bytes, limits.wait_s, arrived)
            rows = body.splitlines()
            if len(rows) > MOST_ROWS:
                raise BadParameter("rows", f"there are {len(rows):,}; send at most {MOST_ROWS:,}")
            done = await shop.dock.run(partial(flip_rows, shop, rows))
        request.scope[SUBJECT] = f"{done['changed']} of {len(rows)} changed"
        return JSONResponse(done)

    return router


@dataclass(frozen=True, slots=True)
class Changed:
    """A product as a patch left it."""

    product: Product
    pictures: tuple[Picture, ...]
    version: str


def change_product(shop: Shop, sku: str, patch: Patch, only_if: frozenset[str] | None) -> Changed:
    """Apply `patch`; without touching a vector if only price and stock are said."""
    flip = find_flip(sku, patch)
    if flip is not None:
        shop.shelf.flip(flip, only_if)
        product, pictures, version = shop.shelf.product_with_pictures(sku)
        return Changed(product, tuple(pictures), version)

    def merge(present: Product | None) -> Product:
        if present is None:
            raise UnknownProduct(sku)
        return apply_patch(sku, present, patch)

    embed = lambda words: shop.encoder.words([words])[0]  # noqa: E731 # an argument with a name
    done = shop.shelf.revise(sku, merge, embed, only_if=only_if)
    return Changed(done.product, done.pictures, done.version)


def flip_rows(shop: Shop, rows: list[bytes]) -> dict[str, Any]:
    """Do what each row says; what became of each, in order. A bad row costs itself only."""
    results: list[dict[str, Any]] = []
    counts = {"changed": 0, "unchanged": 0, "failed": 0}
    for start in range(0, len(rows), ROWS_AT_ONCE):
        read = [
            _read_row(line, row)
            for line, row in enumerate(rows[start : start + ROWS_AT_ONCE], start=start + 1)
            if row.strip()
        ]
        flips = [flip for _, flip in read if flip is not None]
        done = iter(shop.shelf.flip_all(flips))
        for result, flip in read:
            outcome = None if flip is None else next(done)
            if isinstance(outcome, UnknownProduct):
                result |= _problem(outcome)
            elif outcome is not None:
                result |= {"ok": True, "changed": outcome.changed,
                           "etag": etag_of(outcome.version)}  # fmt: skip
            what = "changed" if result.get("changed") else "unchanged"
            counts[what if result["ok"] else "failed"] += 1
            results.append(result)
    return counts | {"results": results}


def _read_row(line: int, row: bytes) -> tuple[dict[str, Any], Flip | None]:
    result: dict[str, Any] = {"line": line, "sku": None, "ok": False}
    try:
        raw = json.loads(row)
        if not isinstance(raw, dict) or not isinstance(raw.get("sku"), str):
            raise BadParameter("sku", "each line is an object with a `sku`, a text")
        result["sku"] = raw["sku"]
        for name in sorted(raw.keys() - FLIPPED - {"sku"}):
            raise BadParameter(name, "here only `price` and `stock` can be changed")
        flip = find_flip(raw["sku"], read_patch({k: v for k, v in raw.items() if k != "sku"}))
        if flip is None:
            raise BadParameter("price", "say `price`, `stock` or both")
        return result, flip
    except (ValueError, RecursionError) as bad:  # BadParameter and BadProduct are such, too
        error = bad if isinstance(bad, BadParameter | BadProduct) else BadRequestBody(str(bad))
        return result | _problem(error), None


def _problem(error: Exception) -> dict[str, Any]:
    problem = problem_for(error)
    return {"ok": False, "code": problem["code"], "detail": problem["detail"]}
