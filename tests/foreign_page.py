"""Another shop's page with the web component on it, on an origin of its own, in a real Chromium."""

from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from starlette.responses import HTMLResponse

from api.app import create_app
from api.roles import Role
from api.settings import Settings
from api.shop import shop_of
from index.shelf import Shelf
from tests.boutique import CALIBRATION, fill
from tests.door_server import served_app
from tests.drawn_finder import write_finder
from tests.fakes import FakeEncoder, fake_spec

PAGE = """<!doctype html><html lang="{lang}"><head><title>A shop</title>
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; script-src {service};
 connect-src {service}; img-src {service} blob:; style-src 'unsafe-inline'">
<style>vistazo-search {{ --vistazo-accent: rgb(1, 2, 3); }} img {{ display: none; }}</style>
<script src="{service}/v1/widget.js" async></script></head>
<body><h1>Our shop</h1><vistazo-search key="{key}" product-url="/p/{{sku}}"></vistazo-search>
</body></html>"""
CARD = "vistazo-search li[data-sku]"
PATIENT = """const timeout = AbortSignal.timeout.bind(AbortSignal);
AbortSignal.timeout = () => timeout(60_000);"""
"""The widget gives up on a slow finder, and a busy machine is one: no test fails for that alone."""
COAT, BAG = "Search for this: jacket or coat", "Search for this: bag"
LISTEN = """search => { window.told = [];
  for (const name of ['search', 'results', 'open', 'error'])
    document.addEventListener('vistazo-' + name, e => window.told.push([name, e.detail])); }"""


@dataclass
class Street:
    """Our service, and another shop's page on an origin of its own."""

    service: str
    page: str


@contextmanager
def opened_street(folder: Path, demand_keys: bool) -> Iterator[Street]:
    """Service and shop, until the block ends."""
    spec = replace(fake_spec(title_weight=0.0), calibrations={"picture": CALIBRATION})
    write_finder(folder / "finder")
    settings = Settings(
        shop=folder / "shop", decoders=0, demand_keys=demand_keys, regions=folder / "finder"
    )
    shop = shop_of(settings, Shelf.open(settings.shop, spec, create=True), FakeEncoder(spec))
    fill(shop)
    key = "not made yet"

    async def page(scope: Any, receive: Any, send: Any) -> None:
        lang = "es" if scope["path"] == "/es" else "en"
        text = PAGE.format(service=service, key=key, lang=lang)
        await HTMLResponse(text)(scope, receive, send)

    with (
        closing(shop),
        served_app(create_app(shop), lifespan="off") as ours,
        served_app(page, lifespan="off") as theirs,
    ):
        service, origin = f"http://127.0.0.1:{ours}", f"http://shop.test:{theirs}"
        key = shop.office.keys.create(Role.SHOPPER, "web", origins=[origin])[1]
        yield Street(service, origin)


@contextmanager
def opened_page(chromium: Any, street: Street) -> Iterator[Any]:
    """A visit to the shop's page; a fault of its script fails the test."""
    context = chromium.new_context(viewport={"width": 900, "height": 900})
    context.set_default_timeout(60_000)
    context.add_init_script(PATIENT)
    opened = context.new_page()
    faults: list[str] = []
    opened.on("pageerror", lambda error: faults.append(str(error)))
    opened.goto(street.page)
    opened.wait_for_selector("vistazo-search .choose")
    opened.evaluate(LISTEN)
    yield opened
    context.close()
    assert faults == []


def shown(page: Any) -> list[str]:
    """The SKUs of the cards, once there are some."""
    page.wait_for_selector(CARD)
    skus: list[str] = page.locator(CARD).evaluate_all("all => all.map(c => c.dataset.sku)")
    return skus


def told(page: Any) -> list[Any]:
    """What the component told the page: names and details, oldest first."""
    heard: list[Any] = page.evaluate("() => window.told")
    return heard


def show_photo(page: Any, photo: Path) -> list[str]:
    """Chooses a photo; the SKUs that were found."""
    page.locator("vistazo-search input[type=file]").first.set_input_files(photo)
    return shown(page)
