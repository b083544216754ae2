"""Search on another shop's page: the web component in a real Chromium, from a foreign origin."""

from pathlib import Path
from typing import Any

import pytest

from tests.boutique import HOSTILE_SKU
from tests.foreign_page import (
    CARD,
    LISTEN,
    Street,
    show_photo,
    shown,
    told,
)
from tests.keeper import until

pytestmark = pytest.mark.browser


def test_a_photo_on_another_shops_page_finds_its_product(page: Any, photo: Path) -> None:
    assert show_photo(page, photo)[0] == "dresses-4-green"
    assert [name for name, _ in told(page)] == ["search", "results"]
    image = page.locator(f"{CARD} img").first
    until(lambda: image.evaluate("img => img.naturalWidth") > 100)
    assert image.is_visible()  # the page's own styles stay outside
    shape = image.evaluate("img => img.clientHeight / img.clientWidth")
    assert abs(shape - 5 / 4) < 0.05


def test_words_refine_and_a_product_leads_to_more_like_it(page: Any, photo: Path) -> None:
    show_photo(page, photo)
    page.locator("vistazo-search input[type=search]").fill("blue")
    with page.expect_response(lambda r: "/v1/search" in r.url and "text=blue" in r.url):
        page.locator("vistazo-search .go").click()
    first = shown(page)[0]
    with page.expect_response(lambda r: "/v1/search" in r.url and "like=" in r.url):
        page.locator(f"{CARD} .more").first.click()
    page.wait_for_selector(CARD)
    assert first not in shown(page)


def test_a_frame_searches_a_part_of_the_photo(page: Any, photo: Path) -> None:
    show_photo(page, photo)
    drawn = "img => img.complete && img.naturalWidth > 0"  # before that it has no height
    until(lambda: page.locator("vistazo-search .stage img").evaluate(drawn))
    box = page.locator("vistazo-search .stage").bounding_box()
    page.mouse.move(box["x"] + 10, box["y"] + 10)
    page.mouse.down()
    page.mouse.move(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2, steps=4)
    with page.expect_response(lambda r: "/v1/search" in r.url and "box=" in r.url) as asked:
        page.mouse.up()
    assert asked.value.status == 200
    asked_box = told(page)[-1][1].get("box") or told(page)[-2][1]["box"]
    assert asked_box[2] > 200
    page.locator("vistazo-search .whole").click()
    shown(page)


def test_a_photo_that_the_browser_cannot_show_is_not_framed(page: Any, tmp_path: Path) -> None:
    unreadable = tmp_path / "photo.heic"
    unreadable.write_bytes(b"no browser shows this")
    page.locator("vistazo-search input[type=file]").first.set_input_files(unreadable)
    page.wait_for_function("() => window.told.some(([name]) => name === 'error')")
    page.evaluate("window.told.length = 0")
    page.locator("vistazo-search .stage").evaluate(
        """stage => ['pointerdown', 'pointermove', 'pointerup'].forEach((kind, i) =>
             stage.dispatchEvent(new PointerEvent(kind, {clientX: 90 * i, clientY: 90 * i})))"""
    )
    assert told(page) == []


def test_the_page_hears_what_is_opened_and_may_keep_it_for_itself(page: Any, photo: Path) -> None:
    show_photo(page, photo)
    page.evaluate("addEventListener('vistazo-open', e => e.preventDefault(), { once: true })")
    page.locator(f"{CARD} a").first.click()
    name, detail = told(page)[-1]
    assert (name, detail["product"]["sku"]) == ("open", "dresses-4-green")
    assert page.url.endswith("/")
    page.locator(f"{CARD} a").first.click()
    page.wait_for_url("**/p/dresses-4-green")


COUNTING = """() => {
  const held = (window.held = { urls: new Set(), made: 0, bitmaps: 0 });
  const { createObjectURL, revokeObjectURL } = URL;
  URL.createObjectURL = (blob) => {
    const url = createObjectURL.call(URL, blob);
    held.made += 1;
    held.urls.add(url);
    return url;
  };
  URL.revokeObjectURL = (url) => { held.urls.delete(url); revokeObjectURL.call(URL, url); };
  const make = createImageBitmap;
  window.createImageBitmap = async (...all) => { held.bitmaps += 1; return make(...all); };
  const { close } = ImageBitmap.prototype;
  ImageBitmap.prototype.close = function () { held.bitmaps -= 1; close.call(this); };
}"""


