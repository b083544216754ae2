"""The OpenAPI document: what the routes say of themselves, and what is true of all of them.

The porter may refuse any request before its route hears of it, and every body is bounded; so that
no route has to say so, and none can forget to, these answers are added here.
"""

from typing import Any

from fastapi import FastAPI

from api.addresses import Addresses
from api.errors import (
    BadParameter,
    BadRequestBody,
    KeyForbids,
    KeyNeeded,
    KeyReused,
    StillUnderWay,
    TooManyRequests,
)
from api.examples import add_examples
from api.problems import MEDIA_TYPE, documented
from api.repeating import MOST_CHARS, STREAMED
from api.roles import FREE, WRITES, Act

PROBLEM = {"$ref": "#/components/schemas/Problem"}
METHODS = ("get", "put", "post", "delete", "patch")
NAMED = {
    "name": "Idempotency-Key",
    "in": "header",
    "required": False,
    "schema": {"type": "string", "maxLength": MOST_CHARS},
    "description": "Any text of your own, new for each request: sent again within 24 hours, the "
    "same request is answered as before and not done again (`Idempotency-Replayed: true`).",
}
IF_MATCH = {
    "name": "If-Match",
    "in": "header",
    "required": False,
    "schema": {"type": "string"},
    "description": "The ETag of the version that shall be changed, and no other (else 412).",
}
VERSIONED = (Act.WRITE_PRODUCT, Act.DELETE_PRODUCT)
SECURITY = {
    "key": {
        "type": "http",
        "scheme": "bearer",
        "description": "An API key (`vistazo keys create`). Reading needs none unless the operator "
        "demands it; writing does as soon as the first key is made.",
    }
}


def complete_document(app: FastAPI) -> None:
    """Make `app` answer /v1/openapi.json with the completed document."""
    routes_say = app.openapi

    def document() -> dict[str, Any]:
        if app.openapi_schema is None:
            app.openapi_schema = completed(routes_say())
        return app.openapi_schema

    app.openapi = document  # type: ignore[method-assign]  # FastAPI's own way to replace it


def completed(document: dict[str, Any]) -> dict[str, Any]:
    """`document` with the answers and the security that hold for all routes."""
    addresses = Addresses()
    for path, operations in document["paths"].items():
        for method, operation in operations.items():
            if method in METHODS:
                place = addresses.find(method.upper(), path)
                _complete(path, method, operation, Act.ENTER if place is None else place.act)
                add_examples(operation)
    document.setdefault("components", {})["securitySchemes"] = SECURITY
    return document


def _complete(path: str, method: str, operation: dict[str, Any], act: Act) -> None:
    refusals: list[type[Exception]] = [TooManyRequests] if path.startswith("/v1") else []
    if act not in FREE:
        refusals += [KeyNeeded, KeyForbids]
        operation.setdefault("security", [{}, {"key": []}])
    if act in VERSIONED and method != "get" and path.startswith("/v1/products/"):
        operation.setdefault("parameters", []).append(IF_MATCH)
    if act in WRITES and method != "get" and not path.startswith(STREAMED):
        operation.setdefault("parameters", []).append(NAMED)
        refusals += [StillUnderWay, KeyReused]
    if operation.get("parameters"):
        refusals.append(BadParameter)
    if "requestBody" in operation:
        refusals += [BadRequestBody, BadParameter]
    responses = operation.setdefault("responses", {})
    general = documented(*refusals)
    if "{" in path:  # a parameter may make the address another one
        general |= {404: _problem("Nothing here"), 405: _problem("Not by this method")}
    for status, told in general.items():
        told.pop("model", None)
        present = responses.setdefault(str(status), told)
        if MEDIA_TYPE not in present.get("content", {}):  # the framework's own idea of a refusal
            responses[str(status)] = told
    for told in responses.values():
        if MEDIA_TYPE in told.get("content", {}):  # told of by the framework as application/json
            examples = told["content"][MEDIA_TYPE]
            told["content"] = {MEDIA_TYPE: {**examples, "schema": PROBLEM}}


def _problem(description: str) -> dict[str, Any]:
    return {"description": description, "content": {MEDIA_TYPE: {}}}
