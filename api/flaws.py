"""`/v1/flaws`: what is wrong with the shop's pictures, page by page."""

import base64
import binascii
import json
from functools import partial
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Query
from fastapi.responses import JSONResponse
from pydantic import BaseModel, Field

from api.errors import BadParameter, Overloaded
from api.problems import documented
from api.replies import picture_path
from api.shop import Shop
from index.errors import ShopBroken
from index.flaw_list import FlawList
from index.flaws import KINDS, Flaw, FlawKind, Flaws

PAGE, PAGE_MOST = 50, 500


class LikeReply(BaseModel):
    """Another product's picture that is the same; `bits` of 64 and `mean` of 255 say how nearly."""

    sku: str
    image: str = Field(examples=["/v1/products/mb01-blue/pictures/0"])
    bits: int
    mean: float


class FlawReply(BaseModel):
    """One thing that is wrong with a product's picture."""

    kind: Literal["duplicate", "broken", "missing", "tiny", "blank", "dead_link"]
    sku: str
    image: str = Field(examples=["/v1/products/mb01-blue/pictures/0"])
    detail: str = Field(examples=["mb01-red shows the same picture"])
    others: list[LikeReply]


class FlawsReply(BaseModel):
    """A page of flaws; `next` is the cursor of the page behind it."""

    flaws: list[FlawReply]
    counts: dict[str, int] = Field(examples=[{"duplicate": 4, "tiny": 1}])
    unseen: int = Field(description="Pictures not looked at yet: `vistazo flaws` looks at them")
    next: str | None


def routes(shop: Shop) -> APIRouter:
    """One list of everything that is wrong."""
    router = APIRouter(prefix="/v1/flaws", tags=["flaws"])
    flaws = FlawList(shop.shelf.database, shop.shelf.folder)

    @router.get(
        "",
        response_model=FlawsReply,
        responses=documented(BadParameter, Overloaded, ShopBroken),
        summary="Duplicate, blank, tiny, broken and missing pictures, and dead links",
    )
    async def every(
        kind: Annotated[str | None, Query(description=f"One of {', '.join(KINDS)}")] = None,
        after: Annotated[str | None, Query(description="The `next` of the page before")] = None,
        limit: Annotated[int, Query(ge=1, le=PAGE_MOST)] = PAGE,
    ) -> JSONResponse:
        if kind is not None and kind not in KINDS:
            raise BadParameter("kind", f"it is one of {', '.join(KINDS)}")
        place = None if after is None else read_cursor(after)
        found = await shop.entrance.run(partial(flaws.flaws, begins=after is None))
        return JSONResponse(page_json(found, kind, place, limit))

    return router


def page_json(
    found: Flaws, kind: FlawKind | str | None, after: tuple[Any, ...] | None, limit: int
) -> dict[str, Any]:
    """The flaws of a kind (None: of all) behind `after`, as FlawsReply describes them."""
    wanted = [f for f in found.all if kind is None or f.kind == kind]
    behind = [f for f in wanted if after is None or f.key > after]
    page = behind[:limit]
    return {
        "flaws": [flaw_json(flaw) for flaw in page],
        "counts": found.counts,
        "unseen": found.unseen,
        "next": cursor(page[-1]) if len(behind) > limit else None,
    }


def flaw_json(flaw: Flaw) -> dict[str, Any]:
    """The flaw as FlawReply describes it."""
    return {
        "kind": flaw.kind,
        "sku": flaw.sku,
        "image": picture_path(flaw.sku, flaw.ordinal),
        "detail": flaw.detail,
        "others": [
            {
                "sku": like.sku,
                "image": picture_path(like.sku, like.ordinal),
                "bits": like.bits,
                "mean": like.mean,
            }
            for like in flaw.others
        ],
    }


def cursor(flaw: Flaw) -> str:
    """Where a page ends: the next one begins behind it, whatever was mended meanwhile."""
    return base64.urlsafe_b64encode(json.dumps(flaw.key).encode()).decode()


def read_cursor(said: str) -> tuple[int, str, int, str]:
    """The place that a cursor means. Raises BadParameter."""
    try:
        kind, sku, ordinal, detail = json.loads(base64.urlsafe_b64decode(said.encode()))
        return int(kind), str(sku), int(ordinal), str(detail)
    except (ValueError, TypeError, binascii.Error, RecursionError) as strange:
        raise BadParameter("after", "it is no cursor of this list") from strange
