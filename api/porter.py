"""The porter: every request is known, weighed and judged here, before a byte of its body is read.

Whoever shows no key may read (unless the operator demands keys), and nobody but this machine itself
may write until the first key is made; from then on every write needs one. A key comes as
`Authorization: Bearer`; a sign-in at the console as the cookie that `POST /v1/session` sets.
Neither works in the place of the other.
"""

from dataclasses import dataclass
from urllib.parse import urlsplit

import anyio.to_thread
from fastapi import Request
from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from api.addresses import Addresses, Place
from api.audit import LOCAL, Audit, Note
from api.errors import DoorError, KeyForbids, KeyNeeded
from api.keys import PREFIX, Key, Keys
from api.limits import Buckets, Rate, is_loopback, neighbourhood
from api.problems import problem_response
from api.roles import FREE, READING, WRITES, Act, Role, allowed

COOKIE = "vistazo_session"
VISITOR = "vistazo.visitor"
"""Where in the scope a route finds the Visitor."""
SUBJECT = "vistazo.subject"
"""Where in the scope a route of many things at once leaves what the audit log shall say."""
NOTE = "vistazo.note"
"""Where in the scope of a write lies the function that notes it, given its answer's first message:
for who must have it noted before he keeps that answer. It is noted once."""
REPLAYED = "idempotency-replayed"
"""The header of an answer to a write that was done before: it is noted once."""
SAFE = ("GET", "HEAD", "OPTIONS")
FORWARDED = ("forwarded", "x-forwarded-for", "x-real-ip", "via")
KEY_RATES = {Role.SHOPPER: Rate(1_000, 4_000)}
"""A published key is shared by all shoppers at once; each has her address's bucket besides."""
OTHER_KEYS = Rate(200, 2_000)


@dataclass(frozen=True, slots=True)
class Visitor:
    """Who asks: the key that was shown, or None; `local` if this machine itself does."""

    key: Key | None
    local: bool
    act: Act = Act.ENTER

    @property
    def who(self) -> str:
        """For the audit log."""
        return self.key.id if self.key else LOCAL


@dataclass(frozen=True, slots=True)
class Rules:
    """What the operator has decided: whether reading needs a key, too; an address's share."""

    demand_keys: bool
    per_address: Rate


class Judge:
    """Decides who may do what, from the keys, the law and the operator's rules."""

    def __init__(self, keys: Keys, rules: Rules) -> None:
        self._keys, self._rules, self._buckets = keys, rules, Buckets()

    def admit(self, scope: Scope, headers: Headers, place: Place | None) -> Visitor:
        """Who asks, if she may; raises KeyNeeded, KeyForbids, TooManyRequests."""
        address = (scope.get("client") or ("", 0))[0]
        token, by_cookie = _shown(headers)
        local = token == "" and _from_here(address, headers)
        if not local and scope["path"].startswith("/v1"):
            self._buckets.take(f"at {neighbourhood(address)}", self._rules.per_address)
        act = Act.ENTER if place is None else place.act
        key = None
        if token.startswith(PREFIX):
            try:
                key = self._keys.who_signed_in(token) if by_cookie else self._keys.who(token)
            except KeyNeeded:
                if not by_cookie and act not in FREE:
                    raise  # an old cookie takes nothing from what is open to everybody
        if key is not None:
            self._weigh(key, headers, act, by_cookie=by_cookie, method=scope["method"])
        visitor = Visitor(key, local, act)
        self.demand(visitor, act)
        return visitor

    def demand(self, visitor: Visitor, act: Act) -> None:
        """Raise KeyNeeded or KeyForbids unless `visitor` may do `act`."""
        if act in FREE:
            return
        key = visitor.key
        if key is not None:
            if not allowed(key.role, act):
                raise KeyForbids(key.role, act, f"a key of the role {key.role} has no such right")
            return
        if act in READING and not self._rules.demand_keys:
            return
        if self._keys.any_made():
            raise KeyNeeded("none came with the request")
        if not visitor.local:
            raise KeyNeeded(
                "this shop has none yet, so it takes this from its own machine only; make the "
                "first with `vistazo keys create admin --name YOU`"
            )

    def acts(self, visitor: Visitor) -> list[Act]:
        """Everything that `visitor` may do."""
        may = []
        for act in Act:
            try:
                self.demand(visitor, act)
            except (KeyNeeded, KeyForbids):
                continue
            may.append(act)
        return may

    def opens_to(self, origin: str) -> bool:
        """Whether pages of this origin may ask."""
        return origin in self._keys.origins()

    def _weigh(self, key: Key, headers: Headers, act: Act, *, by_cookie: bool, method: str) -> None:
        origin = headers.get("origin", "")
        if by_cookie and method not in SAFE and not is_same_origin(headers):
            raise KeyForbids(key.role, act, "the sign-in holds for pages of this service alone")
        if key.origins and origin not in key.origins and not is_same_origin(headers):
            raise KeyForbids(key.role, act, "this key works on the pages it was made for alone")
        self._buckets.take(f"key {key.id}", KEY_RATES.get(key.role, OTHER_KEYS))


