"""`/v1/widget.js`: the web component that puts search on another shop's page.

Its pieces lie in pages/widget, one idea each; they travel as one script with a scope of its own,
so that a page needs one tag and loses no name.
"""

from pathlib import Path
from typing import Final

from fastapi import APIRouter, Request, Response

from api.packed import KINDS, answer, pack
from api.shop import Shop

FOLDER: Final = Path(__file__).parent / "pages" / "widget"
PIECES: Final = ("words.js", "style.js", "photo.js", "things.js", "element.js")
"""Each may use those before it."""
HEADERS: Final = {
    "Cache-Control": "public, max-age=3600",
    "Cross-Origin-Resource-Policy": "cross-origin",  # pages that isolate themselves may load it
    "Access-Control-Allow-Origin": "*",
}


def script() -> bytes:
    """The pieces as one script."""
    pieces = "\n".join((FOLDER / piece).read_text("utf-8") for piece in PIECES)
    return f'(() => {{\n"use strict";\n{pieces}}})();\n'.encode()


def routes(shop: Shop) -> APIRouter:
    """The script; it is the same for everybody and holds no secret."""
    router = APIRouter(include_in_schema=False)
    packed = pack(script(), KINDS[".js"], (0, 0))

    @router.get("/v1/widget.js")
    async def widget(request: Request) -> Response:
        given = answer(packed, request.headers)
        given.headers.update(HEADERS)
        return given

    return router
