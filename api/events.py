"""`POST /v1/events` and `GET /v1/demand`: what came of searches, and what shoppers missed."""

import logging
from typing import Annotated, Any, Literal

import anyio.to_thread
from fastapi import APIRouter, Query, Request, Response
from pydantic import BaseModel, ConfigDict, Field

from api.back_office import BackOffice
from api.bounded import BoundedRoute
from api.demand import CLICKED, Looked, topics_of
from api.errors import BadParameter, BadRequestBody, DoorBroken, KeyForbids, KeyNeeded
from api.limits import neighbourhood
from api.line import Found
from api.office_replies import DemandReply
from api.problems import documented

MOST = 200
_log = logging.getLogger("vistazo")


class Event(BaseModel):
    """What came of a search. Nothing in it names a person."""

    model_config = ConfigDict(extra="forbid")
    event: Literal["shown", "opened", "saved", "added_to_cart", "bought"] = Field(
        examples=["opened"]
    )
    search_id: str = Field(
        pattern="^[0-9a-f]{16,32}$", examples=["6a1f3c052f6c5f0e4c53a1b2c3d4e5f6"]
    )
    sku: str = Field("", max_length=200, description="The product it happened to")


class Events(BaseModel):
    """Several at once, as a page sends them when it has a moment."""

    model_config = ConfigDict(extra="forbid")
    events: list[Event] = Field(min_length=1, max_length=MOST)


def routes(office: BackOffice) -> APIRouter:
    """The routes over the shop's counts."""
    router = APIRouter(prefix="/v1", tags=["events"], route_class=BoundedRoute)

    @router.post(
        "/events",
        status_code=204,
        responses=documented(BadRequestBody, BadParameter, KeyNeeded, KeyForbids),
        summary="Tell what came of a search of the last hours; it is counted once, and not kept",
    )
    def tell(told: Events) -> Response:
        for event in told.events:
            if not office.receipts.is_first(event.search_id, event.event, event.sku):
                continue
            office.demand.happened(event.event)
            if event.event == "opened" and office.receipts.is_first(event.search_id, CLICKED, ""):
                office.demand.happened(CLICKED)
        return Response(status_code=204)

    @router.get(
        "/demand",
        response_model=DemandReply,
        responses=documented(KeyNeeded, KeyForbids, BadParameter),
        summary="What shoppers looked for and did not find, in groups above 10 devices",
    )
    def demand(months: Annotated[int, Query(ge=1, le=12)] = 1) -> dict[str, Any]:
        return office.demand.summary(months)

    return router


async def count_search(office: BackOffice, request: Request, found: Found, text: str) -> None:
    """Count a search that was answered; where that fails, the log says so and the shopper has her
    answer all the same."""
    reading, answer = found.reading, found.answer
    kinds = reading.kinds if reading else ()
    colours = reading.colours if reading else ()
    # the address alone: whoever could say who she is (User-Agent) would be as many as she likes
    device = neighbourhood(request.client.host if request.client else "")
    looked = Looked(
        device,
        topics_of(kinds, colours, text),
        missed=answer.nothing_like_this or not answer.hits,
        empty=not answer.hits,
    )
    if not office.demand.add(looked):
        return  # nothing is written: no need of a thread
    try:
        await anyio.to_thread.run_sync(office.demand.flush)
    except DoorBroken:
        _log.exception("a search could not be counted")
