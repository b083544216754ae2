"""Chromium, and a served boutique, for the tests that look at the page.

Nothing here is imported from the browser's library or the door before a test asks for it, so the
door's other tests run where neither is installed.
"""

import shutil
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

# fixtures of the door's own tests
from tests.command_line import call, red, workplace  # noqa: F401
from tests.little_shop import catalogue, client, open_shop, settings, shop  # noqa: F401

if TYPE_CHECKING:
    from playwright.sync_api import Browser, BrowserContext, Page

    from tests.boutique import Boutique, Search

FLAGS = [
    "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-sync",
    "--disable-background-networking", "--disable-component-update",
    "--use-fake-device-for-media-stream", "--use-fake-ui-for-media-stream",
    "--host-resolver-rules=MAP shop.test 127.0.0.1",
]  # fmt: skip
PHONE = {"viewport": {"width": 390, "height": 844}, "is_mobile": True, "has_touch": True}
CARD = "#grid .card:not(.bone)"
PATIENT = """const timeout = AbortSignal.timeout.bind(AbortSignal);
AbortSignal.timeout = () => timeout(60_000);"""
"""The page gives up on a slow service, and a busy machine is one: no test fails for that alone."""
DESK = {"viewport": {"width": 1440, "height": 900}}


def chromium_path(bundled: str) -> str | None:
    """Debian's Chromium, else the one that playwright itself installed; None without either."""
    for path in ("/usr/bin/chromium", shutil.which("chromium-browser"), bundled):
        if path and Path(path).exists():
            return path
    return None


@pytest.fixture(scope="session")
def boutique(tmp_path_factory: pytest.TempPathFactory) -> "Iterator[Boutique]":
    """A tiny shop behind the real door, shared by all tests of the page: none changes it."""
    from tests.boutique import serving

    with serving(tmp_path_factory.mktemp("boutique") / "shop") as served:
        yield served


@pytest.fixture(scope="module")
def chromium() -> "Iterator[Browser]":
    """A real Chromium; the test is skipped where there is none.

    One for each file of tests: while playwright lives, its event loop runs in this thread and
    `asyncio.run` in any other test would fail.
    """
    playwright = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
    with playwright.sync_playwright() as started:
        path = chromium_path(started.chromium.executable_path)
        if path is None:
            pytest.skip(
                "no Chromium: install Debian's chromium or run `playwright install chromium`"
            )
        browser = started.chromium.launch(executable_path=path, args=FLAGS, timeout=180_000)
        yield browser
        browser.close()


@dataclass
class Shopper:
    """Somebody at the page: her browser, and everything the page did while she was there."""

    page: "Page"
    context: "BrowserContext"
    url: str
    heard: "list[Search]"
    came_at: int
    complaints: list[str] = field(default_factory=list)
    requests: list[Any] = field(default_factory=list)

    def searches(self) -> "list[Search]":
        """What the door was asked since she came, oldest first, without the shop window's tiles."""
        return [s for s in self.heard[self.came_at :] if s.asked.get("top") != "1"]

    def show_photo(self, path: Path) -> None:
        """Choose a photo from the library and wait for what is found."""
        with self.next_search():
            self.page.set_input_files("#library", path)
        self.page.wait_for_selector(CARD)

    def next_search(self) -> Any:
        """Waits for the whole answer to the search that the block starts."""
        return self.page.expect_event(
            "requestfinished", lambda r: "/v1/search" in r.url and not r.url.endswith("top=1")
        )

    def until(self, holds: Callable[[], Any]) -> None:
        """Wait until it is so; the browser's events are heard meanwhile."""
        ends = time.monotonic() + 60
        while not holds():
            assert time.monotonic() < ends, "it never came to be"
            self.page.wait_for_timeout(20)

    def settled(self) -> None:
        """Wait until no search is on its way."""
        self.page.wait_for_selector("#results:not([aria-busy])")

    def shown(self) -> list[str]:
        """The SKUs in the grid."""
        skus: list[str] = self.page.eval_on_selector_all(CARD, "all => all.map(c => c.dataset.sku)")
        return skus

    def card(self, n: int = 0) -> Any:
        """The n-th card of the grid."""
        return self.page.locator(CARD).nth(n)

    def heading(self) -> str:
        """What stands over the results."""
        return str(self.page.locator("#results-heading").inner_text())


@pytest.fixture
def photo(tmp_path: Path) -> Path:
    """A shopper's photo of a product of the boutique: Dresses 4 in green."""
    from tests.boutique import card, jpeg

    path = tmp_path / "photo.jpg"
    path.write_bytes(jpeg(card(1, 4, "green", (600, 750))))
    return path


@pytest.fixture
def visit(chromium: "Browser", boutique: "Boutique") -> Iterator[Any]:
    """Call it for a Shopper; at the end no page may have complained or left its origin."""
    came: list[Shopper] = []

    def come(
        path: str = "/", *, origin: str = "", expect_errors: bool = False, patient: bool = True,
        **how: Any,
    ) -> Shopper:  # fmt: skip
        context = chromium.new_context(**({"locale": "en-GB"} | DESK | how))
        context.set_default_timeout(60_000)
        if patient:
            context.add_init_script(PATIENT)
        page = context.new_page()
        heard = boutique.searches
        shopper = Shopper(page, context, origin or boutique.url, heard, len(heard))
        page.on("request", lambda request: shopper.requests.append(request))
        page.on("pageerror", lambda error: shopper.complaints.append(str(error)))
        if not expect_errors:  # a refused request is told on the console by the browser itself
            page.on("console", lambda m: _complain(shopper, m))
        page.goto(shopper.url + path)
        page.wait_for_selector("html[data-ready]")
        came.append(shopper)
        return shopper

    yield come
    for shopper in came:
        foreign = [r.url for r in shopper.requests if not r.url.startswith(("blob:", shopper.url))]
        shopper.context.close()
        assert shopper.complaints == []
        assert foreign == []


def _complain(shopper: Shopper, message: Any) -> None:
    if message.type in ("error", "warning"):
        shopper.complaints.append(message.text)


@pytest.fixture(scope="module", params=[False, True], ids=["open", "keys demanded"])
def street(request: Any, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    """A service that is open, and one that demands keys, with another shop's page on each."""
    from tests.foreign_page import opened_street

    with opened_street(tmp_path_factory.mktemp("street"), request.param) as street:
        yield street


@pytest.fixture
def page(chromium: Any, street: Any) -> Iterator[Any]:
    """That shop's page, with the web component on it."""
    from tests.foreign_page import opened_page

    with opened_page(chromium, street) as page:
        yield page
