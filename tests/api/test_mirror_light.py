"""The light of the mirror's page says what is true, whatever the attendant says of itself."""

from collections.abc import Iterator
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

pytest.importorskip("av", reason="the mirror's extra is not installed")
pytest.importorskip("websockets", reason="the mirror's extra is not installed")

from api.mirror_door import mirror_door, serving
from api.mirror_relay import Relay
from mirror.desk import MirrorState
from mirror.live import Live
from tests.little_mirror import PAGE_PASS, listener

if TYPE_CHECKING:
    from playwright.sync_api import Browser

pytestmark = pytest.mark.browser
WELL = MirrorState(camera="drawn", camera_ok=True, server_ok=True, frames_per_s=30.0)


class Said:
    """An attendant that says of itself what a test wants."""

    def __init__(self) -> None:
        self.live, self.visit_id, self.word = Live(), "", WELL

    def state(self) -> MirrorState:
        return self.word


@pytest.fixture
def said() -> Said:
    return Said()


@pytest.fixture
def url(said: Said) -> Iterator[str]:
    door = mirror_door(said, Relay("http://127.0.0.1:1", "room-3", "unused"), PAGE_PASS)
    with serving(door, listener()) as address:
        yield address


def test_the_light_follows_every_state_in_words(chromium: "Browser", said: Said, url: str) -> None:
    context = chromium.new_context(locale="en-GB")
    context.set_default_timeout(60_000)
    page, status = context.new_page(), context.new_page()
    page.goto(f"{url}mirror#{PAGE_PASS}")
    status.goto(url)
    for word, light, text in (
        (replace(WELL, indicator="off"), "off", "Not recording"),
        (replace(WELL, indicator="ready"), "ready", "Ready, not recording"),
        (replace(WELL, indicator="recording"), "recording", "Recording"),
        (replace(WELL, indicator="paused", held="second_person"), "paused", "Paused"),
        (replace(WELL, indicator="paused", held="unwatched"), "paused", "Paused"),
        (replace(WELL, indicator="ready", camera_ok=False), "lost", "Camera lost"),
        # It records on across a gap: nothing may say that it does not.
        (replace(WELL, indicator="recording", camera_ok=False), "recording", "Recording"),
    ):
        said.word = word
        for shown in (page, status):
            shown.wait_for_selector(f"#light[data-is={light}]")
            assert shown.inner_text("#light") == text
        if word.held:
            why = "cannot tell" if word.held == "unwatched" else "Somebody else came"
            page.wait_for_selector(f"#lead:has-text('{why}')")
    context.close()


def test_where_nothing_is_heard_the_light_says_so(chromium: "Browser", said: Said) -> None:
    context = chromium.new_context(locale="es-ES")
    context.set_default_timeout(60_000)
    page = context.new_page()
    door = mirror_door(said, Relay("http://127.0.0.1:1", "room-3", "unused"), PAGE_PASS)
    with serving(door, listener()) as url:
        page.goto(f"{url}mirror#{PAGE_PASS}")
        page.wait_for_selector("#light[data-is=off]")
    page.wait_for_selector("#light[data-is=away]")
    assert page.inner_text("#light") == "Sin contacto"
    assert not page.is_visible("#deed")
    context.close()


def test_a_server_that_is_away_is_told_where_she_begins(
    chromium: "Browser", said: Said, url: str
) -> None:
    context = chromium.new_context(locale="en-GB")
    context.set_default_timeout(60_000)
    page = context.new_page()
    page.goto(f"{url}mirror#{PAGE_PASS}")
    page.wait_for_selector("#deed:not([hidden])")
    page.click("#deed")
    page.wait_for_selector("#notice:has-text('server does not answer')")
    context.close()
