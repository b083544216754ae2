"""The mirror's page in a real Chromium: she sees herself, agrees, records, looks, and is gone."""

import json
import re
import time
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

pytest.importorskip("av", reason="the mirror's extra is not installed")
pytest.importorskip("websockets", reason="the mirror's extra is not installed")

from mirror.camera import Patience, VideoSource
from mirror.clock import SystemClock
from tests.drawn_camera import BITS, BLOCK_PX, Drawing, packets
from tests.drawn_network import Server, rtsp
from tests.little_mirror import LittleMirror, little_mirror
from tests.paper_desk import until

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

pytestmark = pytest.mark.browser
PAGES = Path(__file__).parents[2] / "api" / "pages" / "mirror"
SEEN = "#picture[data-shown]:not([hidden])"
# The counter that the drawn camera burnt into what is on the screen now.
READ = f"""() => {{
  const picture = document.getElementById('picture');
  const copy = new OffscreenCanvas({BITS * BLOCK_PX}, {2 * BLOCK_PX});
  const context = copy.getContext('2d', {{willReadFrequently: true}});
  context.drawImage(picture, 0, 0);
  let number = 0;
  for (let bit = 0; bit < {BITS}; bit++) {{
    const x = bit * {BLOCK_PX} + {BLOCK_PX // 2};
    const above = context.getImageData(x, {BLOCK_PX // 2}, 1, 1).data[1];
    const below = context.getImageData(x, {BLOCK_PX * 3 // 2}, 1, 1).data[1];
    if (above > below) number |= 1 << bit;
  }}
  return number;
}}"""


class Plugged:
    """A drawn network camera whose plug can be pulled."""

    def __init__(self, drawing: Drawing) -> None:
        self._stream = packets(300, drawing)
        self.server: Server = rtsp(self._stream)
        self.port = self.server.port

    def pull(self) -> None:
        self.server.kill()

    def put_back(self) -> None:
        self.server = rtsp(self._stream, port=self.port)


@pytest.fixture(scope="module")
def plugged() -> Iterator[Plugged]:
    camera = Plugged(Drawing(gop=15))
    yield camera
    camera.pull()


@pytest.fixture(scope="module")
def mirror(tmp_path_factory: pytest.TempPathFactory, plugged: Plugged) -> Iterator[LittleMirror]:
    address = f"rtsp://127.0.0.1:{plugged.port}/live"
    camera = VideoSource(address, SystemClock(), Patience(open_s=60, read_s=60))
    with little_mirror(tmp_path_factory.mktemp("mirror"), camera) as found:
        yield found


@pytest.fixture
def come(chromium: "Browser", mirror: LittleMirror) -> Iterator[Any]:
    """Call it for a page of the mirror; at the end none may have complained on its console."""
    contexts, complaints = [], []

    def open_page(path: str = mirror.page, **how: Any) -> "Page":
        context = chromium.new_context(**({"locale": "en-GB"} | how))
        context.set_default_timeout(60_000)
        contexts.append(context)
        page = context.new_page()
        page.on("pageerror", lambda error: complaints.append(str(error)))
        page.on("console", lambda m: complaints.append(m.text) if m.type == "error" else None)
        page.goto(path)
        page.wait_for_selector("html[data-ready]")
        return page

    yield open_page
    for context in contexts:
        context.close()
    assert complaints == []


def is_(page: "Page", light: str) -> None:
    page.wait_for_selector(f"#light[data-is={light}]")


def agree(page: "Page") -> None:
    page.click("#deed")
    page.fill("#consent-name", "Ana Núñez")
    page.check("#consent-keep")
    page.check("input[value=of_age]")
    page.click("#consent button[type=submit]")
    page.wait_for_selector("#consent", state="hidden")


