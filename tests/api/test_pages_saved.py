"""Keeping what one found: hearts, the photo itself, and the page where it all is."""

from pathlib import Path
from typing import Any
from urllib.parse import unquote

import pytest

from tests.api.conftest import CARD, PHONE

pytestmark = pytest.mark.browser
SAVED = "#grid .card"


def open_saved(shopper: Any) -> None:
    shopper.page.goto(shopper.url + "/saved")
    shopper.page.wait_for_selector("html[data-ready]")


def press(shopper: Any, n: int) -> None:
    """The heart of the n-th card, until the door has answered."""
    with shopper.page.expect_response(lambda r: "/v1/saved/products/" in r.url):
        shopper.card(n).locator(".card-heart").click()


def test_a_heart_is_still_there_after_a_reload_and_on_the_page_of_the_saved(visit: Any) -> None:
    shopper = visit("/?text=dress")
    shopper.page.wait_for_selector(CARD)
    press(shopper, 0)
    press(shopper, 1)
    press(shopper, 1)  # on second thoughts
    kept = shopper.shown()[0]
    shopper.page.reload()
    shopper.page.wait_for_selector('.card-heart[aria-pressed="true"]')
    pressed = shopper.page.locator('.card-heart[aria-pressed="true"]')
    assert pressed.count() == 1
    open_saved(shopper)
    shopper.page.wait_for_selector(SAVED)
    assert shopper.page.locator(SAVED).count() == 1
    link = shopper.page.locator(f"{SAVED} a.card-title")
    assert kept in unquote(link.get_attribute("href") or "")


def test_two_hearts_pressed_at_once_are_kept_by_one_device(visit: Any) -> None:
    shopper, answers = visit("/?text=dress"), list[Any]()
    shopper.card(1).wait_for()
    shopper.page.on(
        "response", lambda r: answers.append(r) if "/v1/saved/products/" in r.url else None
    )
    shopper.page.evaluate(
        "document.querySelectorAll('.card-heart').forEach((heart, n) => n < 2 && heart.click())"
    )
    shopper.page.wait_for_function(
        "() => document.querySelectorAll('.card-heart[aria-pressed=true]').length === 2"
    )
    while len(answers) < 2:
        shopper.page.wait_for_timeout(20)
    open_saved(shopper)
    shopper.page.wait_for_selector(SAVED)
    assert shopper.page.locator(SAVED).count() == 2


def test_a_photo_is_kept_only_when_asked_and_gone_when_deleted(visit: Any, photo: Path) -> None:
    shopper = visit(**PHONE)
    shopper.show_photo(photo)
    open_saved(shopper)
    shopper.page.wait_for_selector("#notice .notice")
    assert shopper.page.locator(SAVED).count() == 0
    shopper.page.goto(shopper.url)
    shopper.page.wait_for_selector("html[data-ready]")
    shopper.show_photo(photo)
    with shopper.page.expect_response(lambda r: "/v1/saved/snaps" in r.url) as kept:
        shopper.page.locator("#keep").click()
    assert kept.value.status == 201
    open_saved(shopper)
    shopper.page.wait_for_selector(SAVED)
    width = "img => img.decode().then(() => img.naturalWidth)"
    assert shopper.page.locator("#grid img").evaluate(width) == 600
    shopper.page.locator(f"{SAVED} .card-heart").click()
    shopper.page.wait_for_selector("#notice .notice")
    shopper.page.reload()
    shopper.page.wait_for_selector("#notice .notice")
    assert shopper.page.locator(SAVED).count() == 0


def test_everything_is_deleted_only_after_a_question(visit: Any) -> None:
    shopper = visit("/?text=hat")
    shopper.page.wait_for_selector(CARD)
    press(shopper, 0)
    open_saved(shopper)
    shopper.page.wait_for_selector(SAVED)
    shopper.page.once("dialog", lambda dialog: dialog.dismiss())
    shopper.page.locator("#delete-all").click()
    assert shopper.page.locator(SAVED).count() == 1
    shopper.page.once("dialog", lambda dialog: dialog.accept())
    shopper.page.locator("#delete-all").click()
    shopper.page.wait_for_selector("#notice .notice")
    assert shopper.page.locator(SAVED).count() == 0


def test_the_page_of_the_saved_speaks_spanish(visit: Any) -> None:
    shopper = visit("/saved", locale="es-ES")
    shopper.page.wait_for_selector("#notice .notice")
    assert shopper.page.locator("h1").inner_text() == "Guardado"
    assert "corazón" in shopper.page.locator("#notice").inner_text()
