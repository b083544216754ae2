"""What every service of ours is built on: one FastAPI, set up once.

The interactive documentation of the framework is off: it would load scripts of another origin. The
document itself is at /v1/openapi.json. Every failure is answered as problem+json.
"""

from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager

from fastapi import FastAPI
from fastapi.routing import APIRoute
from starlette.types import ASGIApp

from api.head import Head
from api.headers import Headers
from api.problems import answer_problems
from api.sieve import Sieve
from api.version import own_version


class Door(FastAPI):
    """A FastAPI whose every answer carries the headers, also the one to a fault of ours: the
    framework answers those outside of all that `add_middleware` adds."""

    def build_middleware_stack(self) -> ASGIApp:
        """The framework's layers, and ours around them."""
        return Sieve(Head(Headers(super().build_middleware_stack())))


def open_door(
    title: str, description: str = "", *, closing: Callable[[], None] = lambda: None
) -> FastAPI:
    """A service without routes yet; `closing` is called when it ends."""

    def lifespan(_: FastAPI) -> AbstractAsyncContextManager[None]:
        return _until_closed(closing)

    app = Door(
        title=title,
        version=own_version(),
        description=description,
        openapi_url="/v1/openapi.json",
        docs_url=None,
        redoc_url=None,
        redirect_slashes=False,
        lifespan=lifespan,
        generate_unique_id_function=_operation_id,
    )
    answer_problems(app)
    return app


def _operation_id(route: APIRoute) -> str:
    """What generated clients call the operation: `saved_snap`, not its whole address."""
    return "_".join([*map(str, route.tags[:1]), route.name])


@asynccontextmanager
async def _until_closed(closing: Callable[[], None]) -> AsyncIterator[None]:
    yield
    closing()
