"""Every route of an application, read from the application itself and not from its document."""

from collections.abc import Iterator
from typing import Any

from fastapi import FastAPI
from fastapi.routing import APIRoute


def routes_of(app: FastAPI) -> dict[str, APIRoute]:
    """The application's own routes by "METHOD /path"; what is no such route is a failure."""
    found: dict[str, APIRoute] = {}
    for route in _walk(app.routes):
        if getattr(route, "path", "") == app.openapi_url:
            continue
        assert isinstance(route, APIRoute), f"{route} escapes the matrix"
        for method in route.methods or ():
            found[f"{method} {route.path}"] = route
    return found


def _walk(routes: Any) -> Iterator[Any]:
    for route in routes:
        inner = getattr(route, "original_router", None)  # how FastAPI keeps what was included
        if inner is None:
            yield route
        else:
            yield from _walk(inner.routes)
