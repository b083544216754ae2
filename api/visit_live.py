"""`/v1/visits/{id}/live`: the light of the mirror before her, for whoever may see the visit.

She hears whether she is recorded from whatever she holds in her hand; of the mirror itself (its
camera's address, other people's clips) she hears nothing.
"""

from typing import Annotated, Any

from fastapi import APIRouter, Depends, Request
from fastapi.responses import StreamingResponse

from api.callers import callers, demand_visit
from api.event_stream import EVENTS, told
from api.mirrors import ALIVE_S
from api.people_examples import VISIT_LIVE, shown
from api.problems import documented
from customers.access import Act, Caller
from customers.errors import NotAllowed, NotKnown, UnknownVisit
from mirror.studio import Studio


def routes(studio: Studio) -> APIRouter:
    """The route over `studio`."""
    router = APIRouter(prefix="/v1/visits", tags=["visits"])

    @router.get(
        "/{visit_id}/live",
        response_class=StreamingResponse,
        responses=documented(NotKnown, NotAllowed, UnknownVisit)
        | shown(VISIT_LIVE, media_type=EVENTS),
    )
    async def live(
        visit_id: str, request: Request, caller: Annotated[Caller, Depends(callers(studio))]
    ) -> StreamingResponse:
        """The indicator of her mirror as server-sent events, until the visit ends."""
        demand_visit(caller, Act.SEE_VISIT, studio.customers.visit(visit_id))
        return told("visit", lambda: light(studio, visit_id), request)

    return router


def light(studio: Studio, visit_id: str) -> dict[str, Any] | None:
    """What the mirror before her says of itself as far as it concerns her, None once she left.

    `indicator` is "unknown" while the mirror is not heard: nobody may be told that it rests.
    """
    try:
        visit = studio.customers.visit(visit_id)
    except UnknownVisit:  # she was forgotten while she listened
        return None
    if not visit.open:
        return None
    word = studio.mirrors.last_word(visit.mirror_id)
    if word is None or (studio.clock.now() - word[1]).total_seconds() >= ALIVE_S:
        return {"indicator": "unknown", "held": "", "camera_ok": False, "last_gap_at": None}
    state = word[0]
    return {
        "indicator": state.indicator,
        "held": state.held,
        "camera_ok": state.camera_ok,
        "last_gap_at": state.last_gap_at.isoformat() if state.last_gap_at else None,
    }