def test_photos_are_let_go_of(page: Any, photo: Path, tmp_path: Path) -> None:
    import numpy as np
    from PIL import Image

    page.evaluate(COUNTING)
    show_photo(page, photo)
    noise = np.random.default_rng(7).integers(0, 256, (1400, 1400, 3), dtype=np.uint8)
    Image.fromarray(noise).save(tmp_path / "large.png", compress_level=1)
    assert (tmp_path / "large.png").stat().st_size > 4_000_000
    with page.expect_response(lambda r: "/v1/search" in r.url):
        page.locator("vistazo-search input[type=file]").first.set_input_files(
            tmp_path / "large.png"
        )
    shown(page)
    only_the_photo = "() => window.held.urls.size === 1 && window.held.bitmaps === 0"
    until(lambda: page.evaluate(only_the_photo))  # pictures that come late are freed, too
    page.evaluate("document.body.append(document.querySelector('vistazo-search'))")  # it is moved
    page.evaluate("() => new Promise((done) => setTimeout(done))")
    until(lambda: page.evaluate(only_the_photo))  # one that was let go of would not come back
    assert page.locator("vistazo-search .stage img").count() == 1
    page.evaluate("document.querySelector('vistazo-search').remove()")
    nothing = "() => window.held.urls.size === 0 && window.held.bitmaps === 0"
    until(lambda: page.evaluate(nothing))


def test_a_picture_that_comes_when_its_card_is_gone_is_let_go_of(page: Any, photo: Path) -> None:
    late: list[Any] = []

    def hold(route: Any) -> None:  # what an <img> asks fails, what is fetched instead comes late
        late.append(route) if route.request.resource_type == "fetch" else route.abort()

    page.route("**/pictures/**", hold)
    show_photo(page, photo)
    until(lambda: [page.wait_for_timeout(50), len(late)][1] >= 4)
    page.evaluate(COUNTING)
    page.evaluate("document.querySelector('vistazo-search').remove()")
    for route in late[:4]:
        route.continue_()
    until(lambda: page.evaluate("window.held.made >= 4"))
    until(lambda: page.evaluate("window.held.urls.size === 0"))


def test_what_strangers_wrote_stays_text(page: Any, street: Street) -> None:
    from tests.boutique import hostile_card, jpeg

    page.locator("vistazo-search input[type=file]").first.set_input_files(
        {"name": "a.jpg", "mimeType": "image/jpeg", "buffer": jpeg(hostile_card())}
    )
    assert HOSTILE_SKU in shown(page)
    assert page.title() == "A shop"
    assert page.locator("vistazo-search script, vistazo-search b").count() == 0


def test_what_fails_is_said_and_told(page: Any) -> None:
    page.locator("vistazo-search input[type=file]").first.set_input_files(
        {"name": "a.jpg", "mimeType": "image/jpeg", "buffer": b"no picture at all"}
    )
    page.wait_for_function("() => window.told.some(([name]) => name === 'error')")
    assert told(page)[-1][1]["code"] == "not-a-picture"
    assert "picture" in page.locator("vistazo-search [role=status]").inner_text()


def test_the_page_may_theme_it_and_it_speaks_the_pages_language(page: Any, street: Street) -> None:
    button = page.locator("vistazo-search .choose")
    assert button.evaluate("b => getComputedStyle(b).backgroundColor") == "rgb(1, 2, 3)"
    page.goto(street.page + "/es")
    page.wait_for_selector("vistazo-search .choose")
    assert page.locator("vistazo-search .choose").inner_text() == "Buscar con una foto"


def test_a_page_that_has_no_key_of_its_own_gets_no_answer(chromium: Any, street: Street) -> None:
    context = chromium.new_context()
    context.set_default_timeout(60_000)
    stranger = context.new_page()
    stranger.goto(street.page.replace("shop.test", "127.0.0.1"))
    stranger.wait_for_selector("vistazo-search .choose")
    stranger.evaluate(LISTEN)
    stranger.locator("vistazo-search input[type=file]").first.set_input_files(
        {"name": "a.jpg", "mimeType": "image/jpeg", "buffer": b"x"}
    )
    stranger.wait_for_function("() => window.told.some(([name]) => name === 'error')")
    assert told(stranger)[-1][1]["code"] == "offline"
    context.close()
