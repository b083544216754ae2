"""Who asks, by the pass that comes with the request; what she may do is customers/access's."""

from collections.abc import Callable
from typing import Any

from fastapi import Request

from api.keys import PREFIX
from api.porter import VISITOR
from api.roles import caller_of
from customers.access import Act, Caller, Thing, demand
from customers.errors import NotKnown
from customers.visit import Visit
from mirror.clip import Clip
from mirror.studio import Studio

COOKIE = "vistazo_pass"
# A page's <video> cannot send a header: it shows the pass as a cookie that only our own pages send.
COOKIE_RULES: dict[str, Any] = {"httponly": True, "samesite": "strict", "path": "/v1"}

Callers = Callable[[Request], Caller]


def callers(studio: Studio) -> Callers:
    """A dependency that knows the caller by `Authorization: Bearer` or the cookie, or raises.

    Where no pass came, the holder of a key may be staff or the operator.
    """

    def who(request: Request) -> Caller:
        scheme, _, token = request.headers.get("authorization", "").partition(" ")
        token = token.strip() if scheme.lower() == "bearer" else request.cookies.get(COOKIE, "")
        if (not token or token.startswith(PREFIX)) and (known := _by_key(request)) is not None:
            return known
        if not token:
            raise NotKnown("no pass came with the request")
        return studio.passes.who(token, studio.clock.now())

    return who


def _by_key(request: Request) -> Caller | None:
    visitor = request.scope.get(VISITOR)
    key = None if visitor is None else visitor.key
    return None if key is None else caller_of(key.role, key.id)


def demand_visit(caller: Caller, act: Act, visit: Visit) -> None:
    """Raise NotAllowed where the law does not let `caller` do `act` in `visit`."""
    demand(caller, act, Thing(visit.customer_id, visit.mirror_id))


def demand_clip(studio: Studio, caller: Caller, act: Act, clip: Clip) -> None:
    """The same for a clip of hers; what was done is written into her log."""
    demand(caller, act, Thing(clip.customer_id, clip.mirror_id))
    studio.customers.note(clip.customer_id, caller, act, clip.id, studio.clock.now())
