"""`/console`: the merchandisers' page. Its scripts and styles lie in `pages/console`."""

from fastapi import APIRouter
from fastapi.responses import FileResponse

from api.page import PAGES
from api.shop import Shop


def routes(shop: Shop) -> APIRouter:
    """The page itself, open to everybody: what it shows is asked for with a key."""
    router = APIRouter(include_in_schema=False)

    @router.get("/console")
    async def console() -> FileResponse:
        page = PAGES / "console" / "console.html"
        return FileResponse(
            page, media_type="text/html; charset=utf-8", headers={"Cache-Control": "no-cache"}
        )

    return router
