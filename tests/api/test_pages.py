"""The shopper's page in a real Chromium against the real door: finding, and the ways on."""

from pathlib import Path
from typing import Any

import pytest

pytestmark = pytest.mark.browser


def test_a_chosen_photo_finds_its_product(visit: Any, photo: Path) -> None:
    shopper = visit()
    shopper.show_photo(photo)
    assert shopper.shown()[0] == "dresses-4-green"
    first = shopper.card()
    assert "Dresse 4 in green" in first.inner_text()
    assert "€59.50" in first.inner_text()
    assert "Very close" in first.inner_text()
    (search,) = shopper.searches()
    assert search.body == photo.read_bytes()
    assert search.content_type == "image/jpeg"


def test_the_query_stays_in_sight_and_the_heading_has_the_focus(visit: Any, photo: Path) -> None:
    shopper = visit()
    shopper.show_photo(photo)
    assert shopper.page.locator("#crop > img").is_visible()
    assert shopper.page.evaluate("document.activeElement.id") == "results-heading"
    assert "24 results" in shopper.page.locator("#live").inner_text()


@pytest.mark.parametrize("how", ["paste", "drop"])
def test_a_picture_can_be_pasted_and_dropped(visit: Any, photo: Path, how: str) -> None:
    shopper = visit()
    give = """([how, bytes]) => {
      const transfer = new DataTransfer();
      transfer.items.add(new File([new Uint8Array(bytes)], "p.jpg", { type: "image/jpeg" }));
      const init = { bubbles: true, cancelable: true };
      if (how === "paste")
        document.dispatchEvent(new ClipboardEvent("paste", { ...init, clipboardData: transfer }));
      else for (const type of ["dragenter", "dragover", "drop"])
        document.body.dispatchEvent(new DragEvent(type, { ...init, dataTransfer: transfer }));
    }"""
    with shopper.next_search():
        shopper.page.evaluate(give, [how, list(photo.read_bytes())])
    shopper.card().wait_for()
    assert shopper.shown()[0] == "dresses-4-green"
    assert shopper.page.locator("#drop").is_hidden()


def test_a_photo_can_be_taken_with_the_camera(visit: Any) -> None:
    shopper = visit(permissions=["camera"])
    shopper.page.click("#start [data-take]")
    shopper.page.wait_for_selector("#camera-shoot:not([hidden])")
    with shopper.next_search():
        shopper.page.click("#camera-shoot")
    shopper.page.wait_for_selector("#crop > img")
    assert shopper.page.locator("#camera").is_hidden()


def test_without_https_the_camera_explains_itself(visit: Any, boutique: Any) -> None:
    # Another name than localhost makes plain http an insecure page, as on a shop's network.
    shopper = visit(origin=f"http://shop.test:{boutique.port}", expect_errors=True)
    shopper.page.click("#start [data-take]")
    assert "https" in shopper.page.locator("#camera-word").inner_text()
    with shopper.page.expect_file_chooser():
        shopper.page.click("#camera-choose")


def test_a_photo_lies_in_no_storage_of_the_browser(visit: Any, photo: Path) -> None:
    shopper = visit()
    shopper.show_photo(photo)
    kept = """async () => [localStorage.length, sessionStorage.length, document.cookie,
      (await indexedDB.databases()).length, (await caches.keys()).length,
      Object.keys(history.state).sort().join()]"""
    assert shopper.page.evaluate(kept) == [0, 0, "", 0, 0, "depth,id,load"]


def test_a_photo_that_this_browser_cannot_show_is_searched_all_the_same(
    visit: Any, tmp_path: Path
) -> None:
    from tests.boutique import card

    path = tmp_path / "scan.tiff"
    card(1, 4, "green", (600, 750)).save(path)
    shopper = visit()
    shopper.show_photo(path)
    assert shopper.shown()[0] == "dresses-4-green"
    assert shopper.page.locator("#stage-mute").is_visible()
    assert shopper.page.locator("#crop").is_hidden()
    (search,) = shopper.searches()
    assert search.body == path.read_bytes()


def test_a_large_photo_is_made_smaller_before_it_is_sent(visit: Any, tmp_path: Path) -> None:
    import numpy as np
    from PIL import Image

    noise = np.random.default_rng(7).integers(0, 256, (2200, 3000, 3), dtype=np.uint8)
    path = tmp_path / "large.png"
    Image.fromarray(noise).save(path, compress_level=1)
    assert path.stat().st_size > 4_000_000
    shopper = visit()
    shopper.show_photo(path)
    (search,) = shopper.searches()
    assert len(search.body) < 4_000_000
    assert search.answer["query"]["width_px"] == 2048


def test_more_like_this_and_back(visit: Any, photo: Path) -> None:
    shopper = visit()
    shopper.show_photo(photo)
    before = shopper.shown()
    like = shopper.card(2).locator(".card-like")
    with shopper.next_search():
        like.click()
    shopper.settled()
    assert shopper.searches()[1].asked["like"] == before[2]
    assert f"like={before[2]}" in shopper.page.url
    assert before[2] not in shopper.shown()
    shopper.page.wait_for_selector("#stage-like img")
    shopper.page.click("#back")
    shopper.page.wait_for_selector("#crop:not([hidden])")
    assert shopper.shown() == before
    assert len(shopper.searches()) == 2  # the answer was kept: going back asks nothing


def test_more_like_this_can_be_refined_by_words(visit: Any) -> None:
    shopper = visit("/?like=hats-4-red")
    shopper.card().wait_for()
    shopper.page.fill("#refine-text", "but in blue")
    with shopper.next_search():
        shopper.page.keyboard.press("Enter")
    shopper.settled()
    assert shopper.searches()[-1].answer["query"]["text"] == "but in blue"
    assert "hats-4-red" not in shopper.shown()


def test_a_shared_address_asks_the_same_again(visit: Any) -> None:
    shopper = visit("/?text=dress&colour=red&to=40")
    shopper.card().wait_for()
    (search,) = shopper.searches()
    assert search.asked == {"text": "dress", "filter": 'colour="red" price<=40', "top": "24"}


def test_a_reload_says_that_the_photo_is_gone(visit: Any, photo: Path) -> None:
    shopper = visit()
    shopper.show_photo(photo)
    shopper.page.reload()
    shopper.page.wait_for_selector("#told:not([hidden])")
    assert shopper.page.locator("#start").is_visible()


def test_the_product_is_looked_at_closely_and_the_focus_comes_back(visit: Any, photo: Path) -> None:
    shopper = visit()
    shopper.show_photo(photo)
    title = shopper.card().locator(".card-title")
    title.focus()
    shopper.page.keyboard.press("Enter")
    closer = shopper.page.locator("#closer")
    closer.locator("text=A green one.").wait_for()
    assert closer.locator("a.primary").get_attribute("href") == "https://shop.test/dresses-4-green"
    shopper.page.keyboard.press("Escape")
    closer.wait_for(state="hidden")
    assert title.evaluate("node => node === document.activeElement")


def test_nothing_like_this_is_said_and_the_nearest_still_shown(visit: Any, tmp_path: Path) -> None:
    from PIL import Image

    path = tmp_path / "horizon.png"
    horizon = Image.new("RGB", (300, 300), "white")
    horizon.paste("black", (0, 150, 300, 300))
    horizon.save(path)
    shopper = visit()
    shopper.show_photo(path)
    assert shopper.heading() == "Nothing like this here"
    assert shopper.page.locator(".nearest").inner_text() == "The nearest we have"
    assert len(shopper.shown()) == 24
