"""The routes about people and mirrors: joined to the shop's service, or served by themselves."""

import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress

import anyio
from fastapi import FastAPI
from starlette.concurrency import run_in_threadpool

from api import clips, mirrors, visits
from api.headers import Headers
from api.problems import answer_problems
from api.version import own_version
from customers.errors import CustomerError
from mirror.errors import MirrorError
from mirror.studio import Studio

_log = logging.getLogger("vistazo")
_TIDY_S = 600.0  # a clip outlives its retention by ten minutes at most


def join(app: FastAPI, studio: Studio) -> None:
    """Add the routes to `app`; whoever opened `studio` tends and closes it."""
    for routes in (mirrors.routes, visits.routes, clips.routes):
        app.include_router(routes(studio))


async def tend(studio: Studio) -> None:
    """Tidy again and again: the retention ends while the service runs, too."""
    while True:
        await anyio.sleep(_TIDY_S)
        try:
            await run_in_threadpool(studio.tidy)
        except (OSError, CustomerError, MirrorError):
            _log.exception("tidying failed; it is tried again")  # the service goes on


@asynccontextmanager
async def tended(studio: Studio) -> AsyncIterator[None]:
    """Tends `studio` while the block runs, and closes it."""
    async with anyio.create_task_group() as group:
        group.start_soon(tend, studio)
        try:
            yield
        finally:
            group.cancel_scope.cancel()
    with suppress(OSError):
        studio.close()


def people_app(studio: Studio) -> FastAPI:
    """A service of people and mirrors alone, as a shop may run it on a machine of its own."""

    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        async with tended(studio):
            yield

    app = FastAPI(
        title="Vistazo mirrors",
        version=own_version(),
        openapi_url="/v1/openapi.json",
        docs_url=None,
        redoc_url=None,
        redirect_slashes=False,
        lifespan=lifespan,
    )
    answer_problems(app)
    app.add_middleware(Headers)
    join(app, studio)
    return app