class Porter:
    """ASGI middleware around the routes: lets in, tells browsers so, and notes what was written."""

    def __init__(
        self, app: ASGIApp, *, judge: Judge, keys: Keys, audit: Audit, addresses: Addresses
    ) -> None:
        self._app, self._judge, self._keys = app, judge, keys
        self._audit, self._addresses = audit, addresses

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a refusal here; pass everything else on."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        headers = Headers(scope=scope)
        try:
            tell = self._for_browsers(headers, send)
            if _is_preflight(scope, headers):
                await Response(status_code=204)(scope, receive, tell)
                return
            place = self._addresses.find(scope["method"], scope["path"])
            visitor = self._judge.admit(scope, headers, place)
            if visitor.key is not None:
                await anyio.to_thread.run_sync(self._keys.note_use, visitor.key)
        except DoorError as refusal:
            response = problem_response(refusal)
            if response.status_code == 401:
                response.headers["WWW-Authenticate"] = 'Bearer realm="vistazo"'
            await response(scope, receive, self._for_browsers(headers, send, judged=False))
            return
        judged = {**scope, VISITOR: visitor if place else None}
        if place is not None and place.act in WRITES and scope["method"] not in SAFE:
            tell = self._noting(judged, place, visitor, tell)
        await self._app(judged, receive, tell)

    def _for_browsers(self, headers: Headers, send: Send, *, judged: bool = True) -> Send:
        """`send`, adding what a browser wants to hear for a page of another origin."""
        origin = headers.get("origin", "")
        known = bool(origin) and judged and self._judge.opens_to(origin)
        if not judged:
            try:
                known = bool(origin) and self._judge.opens_to(origin)
            except DoorError:
                known = False
        if not known:
            return send

        async def tell(message: Message) -> None:
            if message["type"] == "http.response.start":
                allow_origin(MutableHeaders(scope=message), origin)
            await send(message)

        return tell

    def _noting(self, scope: Scope, place: Place, visitor: Visitor, send: Send) -> Send:
        noted = False

        async def note(start: Message) -> None:
            nonlocal noted
            if noted or not _is_deed(start):
                return
            name = visitor.key.name if visitor.key else ""
            subject = scope.get(SUBJECT, place.subject)
            written = Note(visitor.who, name, place.act, scope["method"], subject, start["status"])
            await anyio.to_thread.run_sync(self._audit.note, written)
            noted = True

        async def tell(message: Message) -> None:
            if message["type"] == "http.response.start":
                await note(message)
            await send(message)

        scope[NOTE] = note
        return tell


def _is_deed(start: Message) -> bool:
    headers = {name.lower() for name, _ in start.get("headers", ())}
    return start["status"] < 400 and REPLAYED.encode() not in headers


def visitor_of(request: Request) -> Visitor:
    """Who asks; only behind the porter."""
    visitor: Visitor = request.scope[VISITOR]
    return visitor


async def demand_row(request: Request) -> None:
    """A dependency of every route: refuses an address that stands in no row of the table.

    It waits for nothing; but the framework sends whatever is no coroutine to a thread and back,
    which cost every request .2 ms, and more where many threads want the interpreter.
    """
    if request.scope.get(VISITOR, ...) is None:
        raise KeyForbids("nobody", "unknown", "this address stands in no row of api/addresses")


def allow_origin(headers: MutableHeaders, origin: str) -> None:
    """What a browser needs to hear before a page of `origin` may read the answer."""
    headers["Access-Control-Allow-Origin"] = origin
    headers["Access-Control-Allow-Methods"] = "GET, POST"
    headers["Access-Control-Allow-Headers"] = "Authorization, Content-Type"
    headers["Access-Control-Expose-Headers"] = "ETag, Retry-After, Server-Timing"
    headers["Access-Control-Max-Age"] = "600"
    headers.add_vary_header("Origin")


def is_same_origin(headers: Headers) -> bool:
    """Whether a page of this very service asks: a browser says so, and no page can make it lie."""
    site = headers.get("sec-fetch-site")
    if site is not None:
        return site in ("same-origin", "none")
    origin = headers.get("origin")
    return origin is not None and origin.partition("://")[2] == headers.get("host", "")


def _shown(headers: Headers) -> tuple[str, bool]:
    """The token that came, and whether as the cookie."""
    scheme, _, token = headers.get("authorization", "").partition(" ")
    if scheme.lower() == "bearer" and token.strip():
        return token.strip(), False
    if scheme:
        return scheme, False
    cookies = (pair.strip().partition("=") for pair in headers.get("cookie", "").split(";"))
    return next(((value, True) for name, _, value in cookies if name == COOKIE), ("", False))


def _from_here(address: str, headers: Headers) -> bool:
    """Whether this machine itself asks, and no page of another origin through its browser.

    A proxy on this machine is not this machine; a page that rebinds its name to 127.0.0.1 still
    sends its own name as Host.
    """
    if not is_loopback(address) or any(name in headers for name in FORWARDED):
        return False
    try:
        host = urlsplit(f"//{headers.get('host', '')}").hostname or ""
    except ValueError:  # half an IPv6 address
        return False
    if host != "localhost" and not is_loopback(host):
        return False
    foreign = "origin" in headers or "sec-fetch-site" in headers
    return not foreign or is_same_origin(headers)


def _is_preflight(scope: Scope, headers: Headers) -> bool:
    return scope["method"] == "OPTIONS" and "access-control-request-method" in headers
