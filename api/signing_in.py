"""`/v1/session` and `/v1/keys`: signing in at the console, and who holds which key.

Signing in makes a random secret that stands for the key until she signs out, the key is revoked or
runs out, or twelve hours have gone by; the key itself stays where passwords are kept. The secret
travels as a cookie that no script can read (HttpOnly) and that only our own pages send
(SameSite=Strict, and the porter asks for the same origin besides): pictures and live progress are
asked for by the browser itself, which cannot send a header, and what a script cannot read, a script
that was smuggled in cannot steal.

What a cookie cannot do: keep ports apart (RFC 6265, 8.5). Another service on another port of this
host is sent it too, so let none run there that you would not let sign in as you.
"""

from datetime import datetime
from typing import Any

from fastapi import APIRouter, Request, Response
from fastapi.responses import JSONResponse
from pydantic import BaseModel, ConfigDict, Field

from api.back_office import BackOffice
from api.bounded import BoundedRoute
from api.errors import BadParameter, BadRequestBody, KeyForbids, KeyNeeded, NoSuchKey
from api.keys import GRACE_DAYS, LIFETIME_DAYS, NAME_MOST_CHARS, SIGNED_IN_S, Key
from api.office_replies import KeyReply, KeysReply, NewKeyReply, SessionReply
from api.porter import COOKIE, Visitor, is_same_origin, visitor_of
from api.problems import documented
from api.repeating import wish_of
from api.roles import FREE, Act, Role

_WHO = (KeyNeeded, KeyForbids)


class SignIn(BaseModel):
    """What the console sends to be known from then on."""

    model_config = ConfigDict(extra="forbid")
    key: str = Field(max_length=200, examples=["vistazo_sk_…"])


class NewKey(BaseModel):
    """A key that is wanted."""

    model_config = ConfigDict(extra="forbid")
    role: Role = Field(examples=["shopper"])
    name: str = Field(max_length=NAME_MOST_CHARS, examples=["Web shop"])
    origins: list[str] = Field(default_factory=list, examples=[["https://shop.example"]])
    days: float | None = Field(LIFETIME_DAYS, description="null: it never runs out")


class Rotation(BaseModel):
    """How long the old key goes on."""

    model_config = ConfigDict(extra="forbid")
    grace_days: float = GRACE_DAYS


def routes(office: BackOffice) -> APIRouter:
    """The routes over the shop's keys."""
    router = APIRouter(prefix="/v1", tags=["keys"], route_class=BoundedRoute)
    _session(router, office)
    _keys(router, office)
    return router


def _session(router: APIRouter, office: BackOffice) -> None:
    @router.get("/session", response_model=SessionReply, summary="Who asks, and what she may do")
    def session(request: Request) -> dict[str, Any]:
        return session_json(office, visitor_of(request))

    @router.post(
        "/session",
        response_model=SessionReply,
        responses=documented(*_WHO, BadRequestBody),
        summary="Sign in",
    )
    def sign_in(request: Request, response: Response, said: SignIn) -> dict[str, Any]:
        if not is_same_origin(request.headers):
            raise KeyForbids("nobody", Act.ENTER, "one signs in on a page of this service alone")
        key = office.keys.who(said.key.strip())
        if key.origins:
            raise KeyForbids(key.role, Act.ENTER, "a published key signs nobody in")
        response.set_cookie(
            COOKIE, office.keys.sign_in(key), max_age=SIGNED_IN_S, path="/", httponly=True,
            samesite="strict", secure=request.url.scheme == "https",
        )  # fmt: skip
        return session_json(office, Visitor(key, local=False))

    @router.delete("/session", status_code=204, summary="Sign out")
    def sign_out(request: Request, response: Response) -> None:
        if token := request.cookies.get(COOKIE):
            office.keys.sign_out(token)
        response.delete_cookie(COOKIE, path="/", httponly=True, samesite="strict")


def _keys(router: APIRouter, office: BackOffice) -> None:
    @router.get(
        "/keys",
        response_model=KeysReply,
        responses=documented(*_WHO),
        summary="Every key, without its secret",
    )
    def all_keys() -> dict[str, Any]:
        return {"keys": [key_json(key) for key in office.keys.all()]}

    @router.post(
        "/keys",
        status_code=201,
        response_model=NewKeyReply,
        responses=documented(*_WHO, BadParameter, BadRequestBody),
        summary="Make a key; its secret is shown this once",
    )
    def make(request: Request, wanted: NewKey) -> JSONResponse:
        made, secret = office.keys.create(
            wanted.role,
            wanted.name,
            origins=wanted.origins,
            lifetime_days=wanted.days,
            named=wish_of(request.scope),
        )
        return JSONResponse(key_json(made) | {"key": secret or None}, status_code=201)

    @router.post(
        "/keys/{key_id}/rotate",
        status_code=201,
        response_model=NewKeyReply,
        responses=documented(*_WHO, NoSuchKey, BadParameter, BadRequestBody),
        summary="A new secret for a key; the old one goes on for a while",
    )
    def rotate(request: Request, key_id: str, how: Rotation) -> JSONResponse:
        made, secret = office.keys.rotate(key_id, how.grace_days, wish_of(request.scope))
        return JSONResponse(key_json(made) | {"key": secret or None}, status_code=201)

    @router.delete(
        "/keys/{key_id}",
        response_model=KeyReply,
        responses=documented(*_WHO, NoSuchKey),
        summary="Revoke a key at once",
    )
    def revoke(key_id: str) -> dict[str, Any]:
        return key_json(office.keys.revoke(key_id))


def session_json(office: BackOffice, visitor: Visitor) -> dict[str, Any]:
    """Who asks: her role and what is open to her; `keyed` once the shop has its first key."""
    key = visitor.key
    return {
        "role": key.role if key else None,
        "name": key.name if key else "",
        "expires_at": _moment(key.expires_at) if key else None,
        "local": visitor.local,
        "keyed": office.keys.any_made(),
        "acts": sorted(set(office.judge.acts(visitor)) - FREE),
    }


def key_json(key: Key) -> dict[str, Any]:
    """A key as callers read it: never its secret."""
    return {
        "id": key.id,
        "role": key.role,
        "name": key.name,
        "origins": list(key.origins),
        "created_at": key.created_at.isoformat(),
        "expires_at": _moment(key.expires_at),
        "revoked_at": _moment(key.revoked_at),
        "used_on": key.used_on or None,
    }


def _moment(moment: datetime | None) -> str | None:
    return None if moment is None else moment.isoformat()
