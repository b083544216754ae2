"""Failures become answers: every exception that leaves a route ends here as problem+json."""

import logging
from typing import Any

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from starlette.exceptions import HTTPException

from api.errors import (
    UNFORESEEN,
    BadParameter,
    DoorError,
    problem_for,
    retry_after_s,
    row_for,
    row_of,
)
from api.replies import Problem
from customers.errors import CustomerError
from index.errors import CatalogueError
from mirror.errors import MirrorError
from vision.errors import VisionError

log = logging.getLogger("vistazo")
MEDIA_TYPE = "application/problem+json"


def answer_problems(app: FastAPI) -> None:
    """Make `app` answer its own, the framework's and unforeseen failures as problem documents."""
    for family in (VisionError, CatalogueError, CustomerError, MirrorError, DoorError):
        app.add_exception_handler(family, _ours)
    app.add_exception_handler(RequestValidationError, _unfit)
    app.add_exception_handler(HTTPException, _framework)
    app.add_exception_handler(Exception, _unforeseen)


def problem_response(error: Exception) -> JSONResponse:
    """`error` as an answer: status and code from the one table, Retry-After where it helps."""
    problem, wait_s = problem_for(error), retry_after_s(error)
    headers = {} if wait_s is None else {"Retry-After": str(wait_s)}
    return JSONResponse(
        problem, status_code=row_for(error).status, headers=headers, media_type=MEDIA_TYPE
    )


def documented(*errors: type[Exception]) -> dict[int | str, dict[str, Any]]:
    """The OpenAPI `responses` of a route that may raise `errors` (classes with a row)."""
    by_status: dict[int | str, dict[str, Any]] = {}
    for kind in errors:
        row = row_of(kind)
        entry = by_status.setdefault(
            row.status,
            {"model": Problem, "description": "", "content": {MEDIA_TYPE: {"examples": {}}}},
        )
        entry["description"] = "; ".join(filter(None, [entry["description"], row.title]))
        entry["content"][MEDIA_TYPE]["examples"][row.code] = {
            "value": {
                "type": f"urn:vistazo:problem:{row.code}",
                "title": row.title,
                "status": row.status,
                "code": row.code,
                "detail": row.title + ".",
            }
        }
    return by_status


async def _ours(request: Request, error: Exception) -> JSONResponse:
    row = row_for(error)
    if row.private:  # the caller reads the title only, so the operator must find the rest here
        log.error("%s %s: %s: %s", request.method, request.url.path, row.code, error)
    return problem_response(error)


async def _unfit(request: Request, error: Exception) -> JSONResponse:
    """FastAPI's own check of path and query parameters."""
    fault = error.errors()[0] if isinstance(error, RequestValidationError) else {}
    name = ".".join(str(part) for part in fault.get("loc", ())[1:]) or "request"
    return problem_response(BadParameter(name, str(fault.get("msg", "it is not valid"))))


async def _framework(request: Request, error: Exception) -> JSONResponse:
    """No such route, or a method that it does not take."""
    status = error.status_code if isinstance(error, HTTPException) else 500
    code, title = {
        404: ("no-such-address", "There is nothing at this address"),
        405: ("method-not-allowed", "This address does not take this method"),
    }.get(status, ("bad-request", "The request cannot be served"))
    problem = {
        "type": f"urn:vistazo:problem:{code}",
        "title": title,
        "status": status,
        "code": code,
        "detail": f"{request.method} {request.url.path}: {title.lower()}.",
    }
    headers = getattr(error, "headers", None)
    return JSONResponse(problem, status_code=status, headers=headers, media_type=MEDIA_TYPE)


async def _unforeseen(request: Request, error: Exception) -> JSONResponse:
    """A fault of ours; the server logs the traceback when this returns."""
    log.error("%s %s: %s", request.method, request.url.path, UNFORESEEN.code)
    return problem_response(error)
