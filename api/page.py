"""The shopper's page and its files, served from the package itself."""

from pathlib import Path

from fastapi import APIRouter, Request, Response
from starlette.routing import Mount

from api.packed import Files
from api.shop import Shop

PAGES = Path(__file__).parent / "pages"


def routes(shop: Shop) -> APIRouter:
    """`/` is the page, `/saved` what a device has kept, `/pages/…` their files; with ETags."""
    router = APIRouter(include_in_schema=False)

    files = Files(PAGES)

    @router.get("/")
    async def page(request: Request) -> Response:
        return files.send("index.html", request)

    @router.get("/saved")
    async def saved(request: Request) -> Response:
        return files.send("saved.html", request)

    router.routes.append(Mount("/pages", files))
    return router
