"""`/v1/mirrors`: make one, see how it is, live too; and the line over which it takes its orders."""

from typing import Annotated, Any

from fastapi import APIRouter, Body, Depends, Request
from fastapi.responses import JSONResponse, StreamingResponse

from api.bounded import BoundedRoute
from api.callers import callers
from api.errors import BadParameter
from api.event_stream import EVENTS, told
from api.mirror_forms import orders_json, read_state, state_json
from api.people_examples import LIVE, MIRROR, MIRRORS, NEW_MIRROR, ORDERS, STATE, shown
from api.problems import documented
from customers.access import Act, Caller, Role, Thing, demand
from customers.errors import NotAllowed, NotKnown
from mirror.errors import BadOrder, UnknownMirror
from mirror.mirrors import Mirror
from mirror.studio import Studio

PASS_S = 10 * 365 * 86_400.0  # a mirror hangs on a wall: its pass ends when it is taken back
ALIVE_S = 5.0  # twenty reports are missing: it is away
_WHO = (NotKnown, NotAllowed, UnknownMirror)


def routes(studio: Studio) -> APIRouter:
    """The routes over `studio`."""
    router = APIRouter(prefix="/v1/mirrors", tags=["mirrors"], route_class=BoundedRoute)
    who = callers(studio)

    @router.get("", responses=documented(*_WHO) | shown(MIRRORS))
    def all_mirrors(caller: Annotated[Caller, Depends(who)]) -> dict[str, Any]:
        """Every mirror, and how it is."""
        demand(caller, Act.SEE_MIRROR, Thing())
        return {"mirrors": [_mirror(studio, mirror) for mirror in studio.mirrors.all()]}

    @router.put(
        "/{mirror_id}",
        status_code=201,
        responses=documented(*_WHO, BadOrder) | shown(NEW_MIRROR, status=201),
    )
    def make(
        mirror_id: str,
        caller: Annotated[Caller, Depends(who)],
        name: Annotated[str, Body(embed=True, examples=["Dressing room 3"])],
    ) -> dict[str, Any]:
        """Make a mirror, or name it anew; earlier passes of it end, the new one is shown once."""
        demand(caller, Act.MAKE_MIRROR, Thing(mirror_id=mirror_id))
        mirror = studio.mirrors.add(mirror_id, name)
        holder = Caller(Role.MIRROR, mirror_id)
        studio.passes.take_back(holder)
        token = studio.passes.issue(holder, studio.clock.now(), PASS_S)
        return _mirror(studio, mirror) | {"pass": token}

    @router.get("/{mirror_id}", responses=documented(*_WHO) | shown(MIRROR))
    def one(mirror_id: str, caller: Annotated[Caller, Depends(who)]) -> dict[str, Any]:
        """How a mirror is, by its own last word."""
        demand(caller, Act.SEE_MIRROR, Thing(mirror_id=mirror_id))
        return _mirror(studio, studio.mirrors.get(mirror_id))

    @router.get(
        "/{mirror_id}/live",
        response_class=StreamingResponse,
        responses=documented(*_WHO) | shown(LIVE, media_type=EVENTS),
    )
    async def live(
        mirror_id: str, request: Request, caller: Annotated[Caller, Depends(who)]
    ) -> StreamingResponse:
        """How a mirror is, as server-sent events: one whenever something has changed."""
        demand(caller, Act.SEE_MIRROR, Thing(mirror_id=mirror_id))
        mirror = studio.mirrors.get(mirror_id)

        def facts() -> dict[str, Any]:
            fields = _mirror(studio, mirror)
            fields.pop("said_at", None)  # it changes with every report
            return fields

        return told("mirror", facts, request)

    @router.get("/{mirror_id}/picture", status_code=204, responses=documented(*_WHO))
    def may_look(mirror_id: str, caller: Annotated[Caller, Depends(who)]) -> None:
        """Whether this caller may see the live picture now; the mirror itself hands it on."""
        studio.mirrors.get(mirror_id)
        visit = studio.customers.find_open(mirror_id)
        hers = visit.customer_id if visit else ""
        demand(caller, Act.LOOK_LIVE, Thing(hers, mirror_id))

    @router.post("/{mirror_id}/report", responses=documented(*_WHO, BadParameter) | shown(ORDERS))
    def report(
        mirror_id: str,
        caller: Annotated[Caller, Depends(who)],
        state: Annotated[dict[str, Any], Body(examples=[STATE])],
    ) -> JSONResponse:
        """The mirror tells how it is and hears what is wanted of it."""
        demand(caller, Act.TEND_MIRROR, Thing(mirror_id=mirror_id))
        try:
            heard = read_state(state)
        except ValueError as cause:
            raise BadParameter("state", f"it is no mirror's state ({cause})") from cause
        return JSONResponse(orders_json(studio.orders(mirror_id, heard)))

    return router


def _mirror(studio: Studio, mirror: Mirror) -> dict[str, Any]:
    """A mirror; `alive` where it spoke within the last seconds."""
    word = studio.mirrors.last_word(mirror.id)
    fields: dict[str, Any] = {"id": mirror.id, "name": mirror.name, "alive": False, "state": None}
    if word:
        state, at = word
        alive = (studio.clock.now() - at).total_seconds() < ALIVE_S
        # While it is away nobody knows whether it records: the light must not say "off".
        fields |= {"alive": alive, "state": state_json(state), "said_at": at.isoformat()}
    return fields
