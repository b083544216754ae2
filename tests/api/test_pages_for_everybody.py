"""Hostile texts, other languages, the keyboard alone, lost connections: for everybody."""

from pathlib import Path
from typing import Any

import pytest

pytestmark = pytest.mark.browser


def test_a_hostile_product_is_shown_as_text(visit: Any, tmp_path: Path) -> None:
    from tests.boutique import HOSTILE_SKU, HOSTILE_TITLE, hostile_card, jpeg

    path = tmp_path / "hostile.jpg"
    path.write_bytes(jpeg(hostile_card()))
    shopper = visit()
    shopper.show_photo(path)
    first = shopper.card()
    assert first.get_attribute("data-sku") == HOSTILE_SKU
    assert first.locator(".card-title").text_content() == HOSTILE_TITLE
    first.locator(".card-title").click()
    shopper.page.locator("#closer dl").wait_for()
    assert shopper.page.locator("#closer a").count() == 0
    with shopper.next_search():
        shopper.page.click("#closer .button")
    shopper.settled()
    assert shopper.page.locator("#stage-like figcaption").text_content() == HOSTILE_TITLE
    assert shopper.page.evaluate("document.title") != "taken"
    assert shopper.page.query_selector("main img[src$='/x'], main script") is None


def test_spanish_by_the_browsers_language_and_english_by_hand(visit: Any, photo: Path) -> None:
    shopper = visit(locale="es-MX")
    assert shopper.page.locator("#start-heading").inner_text() == "¿Has visto algo que te gusta?"
    assert shopper.page.evaluate("document.documentElement.lang") == "es"
    shopper.show_photo(photo)
    first = shopper.card()
    assert "Muy parecido" in first.inner_text()
    assert "59,50\xa0€" in first.inner_text()
    assert shopper.page.locator('#filters [data-key="colour green"]').inner_text() == "verde"
    shopper.page.click("#language")
    assert shopper.heading() == "Closest to your photo"
    assert "Very close" in first.inner_text()


def test_the_whole_way_works_by_keyboard_alone(visit: Any) -> None:
    shopper = visit()
    keyboard = shopper.page.keyboard
    keyboard.press("Tab")
    assert "Skip" in shopper.page.evaluate("document.activeElement.textContent")
    for _ in range(20):
        keyboard.press("Tab")
        if shopper.page.evaluate("document.activeElement.id") == "words-text":
            break
    keyboard.type("dress")
    with shopper.next_search():
        keyboard.press("Enter")
    shopper.card().wait_for()
    for _ in range(60):
        keyboard.press("Tab")
        if shopper.page.evaluate("document.activeElement.className") == "card-like":
            break
    ringed = "getComputedStyle(document.activeElement).outlineStyle"
    assert shopper.page.evaluate(ringed) == "solid"
    with shopper.next_search():
        keyboard.press("Enter")
    assert "like=" in shopper.page.url
    shopper.settled()
    shopper.page.go_back()
    assert shopper.page.url.endswith("/?text=dress")


def test_every_control_has_a_name_and_every_picture_an_alternative(visit: Any, photo: Path) -> None:
    shopper = visit()
    shopper.show_photo(photo)
    nameless = """() => [...document.querySelectorAll('button, a, input:not([type=file])')]
      .filter((n) => !(n.getAttribute('aria-label') || n.textContent.trim() || n.labels?.length))
      .map((n) => n.outerHTML)"""
    assert shopper.page.evaluate(nameless) == []
    assert (
        shopper.page.evaluate("[...document.images].filter(i => !i.hasAttribute('alt')).length")
        == 0
    )


def test_the_phone_keeps_its_filters_in_a_sheet(visit: Any, photo: Path) -> None:
    from tests.api.conftest import PHONE

    shopper = visit(**PHONE)
    shopper.show_photo(photo)
    assert shopper.page.locator("#filters").is_hidden()
    shopper.page.click("#open-filters")
    with shopper.next_search():
        shopper.page.click('#filters [data-key="colour red"]')
    shopper.page.click(".sheet-foot [data-close]")
    assert shopper.page.locator("#chips button.chip").first.is_visible()
    assert shopper.page.evaluate("document.documentElement.scrollWidth <= innerWidth")


def test_a_file_that_is_no_picture_is_explained(visit: Any, tmp_path: Path) -> None:
    path = tmp_path / "letter.jpg"
    path.write_text("Dear shop")
    shopper = visit(expect_errors=True)
    with shopper.next_search():
        shopper.page.set_input_files("#library", path)
    shopper.settled()
    assert "not a picture we can read" in shopper.page.locator("#notice").inner_text()
    with shopper.page.expect_file_chooser():
        shopper.page.click("#notice .button:last-child")


def test_a_lost_connection_is_told_and_can_be_tried_again(visit: Any, photo: Path) -> None:
    shopper = visit(expect_errors=True)
    shopper.page.route("**/v1/search?*", lambda route: route.abort())
    shopper.page.set_input_files("#library", photo)
    shopper.page.wait_for_selector("#notice .primary")
    assert "cannot be reached" in shopper.page.locator("#notice").inner_text()
    shopper.page.unroute("**/v1/search?*")
    with shopper.next_search():
        shopper.page.click("#notice .primary")
    shopper.card().wait_for()


def test_a_dropped_link_is_explained(visit: Any) -> None:
    shopper = visit()
    give = """() => {
      const transfer = new DataTransfer();
      transfer.setData("text/uri-list", "https://example.com/dress.jpg");
      const init = { bubbles: true, cancelable: true, dataTransfer: transfer };
      for (const type of ["dragenter", "dragover", "drop"])
        document.body.dispatchEvent(new DragEvent(type, init));
    }"""
    shopper.page.evaluate(give)
    shopper.page.wait_for_selector("#notice .button")
    assert "a link, not a picture" in shopper.page.locator("#notice").inner_text()


def test_a_later_question_overtakes_an_earlier_one(visit: Any, photo: Path) -> None:
    shopper = visit()
    shopper.show_photo(photo)
    held: list[Any] = []

    def hold_the_first(route: Any) -> None:
        if "blue" in route.request.url:
            route.continue_()
        else:
            held.append(route)

    shopper.page.route("**/v1/search?*", hold_the_first)
    shopper.page.click('#filters [data-key="colour red"]')
    shopper.until(lambda: held)
    with shopper.next_search():
        shopper.page.click('#filters [data-key="colour blue"]')
    shopper.settled()
    both = shopper.shown()
    assert len(held) == 1
    held[0].abort()
    assert {sku.rsplit("-", 1)[1] for sku in both} == {"red", "blue"}
    assert shopper.shown() == both
    assert shopper.heading() != "That did not work"
