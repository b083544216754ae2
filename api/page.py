"""The shopper's page and its files, served from the package itself."""

from pathlib import Path

from fastapi import APIRouter
from fastapi.responses import FileResponse
from starlette.routing import Mount
from starlette.staticfiles import StaticFiles

from api.shop import Shop

PAGES = Path(__file__).parent / "pages"


def routes(shop: Shop) -> APIRouter:
    """`/` is the page, `/saved` what a device has kept, `/pages/…` their files; with ETags."""
    router = APIRouter(include_in_schema=False)

    @router.get("/")
    async def page() -> FileResponse:
        return FileResponse(PAGES / "index.html", media_type="text/html; charset=utf-8")

    @router.get("/saved")
    async def saved() -> FileResponse:
        return FileResponse(PAGES / "saved.html", media_type="text/html; charset=utf-8")

    router.routes.append(Mount("/pages", StaticFiles(directory=PAGES, check_dir=False)))
    return router
