"""`/v1/widget.js`: the web component that puts search on another shop's page."""

from pathlib import Path

from fastapi import APIRouter
from fastapi.responses import FileResponse

from api.shop import Shop

SCRIPT = Path(__file__).parent / "pages" / "widget" / "vistazo-search.js"
HEADERS = {
    "Cache-Control": "public, max-age=3600",
    "Cross-Origin-Resource-Policy": "cross-origin",  # pages that isolate themselves may load it
    "Access-Control-Allow-Origin": "*",
}


def routes(shop: Shop) -> APIRouter:
    """The script; it is the same for everybody and holds no secret."""
    router = APIRouter(include_in_schema=False)

    @router.get("/v1/widget.js")
    async def script() -> FileResponse:
        return FileResponse(SCRIPT, media_type="text/javascript", headers=HEADERS)

    return router