def test_a_whole_visit_from_begin_to_done(come: Any, mirror: LittleMirror) -> None:
    page = come()
    page.wait_for_selector(SEEN)
    is_(page, "off")
    page.click("#deed")
    is_(page, "ready")
    page.wait_for_selector("#pin:not([hidden])")  # the light hears of her before this page does
    assert re.search(r"\d{6}", page.inner_text("#pin"))
    agree(page)
    (consent,) = mirror.studio.customers.consents_of_visit(mirror.attendant.visit_id)
    said = json.loads((PAGES / "strings.json").read_text("utf-8"))["en"]["consent.words"]
    assert (consent.words, consent.language, consent.name) == (said, "en", "Ana Núñez")
    page.click("#deed")
    page.wait_for_selector("#count:not([hidden])")
    is_(page, "recording")
    page.wait_for_timeout(700)
    page.click("#deed")
    page.wait_for_selector("#clip[open]")
    page.wait_for_function("() => document.getElementById('film').videoWidth > 0")
    assert page.evaluate("document.getElementById('film').duration") > 0.5
    page.click("#clip-keep")
    page.wait_for_selector("#clip-told:not([hidden])")
    customer = mirror.studio.customers.visit(mirror.attendant.visit_id).customer_id
    (clip,) = mirror.studio.clips.of_customer(customer)
    assert clip.kept
    page.click("#clip [data-close]")
    page.reload()  # the tab still knows her, and shows what she recorded
    page.wait_for_selector("#end:not([hidden])")
    page.click("#clips button")
    page.wait_for_selector("#clip[open]")
    page.click("#clip-destroy")
    page.wait_for_selector("#clips", state="hidden")
    assert mirror.studio.clips.of_customer(customer) == []
    page.click("#end")
    is_(page, "off")
    page.wait_for_function("() => sessionStorage.length === 0")


def test_a_minor_s_guardian_is_asked_for_and_a_mind_may_be_changed(
    come: Any, mirror: LittleMirror
) -> None:
    page = come(locale="es-ES")
    page.wait_for_selector(SEEN)
    page.click("#deed")
    is_(page, "ready")
    page.click("#deed")
    page.fill("#consent-name", "Berta")
    page.check("input[value=minor]")
    page.click("#consent button[type=submit]")
    assert page.is_visible("#consent")  # the browser itself asks for the guardian
    page.fill("#consent-guardian", "Ana Núñez")
    page.click("#consent button[type=submit]")
    page.wait_for_selector("#take-back:not([hidden])")
    (consent,) = mirror.studio.customers.consents_of_visit(mirror.attendant.visit_id)
    assert (consent.guardian, consent.language) == ("Ana Núñez", "es")
    page.click("#deed")
    page.click("#cancel")  # while it counts down
    page.click("#take-back")
    page.wait_for_selector("#take-back", state="hidden")
    (consent,) = mirror.studio.customers.consents_of_visit(mirror.attendant.visit_id)
    assert consent.revoked_at is not None
    page.click("#end")
    is_(page, "off")


def test_who_leaves_without_a_word_is_asked_and_then_her_visit_is_ended(
    come: Any, mirror: LittleMirror
) -> None:
    page = come(mirror.page.replace("mirror#", "mirror?idle_s=2#"))
    page.wait_for_selector("#deed:not([hidden])")
    page.click("#deed")
    page.wait_for_selector("#notice:has-text('Are you still there')")
    page.mouse.click(5, 5)
    page.wait_for_selector("#notice", state="hidden")
    assert page.is_visible("#end")
    page.wait_for_selector("#notice:has-text('Are you still there')")
    # Nobody waits thirty seconds in a test: her clock is moved on.
    page.evaluate("() => { const n = performance.now.bind(performance);"
                  " performance.now = () => n() + 40_000; }")  # fmt: skip
    page.wait_for_selector("#deed:has-text('Begin')")
    until(lambda: mirror.attendant.visit_id == "")


def test_another_tab_needs_the_pin_or_ends_the_visit(come: Any, mirror: LittleMirror) -> None:
    first, second = come(), come()
    first.wait_for_selector("#deed:not([hidden])")
    first.click("#deed")
    pin = re.search(r"\d{6}", first.inner_text("#pin:not([hidden])"))
    assert pin
    second.wait_for_selector("#again:not([hidden])")
    second.click("#again")
    second.fill("#pin-text", pin.group())
    second.click("#pin-form button[type=submit]")
    second.wait_for_selector("#end:not([hidden])")
    second.click("#end")
    is_(first, "off")
    first.wait_for_selector("#deed:text-is('Begin')")


