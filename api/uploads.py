"""`/v1/uploads`: deliveries of tables, zips and pictures, and a trial reading of a table."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import asdict
from typing import Any

from fastapi import APIRouter, Request, Response
from fastapi.responses import JSONResponse
from pydantic import BaseModel, ConfigDict, Field
from starlette.requests import ClientDisconnect

from api.back_office import BackOffice
from api.bounded import BoundedRoute
from api.errors import (
    BadParameter,
    BadRequestBody,
    BodyTooLarge,
    BodyTooSlow,
    KeyForbids,
    KeyNeeded,
    NoSuchUpload,
)
from api.job_work import mapping_of
from api.live import follow
from api.office_replies import TrialReply, UploadReply, UploadsReply
from api.problems import documented
from api.stockroom import Delivery
from index.errors import BadMapping, BadSource
from index.mappings import column_map
from index.trial import Trial, TriedRow, try_source

PIECE_WAIT_S = 60.0
_WHO = (KeyNeeded, KeyForbids)
_BODY = {
    "content": {"application/octet-stream": {"schema": {"type": "string", "format": "binary"}}}
}


class TrialWish(BaseModel):
    """A table to be read on trial, and what is said of its columns."""

    model_config = ConfigDict(extra="forbid")
    source: str = Field(max_length=500, examples=["spring/catalogue.csv"])
    mapping: dict[str, str] = Field(default_factory=dict, examples=[{"Artikelnummer": "sku"}])
    rows: int = Field(8, ge=1, le=100)


def routes(office: BackOffice) -> APIRouter:
    """The routes over the shop's stockroom."""
    router = APIRouter(prefix="/v1/uploads", tags=["jobs"], route_class=BoundedRoute)
    stockroom = office.stockroom

    @router.get(
        "",
        response_model=UploadsReply,
        responses=documented(*_WHO),
        summary="What was uploaded, youngest first",
    )
    def all_uploads() -> dict[str, Any]:
        return {"uploads": [delivery_json(found) for found in stockroom.deliveries()]}

    @router.post(
        "/trial",
        response_model=TrialReply,
        responses=documented(*_WHO, NoSuchUpload, BadSource, BadMapping, BadRequestBody),
        summary="Read the first rows of a table, with what its columns were taken for",
    )
    def trial(wish: TrialWish) -> dict[str, Any]:
        said = column_map(wish.mapping)
        mapping = mapping_of(follow(office.home_settings), said)
        return trial_json(try_source(stockroom.find(wish.source), said, mapping, wish.rows))

    @router.put(
        "/{delivery}/{file}",
        status_code=201,
        response_model=UploadReply,
        responses=documented(*_WHO, BadParameter, BodyTooLarge, BodyTooSlow, BadRequestBody),
        openapi_extra={"requestBody": _BODY},
        summary="Upload a table, a zip or a picture, as the whole body",
    )
    async def upload(delivery: str, file: str, request: Request) -> JSONResponse:
        name = await stockroom.take(delivery, file, _pieces(request))
        return JSONResponse({"source": name}, status_code=201)

    @router.delete(
        "/{delivery}/{file:path}",
        status_code=204,
        responses=documented(*_WHO, NoSuchUpload),
        summary="Remove a table or a zip",
    )
    def remove(delivery: str, file: str) -> Response:
        stockroom.remove(f"{delivery}/{file}")
        return Response(status_code=204)

    return router


async def _pieces(request: Request) -> AsyncIterator[bytes]:
    """The body as it arrives; raises BodyTooSlow when nothing comes, BadRequestBody at its end
    before the end."""
    stream = aiter(request.stream())
    while True:
        try:
            async with asyncio.timeout(PIECE_WAIT_S):
                piece = await anext(stream, None)
        except TimeoutError as error:
            raise BodyTooSlow(PIECE_WAIT_S) from error
        except ClientDisconnect as error:
            raise BadRequestBody("the caller went away before its end") from error
        if piece is None:
            return
        yield piece


def delivery_json(found: Delivery) -> dict[str, Any]:
    """A delivery as callers read it."""
    return {
        "name": found.name,
        "files": list(found.files),
        "pictures": found.pictures,
        "at": found.at.isoformat(),
    }


def trial_json(trial: Trial) -> dict[str, Any]:
    """A trial reading as callers read it."""
    return {
        "columns": [asdict(c) | {"samples": trial.samples.get(c.name, [])} for c in trial.columns],
        "rows": [_row_json(row) for row in trial.rows],
        "notes": list(trial.notes),
        "missing": list(trial.missing),
        "size_bytes": trial.size_bytes,
    }


def _row_json(tried: TriedRow) -> dict[str, Any]:
    product = None if tried.row is None else tried.row.product
    return {
        "line": tried.line,
        "cells": tried.cells,
        "sku": None if product is None else product.sku,
        "title": "" if product is None else product.title,
        "rejected": [{"code": bad.code, "reason": bad.reason} for bad in tried.rejected],
    }
