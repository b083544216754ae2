"""`POST /v1/spaces/search`: the same search in a space that is not live, to look before the flip.

One other space is held open at a time; the next one takes its place.
"""

import threading
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from urllib.parse import urlencode

from fastapi import APIRouter, Request
from fastapi.responses import JSONResponse

from api.asked import Asked, read_asked
from api.body import promised_bytes
from api.errors import BadParameter
from api.eye import open_encoder
from api.line import Found, walk
from api.problems import documented
from api.reindexing import demand_known, target_of
from api.replies import SearchReply
from api.rooms import Rooms
from api.search import BODY, DOCUMENT, PICTURE_FAILURES, WORDS_FAILURES, search_json
from api.settings import Settings
from api.shop import Shop, read_lexicon
from index.errors import NoShop
from index.shelf import Shelf
from vision.errors import BadModel

MODEL = {
    "name": "model",
    "in": "query",
    "required": True,
    "schema": {"type": "string", "maxLength": 500},
    "description": "Whose space shall answer, as `GET /v1/spaces` names it.",
    "example": "builtin",
}


@dataclass(slots=True)
class _Open:
    model: str
    shop: Shop


class SecondSight:
    """Opens other spaces of a shop, one at a time."""

    def __init__(self, shop: Shop) -> None:
        self._shop = shop
        self._lock = threading.Lock()
        self._open: _Open | None = None

    def walk(self, model: str, asked: Asked, rooms: Rooms) -> tuple[Shop, Found]:
        """Search the space of `model`; blocks. Raises BadParameter, BadModel and as
        `walk`."""
        with self._lock:
            other = self._of(model)
            return other, walk(other, asked.wanted, asked.picture, rooms)

    def close(self) -> None:
        """Let go of the space that is open."""
        if self._open is not None:
            self._open.shop.shelf.close()
            self._open = None

    def _of(self, model: str) -> Shop:
        if self._open is not None and self._open.model == model:
            return self._open.shop
        self.close()
        home = self._shop.office.home_settings
        demand_known(home, model)
        target = target_of(home, model)
        place = home.shop / target.folder if target.folder else home.shop
        settings = home.model_copy(update={"shop": place, "model": target.model})
        try:
            self._open = _Open(model, _beside(self._shop, place, settings))
        except NoShop as unmade:
            raise BadParameter("model", "its space is not made yet: reindex first") from unmade
        return self._open.shop


def _beside(shop: Shop, place: Path, settings: Settings) -> Shop:
    encoder = open_encoder(settings, threads=1, lanes=1)
    shelf = Shelf.open(place, encoder.spec)
    return replace(shop, shelf=shelf, encoder=encoder, lexicon=read_lexicon(encoder))


def routes(shop: Shop) -> APIRouter:
    """The route over the spaces of `shop`."""
    router = APIRouter(prefix="/v1/spaces", tags=["jobs"])
    sight = SecondSight(shop)

    @router.post(
        "/search",
        response_model=SearchReply,
        responses=documented(BadModel, *PICTURE_FAILURES, *WORDS_FAILURES),
        openapi_extra={"parameters": [MODEL, *DOCUMENT["parameters"]], "requestBody": BODY},
        summary="Search in the space of another model; its name comes as `model` in the address",
    )
    async def search(request: Request) -> JSONResponse:
        model = request.query_params.get("model", "")
        if not model:
            raise BadParameter("model", "say whose space shall answer")
        without = [(k, v) for k, v in request.query_params.multi_items() if k != "model"]
        rooms, limits = Rooms(), shop.body_limits
        with shop.intake.hold(promised_bytes(request, limits.most_bytes)) as arrived:
            asked = await read_asked(_asking(request, without), limits, arrived)
            other, found = await shop.entrance.run(partial(sight.walk, model, asked, rooms))
        return JSONResponse(search_json(other, asked, found, rooms))

    return router


def _asking(request: Request, parameters: list[tuple[str, str]]) -> Request:
    """The same request without what only this address knows."""
    scope = {**request.scope, "query_string": urlencode(parameters).encode()}
    return Request(scope, request.receive)
