"""`/v1/rules`: what a merchandiser pins, boosts and buries, and a preview of what that does.

Promise: a rule that was answered acts from the next search on, in every process on the shop.
"""

import json
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime
from functools import partial
from typing import Annotated, Any

from fastapi import APIRouter, Path, Request
from fastapi.responses import JSONResponse, Response

from api.asked import FORM, split_form
from api.body import parse_json, parse_parts, promised_bytes, read_bytes
from api.errors import (
    BadParameter,
    BadRequestBody,
    BodyTooLarge,
    BodyTooSlow,
    Overloaded,
    UnknownBody,
)
from api.line import understand
from api.problems import documented
from api.replies import hit_json
from api.rooms import Rooms
from api.rule_replies import OneRuleReply, PreviewReply, RuleFields, RulesReply
from api.search import BODY, PICTURE_FAILURES, WORDS_FAILURES
from api.shop import Shop
from api.wanted import Wanted, read_wanted
from index.errors import BadRule, ShopBroken, ShopBusy, UnknownRule
from index.preview import Preview, preview
from index.rule import Rule
from index.rules import Rules, rule_json, rule_of

Name = Annotated[str, Path(description="The rule's name, percent-encoded", examples=["in stock"])]
READING = (Overloaded, ShopBroken)
BODIES = (BadRequestBody, BodyTooLarge, BodyTooSlow, UnknownBody)
PUT_BODY: dict[str, Any] = {
    "required": True,
    "content": {"application/json": {"schema": RuleFields.model_json_schema()}},
}
MORE_FIELDS: dict[str, Any] = {
    "rules": {
        "type": "array",
        "items": RuleFields.model_json_schema(),
        "description": "Rules to try in place of the shop's own; in a form, as JSON text",
        "examples": [[{"name": "try", "act": "pin", "skus": ["mb01-red"]}]],
    },
    "at": {
        "type": "string",
        "format": "date-time",
        "description": "When; now if absent",
        "examples": ["2026-12-24T09:00:00+00:00"],
    },
}  # fmt: skip


def _preview_body() -> dict[str, Any]:
    """The body of a search, with what only a preview takes."""
    schema = BODY["content"]["application/json"]["schema"]
    fields = schema["properties"] | MORE_FIELDS
    form = {"image": {"type": "string", "format": "binary"}} | fields
    return {
        "required": True,
        "content": {
            "application/json": {"schema": schema | {"properties": fields}},
            "multipart/form-data": {"schema": {"type": "object", "properties": form}},
        },
    }


def routes(shop: Shop) -> APIRouter:
    """Rules as a whole, one by one, and the preview."""
    router = APIRouter(prefix="/v1/rules", tags=["rules"])
    _keeping(router, shop)
    _previewing(router, shop)
    return router


def _keeping(router: APIRouter, shop: Shop) -> None:
    rules = Rules(shop.shelf.database)

    @router.get(
        "",
        response_model=RulesReply,
        responses=documented(*READING),
        summary="Every rule, in order",
    )
    async def every() -> JSONResponse:
        found = await shop.entrance.run(rules.all)
        return JSONResponse({"rules": [rule_json(rule) for rule in found]})

    @router.get(
        "/{name}",
        response_model=OneRuleReply,
        responses=documented(UnknownRule, *READING),
        summary="One rule",
    )
    async def get(name: Name) -> JSONResponse:
        return JSONResponse(rule_json(await shop.entrance.run(partial(rules.get, name))))

    @router.put(
        "/{name}",
        response_model=OneRuleReply,
        responses=documented(BadRule, ShopBusy, *BODIES, *READING)
        | {201: {"model": OneRuleReply, "description": "The rule is new"}},
        openapi_extra={"requestBody": PUT_BODY},
        summary="Put a rule, whole: what is not said is as if it never was",
    )
    async def put(request: Request, name: Name) -> JSONResponse:
        limits = shop.body_limits
        with shop.intake.hold(promised_bytes(request, limits.text_bytes)) as arrived:
            body = await read_bytes(request, limits.text_bytes, limits.wait_s, arrived)
        rule = named(name, parse_json(body))
        is_new = await shop.entrance.run(partial(rules.put, rule))
        return JSONResponse(rule_json(rule), status_code=201 if is_new else 200)

    @router.delete(
        "/{name}",
        status_code=204,
        responses=documented(UnknownRule, ShopBusy, *READING),
        summary="Delete a rule",
    )
    async def delete(name: Name) -> Response:
        await shop.entrance.run(partial(rules.delete, name))
        return Response(status_code=204)


