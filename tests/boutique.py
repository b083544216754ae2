"""A tiny shop for tests of the page: coloured cards, a fake encoder, and the real door around them.

Every picture is a plain colour with a darker disc somewhere in it, so the fake encoder, which sees
the mean colour of nine fields, tells articles and colours apart.
"""

import io
import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl

from PIL import Image, ImageDraw
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from api.app import create_app
from api.product_fields import read_fields
from api.settings import Settings
from api.shop import Shop, shop_of
from api.stocking import stock_product
from index.shelf import Shelf
from tests.door_server import served_app
from tests.drawn_finder import write_finder
from tests.fakes import FakeEncoder, fake_spec
from vision.spec import Calibration

COLOURS = {
    "red": (214, 40, 40), "green": (46, 160, 67), "blue": (40, 80, 214), "yellow": (240, 205, 40),
    "black": (24, 24, 24),
}  # fmt: skip
KINDS = ("Bags", "Dresses", "Hats", "Shoes")
ARTICLES_OF_A_KIND = 8
TAKE_OVER = "document.title='taken'"
HOSTILE_TITLE = f'<img src=x onerror="{TAKE_OVER}"><script>{TAKE_OVER}</script>'
HOSTILE_SKU = 'od/d "sku" & ñ'

# Two cards of one colour have a cosine over .9 in the fake space, of two colours under .5, and a
# grey picture looks like none of them.
CALIBRATION = Calibration(slope=12.0, offset=-8.0, refuse_below=0.25)


@dataclass(frozen=True, slots=True)
class Search:
    """One search as the door received it, and what it answered."""

    asked: dict[str, str]
    content_type: str
    body: bytes
    answer: Any


@dataclass(frozen=True, slots=True)
class Boutique:
    """A shop being served: where, and the searches that came, oldest first."""

    url: str
    port: int
    searches: list[Search]


class Listening:
    """ASGI middleware that keeps every search and its answer."""

    def __init__(self, app: ASGIApp, searches: list[Search]) -> None:
        self._app, self._searches = app, searches

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or scope["path"] != "/v1/search":
            await self._app(scope, receive, send)
            return
        came, went = bytearray(), bytearray()

        async def receiving() -> Message:
            message = await receive()
            came.extend(message.get("body", b""))
            return message

        async def sending(message: Message) -> None:
            went.extend(message.get("body", b""))
            if message["type"] == "http.response.body" and not message.get("more_body"):
                asked = dict(parse_qsl(scope["query_string"].decode()))
                kind = dict(scope["headers"]).get(b"content-type", b"").decode()
                self._searches.append(Search(asked, kind, bytes(came), json.loads(went)))
            await send(message)

        await self._app(scope, receiving, sending)


def card(kind: int, article: int, colour: str, size: tuple[int, int] = (200, 250)) -> Image.Image:
    """The picture of one product; the same drawing at any size."""
    fill = COLOURS[colour]
    image = Image.new("RGB", size, fill)
    width, height = size
    x, y = width * (0.15 + 0.1 * article), height * (0.2 + 0.2 * kind)
    radius = width * 0.16
    dark = tuple(channel // 3 for channel in fill)
    ImageDraw.Draw(image).ellipse((x - radius, y - radius, x + radius, y + radius), fill=dark)
    return image


def jpeg(image: Image.Image, **options: object) -> bytes:
    """`image` as the bytes of a JPEG file."""
    out = io.BytesIO()
    image.save(out, "JPEG", quality=92, **options)
    return out.getvalue()


def colours_of(article: int) -> list[str]:
    """Three colours for every fourth article, one for the others: few groups, many hits."""
    names = list(COLOURS)
    return names[:3] if article % 4 == 0 else [names[article % len(names)]]


def fill(shop: Shop) -> None:
    """Stock the shop."""
    for k, kind in enumerate(KINDS):
        for article in range(ARTICLES_OF_A_KIND):
            for colour in colours_of(article):
                sku = f"{kind.lower()}-{article}-{colour}"
                fields = {
                    "title": f"{kind[:-1]} {article} in {colour}",
                    "description": f"A {colour} one.",
                    "price": 10.0 * article + 9.5 * (colour == "green") + 10,
                    "currency": "EUR",
                    "categories": [f"All/{kind}"],
                    "colour": colour,
                    "group": f"{kind}-{article}",
                    "stock": article,
                    "url": f"https://shop.test/{sku}",
                }
                stock_product(shop, sku, read_fields(fields), [jpeg(card(k, article, colour))])
    hostile = {
        "title": HOSTILE_TITLE,
        "description": HOSTILE_TITLE,
        "price": 1.0,
        "categories": ["All/<b>Bold</b>"],
        "colour": "<i>",
    }
    link = {"url": f"javascript:{TAKE_OVER}"}  # a catalogue's cell may hold it, a request may not
    said = read_fields(hostile).model_copy(update=link)
    stock_product(shop, HOSTILE_SKU, said, [jpeg(hostile_card())])


def hostile_card() -> Image.Image:
    """The picture of the product whose every text is an attack."""
    image = Image.new("RGB", (200, 250), (255, 0, 255))
    ImageDraw.Draw(image).rectangle((0, 0, 100, 250), fill=(0, 255, 255))
    return image


@contextmanager
def serving(folder: Path) -> Iterator[Boutique]:
    """The boutique in `folder`, served by the real door on a free port until the block ends."""
    spec = replace(
        fake_spec(title_weight=0.0), calibrations={"picture": CALIBRATION, "both": CALIBRATION}
    )
    settings = Settings(
        shop=folder, name="Boutique", currency="EUR", decoders=0, regions=folder.parent / "finder"
    )
    write_finder(settings.regions)
    shop = shop_of(settings, Shelf.open(folder, spec, create=True), FakeEncoder(spec))
    fill(shop)
    searches: list[Search] = []
    with served_app(Listening(create_app(shop), searches)) as port:
        yield Boutique(f"http://127.0.0.1:{port}", port, searches)