def test_a_lost_camera_is_said_and_the_gap_when_it_is_back(
    come: Any, plugged: Plugged, mirror: LittleMirror
) -> None:
    page = come()
    page.wait_for_selector(SEEN)
    plugged.pull()
    is_(page, "lost")
    assert "Is it plugged in" in page.inner_text("#veil")
    plugged.put_back()
    is_(page, "off")
    page.wait_for_selector("#notice:not([hidden])")
    assert re.search(r"away for \d+\.\d s", page.inner_text("#notice"))
    before = int(page.get_attribute("#picture", "data-shown") or 0)
    page.wait_for_function(
        "before => Number(document.getElementById('picture').dataset.shown) > before", arg=before
    )


def test_what_is_on_the_screen_is_what_the_camera_sees_now(come: Any, mirror: LittleMirror) -> None:
    page = come()
    page.wait_for_selector(SEEN)
    seen = []
    for _ in range(6):
        drawn = page.get_attribute("#picture", "data-shown")
        page.wait_for_function(
            "n => document.getElementById('picture').dataset.shown !== n", arg=drawn
        )
        seen.append((time.monotonic(), page.evaluate(READ)))
        page.wait_for_timeout(200)
    for (before_s, before), (after_s, after) in pairwise(seen):
        if after_s - before_s < 5:  # the film is ten seconds long
            assert 0 < (after - before) % 300 < 30 * (after_s - before_s) + 60, seen


def test_without_its_pass_the_page_shows_no_picture_and_says_why(
    come: Any, mirror: LittleMirror
) -> None:
    page = come(mirror.url + "mirror")
    assert "the page’s pass" in page.inner_text("#veil")
    wrong = come(mirror.url + "mirror#guessed")
    wrong.wait_for_function(
        "() => document.getElementById('veil').textContent.includes('does not open')"
    )
    for shut in (page, wrong):
        assert not shut.is_visible("#picture")
        assert not shut.is_visible("#deed")


def test_the_status_page_tells_the_facts_in_both_languages(come: Any, mirror: LittleMirror) -> None:
    until(lambda: mirror.attendant.state().frames_per_s > 10)
    page = come(mirror.url)
    page.wait_for_function("() => document.getElementById('heading').textContent === 'All is well'")
    assert "rtsp://127.0.0.1" in page.inner_text("#facts")
    page.click("#language")
    assert page.inner_text("#heading") == "Todo va bien"


def test_every_sentence_of_the_mirror_s_pages_is_there_in_both_languages_and_said() -> None:
    sentences = json.loads((PAGES / "strings.json").read_text("utf-8"))
    english, spanish = sentences["en"], sentences["es"]
    assert english.keys() == spanish.keys()
    for key in english:
        places = [sorted(re.findall(r"\{(\w+)\}", said[key])) for said in (english, spanish)]
        assert places[0] == places[1], key
        assert spanish[key].strip()
    files = [*PAGES.glob("*.js"), *PAGES.glob("*.html")]
    source = "\n".join(path.read_text("utf-8") for path in files)
    wanted = set(re.findall(r'data-say[\w-]*="([\w.-]+)"', source))
    groups = "veil|lead|gap|visit|pin|record|consent|clip|clips|company|feed|idle"
    wanted |= set(re.findall(rf'"((?:{groups})\.[\w.-]+)"', source))
    assert wanted <= english.keys()
    built = ("light.", "error.", "status.", "page.title")
    assert {key for key in english.keys() - wanted if not key.startswith(built)} == set()


def test_no_script_of_the_mirror_writes_markup() -> None:
    for path in PAGES.glob("*.js"):
        source = path.read_text("utf-8")
        assert not re.search(
            r"innerHTML|outerHTML|insertAdjacentHTML|document\.write|eval\(", source
        )
    for path in PAGES.glob("*.html"):
        page = path.read_text("utf-8")
        assert not re.search(r"<style|style=|\son\w+=|<script(?![^>]*src=)", page)
