"""The service: every route, put together over one shop."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from fastapi import FastAPI
from starlette.types import ASGIApp

from api import page, products, ready, search
from api.head import Head
from api.headers import Headers
from api.problems import answer_problems
from api.shop import Shop
from api.version import own_version

DESCRIPTION = """Photo in, this store's most similar products out.

Errors are `application/problem+json` (RFC 9457) with a stable `code`.
"""


class Door(FastAPI):
    """A FastAPI whose every answer carries the headers, also the one to a fault of ours: the
    framework answers those outside of all that `add_middleware` adds."""

    def build_middleware_stack(self) -> ASGIApp:
        """The framework's layers, and ours around them."""
        return Head(Headers(super().build_middleware_stack()))


def create_app(shop: Shop) -> FastAPI:
    """The ASGI application that serves `shop`; closing it closes the shop.

    The interactive documentation of the framework is off: it would load scripts of another origin.
    The document itself is at /v1/openapi.json.
    """

    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        yield
        shop.close()

    app = Door(
        title="Vistazo",
        version=own_version(),
        description=DESCRIPTION,
        openapi_url="/v1/openapi.json",
        docs_url=None,
        redoc_url=None,
        redirect_slashes=False,
        lifespan=lifespan,
    )
    answer_problems(app)
    for routes in (search.routes, products.routes, ready.routes, page.routes):
        app.include_router(routes(shop))
    return app