def _previewing(router: APIRouter, shop: Shop) -> None:
    @router.post(
        "/preview",
        response_model=PreviewReply,
        responses=documented(BadRule, *PICTURE_FAILURES, *WORDS_FAILURES),
        openapi_extra={"requestBody": _preview_body()},
        summary="A search without rules and with them, side by side",
    )
    async def look(request: Request) -> JSONResponse:
        limits = shop.body_limits
        with shop.intake.hold(promised_bytes(request, limits.most_bytes)) as arrived:
            fields, picture = await _read(request, shop, arrived)
            tried, at = read_rules(fields.pop("rules", None)), moment_of(fields.pop("at", None))
            wanted = read_wanted(dict(request.query_params), fields)
            wanted.check_complete(with_picture=picture is not None)
            work = partial(previewed, shop, wanted, picture, tried, at)
            return JSONResponse(preview_json(await shop.entrance.run(work)))


def previewed(
    shop: Shop,
    wanted: Wanted,
    picture: bytes | None,
    tried: tuple[Rule, ...] | None,
    at: datetime | None,
) -> Preview:
    """What the rules `tried` (None: the shop's own) do to a search; blocks. Raises as `walk`."""
    if wanted.url is not None:
        picture = shop.courier.bring(wanted.url)
    query, _, _ = understand(shop, wanted, picture, Rooms())
    rules = Rules(shop.shelf.database).all() if tried is None else tried
    return preview(shop.shelf, replace(query, at=at), rules)


def named(name: str, told: dict[str, Any]) -> Rule:
    """The rule of that name; raises BadRule, also when it tells another name."""
    if told.get("name", name) != name:
        raise BadRule("name", f"the address says {name!r}, the body {str(told['name'])[:80]!r}")
    return rule_of(told | {"name": name})


def read_rules(told: object) -> tuple[Rule, ...] | None:
    """Rules as a list, or as the JSON of one; None stays None. Raises BadParameter, BadRule."""
    if isinstance(told, str):
        try:
            told = json.loads(told)
        except (ValueError, RecursionError) as broken:
            raise BadParameter("rules", "it is no JSON") from broken
    if told is None:
        return None
    if not isinstance(told, list) or not all(isinstance(one, dict) for one in told):
        raise BadParameter("rules", "a list of rules is wanted")
    return tuple(rule_of(one) for one in told)


def preview_json(shown: Preview) -> dict[str, Any]:
    """The preview as PreviewReply describes it."""
    return {
        "before": [hit_json(hit) for hit in shown.before.hits],
        "after": [
            hit_json(hit)
            | {
                "place_before": shown.place_before(hit.product.sku),
                "rules": [
                    {"rule": moved.rule, "act": moved.act, "shift": moved.shift}
                    for moved in hit.moved
                ],
            }
            for hit in shown.after.hits
        ],
        "nothing_like_this": shown.after.nothing_like_this,
        "acted": list(shown.acted),
        "notes": shown.notes,
    }


async def _read(
    request: Request, shop: Shop, arrived: Callable[[int], None]
) -> tuple[dict[str, Any], bytes | None]:
    """The fields of the body and its picture, if it brings one."""
    limits = shop.body_limits
    kind = request.headers.get("content-type", "")
    if not kind.lower().startswith(FORM):
        body = await read_bytes(request, limits.text_bytes, limits.wait_s, arrived)
        return parse_json(body), None
    body = await read_bytes(request, limits.most_bytes, limits.wait_s, arrived)
    fields, pictures = split_form(parse_parts(body, kind, limits))
    if len(pictures) > 1:
        raise BadParameter("image", "send one picture in each search")
    return fields, pictures[0] if pictures else None


def moment_of(told: object) -> datetime | None:
    """A moment with its zone, None for nothing; raises BadParameter."""
    if told in (None, ""):
        return None
    try:
        moment = datetime.fromisoformat(str(told))
    except ValueError as strange:
        raise BadParameter("at", "a moment is written 2026-12-01T00:00:00Z") from strange
    if moment.utcoffset() is None:
        raise BadParameter("at", "say its time zone: 2026-12-01T00:00:00Z")
    return moment
