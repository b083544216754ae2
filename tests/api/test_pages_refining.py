"""Words, filters and swatches narrow an answer, and can be taken away again."""

from pathlib import Path
from typing import Any

import pytest

pytestmark = pytest.mark.browser


def test_words_refine_a_photo_and_can_be_taken_away(visit: Any, photo: Path) -> None:
    shopper = visit()
    shopper.show_photo(photo)
    shopper.page.fill("#refine-text", "but in blue")
    with shopper.next_search():
        shopper.page.keyboard.press("Enter")
    shopper.settled()
    assert shopper.searches()[-1].answer["query"]["kind"] == "both"
    assert shopper.searches()[1].asked["text"] == "but in blue"
    assert shopper.page.evaluate("document.activeElement.id") == "refine-text"
    with shopper.next_search():
        shopper.page.click("#clear-words")
    assert "text" not in shopper.searches()[2].asked


def test_words_that_are_being_typed_outlast_what_the_shop_tells_late(visit: Any) -> None:
    shopper, late = visit(), list[Any]()
    shopper.page.route(
        "**/v1/shop", lambda route: late.append(route)
    )  # playwright marks what it calls
    shopper.page.goto(shopper.url + "/?like=hats-4-red")
    shopper.card().wait_for()
    shopper.page.fill("#refine-text", "but in blue")
    late[0].continue_()
    shopper.page.wait_for_selector("#lead:has-text('Boutique')", state="attached")
    assert shopper.page.input_value("#refine-text") == "but in blue"
    with shopper.next_search():
        shopper.page.keyboard.press("Enter")
    assert shopper.searches()[-1].asked["text"] == "but in blue"
    shopper.page.click("#back")
    shopper.until(lambda: shopper.page.input_value("#refine-text") == "")


def test_a_price_that_is_being_typed_outlasts_it_too(visit: Any) -> None:
    shopper, late = visit(), list[Any]()
    shopper.page.route("**/v1/shop", lambda route: late.append(route))
    shopper.page.goto(shopper.url + "/?like=hats-4-red")
    shopper.card().wait_for()
    price = shopper.page.locator("#filters [data-key^=price]").first
    price.press_sequentially("4")
    late[0].continue_()
    shopper.page.wait_for_selector("#lead:has-text('Boutique')", state="attached")
    price.press_sequentially("0")
    assert price.input_value() == "40"


def test_chips_tell_what_the_words_were_taken_to_mean(visit: Any, photo: Path) -> None:
    shopper = visit()

    def understood(route: Any) -> None:
        answer = route.fetch(timeout=60_000)
        body = answer.json()
        body["query"]["understood"] = {
            "price_below": 50, "price_above": None, "colours": ["green"], "kinds": ["dress"],
        }  # fmt: skip
        route.fulfill(response=answer, json=body)

    shopper.show_photo(photo)
    shopper.page.route("**/v1/search?*text=*", understood)
    shopper.page.fill("#refine-text", "a green dress under 50")
    with shopper.next_search():
        shopper.page.keyboard.press("Enter")
    shopper.settled()
    assert shopper.page.locator("#chips .told").all_inner_texts() == ["green", "dress", "under €50"]


def test_a_filter_that_suggests_itself_is_a_chip_to_tap(visit: Any, photo: Path) -> None:
    shopper = visit()

    def suggesting(route: Any) -> None:
        answer = route.fetch(timeout=60_000)
        body = answer.json()
        body["suggested"] = [
            {"field": "colour", "value": "red", "share": 0.8},
            {"field": "season", "value": "Fall", "share": 0.7},  # the page has no such filter
        ]
        route.fulfill(response=answer, json=body)

    shopper.page.route("**/v1/search*", suggesting)
    shopper.show_photo(photo)
    offered = shopper.page.locator("#chips .offered")
    assert offered.all_inner_texts() == ["red"]
    assert offered.get_attribute("aria-label") == "Only red"
    with shopper.next_search():
        offered.click()
    shopper.settled()
    assert {sku.rsplit("-", 1)[1] for sku in shopper.shown()} == {"red"}
    assert offered.count() == 0


def test_a_filter_narrows_the_answer_and_its_chip_takes_it_away(visit: Any, photo: Path) -> None:
    shopper = visit()
    shopper.show_photo(photo)
    everything = shopper.shown()
    with shopper.next_search():
        shopper.page.click('#filters [data-key="colour red"]')
    shopper.settled()
    assert {sku.rsplit("-", 1)[1] for sku in shopper.shown()} == {"red"}
    assert shopper.page.evaluate("document.activeElement.dataset.key") == "colour red"
    with shopper.next_search():
        shopper.page.click("#chips button.chip")
    shopper.settled()
    assert shopper.shown() == everything


def test_category_price_and_stock_filters_hold_for_every_hit(visit: Any, photo: Path) -> None:
    shopper = visit()
    shopper.show_photo(photo)
    for act in (
        lambda: shopper.page.click('#filters [data-key="category Hats"]'),
        lambda: (
            shopper.page.fill('[data-key="price to"]', "49,90"),
            shopper.page.keyboard.press("Tab"),
        ),
        lambda: shopper.page.check('[data-key="stock"]'),
    ):
        with shopper.next_search():
            act()
        shopper.settled()
    hits = shopper.searches()[-1].answer["hits"]
    assert hits
    for hit in hits:
        assert hit["categories"] == ["All/Hats"]
        assert hit["price"] <= 49.9
        assert hit["stock"] > 0
    assert len(shopper.page.query_selector_all("#chips button.chip:not(.clear):not(.offered)")) == 3
    with shopper.next_search():
        shopper.page.click("#chips .clear")
    assert "filter" not in shopper.searches()[-1].asked


def test_filters_that_leave_nothing_say_so_and_offer_the_way_out(visit: Any, photo: Path) -> None:
    shopper = visit()
    shopper.show_photo(photo)
    shopper.page.fill('[data-key="price from"]', "5000")
    with shopper.next_search():
        shopper.page.keyboard.press("Tab")
    shopper.settled()
    assert shopper.heading() == "Nothing fits all of that"
    with shopper.next_search():
        shopper.page.click("#notice .button")
    shopper.card().wait_for()


def test_a_swatch_puts_its_colour_in_the_cards_place(visit: Any, photo: Path) -> None:
    shopper = visit()
    shopper.show_photo(photo)
    first = shopper.card()
    first.locator('.swatch[aria-label="blue"]').click()
    first.locator("text=Dresse 4 in blue").wait_for()
    assert "dresses-4-blue" in first.locator(".tile img").get_attribute("src")
    assert "€50" in first.inner_text()
    assert first.locator('.swatch[aria-label="blue"]').get_attribute("aria-pressed") == "true"


def test_more_is_shown_below_and_the_focus_goes_to_the_first_new_one(
    visit: Any, photo: Path
) -> None:
    shopper = visit()
    shopper.show_photo(photo)
    before = shopper.shown()
    with shopper.next_search():
        shopper.page.click("#more")
    shopper.card(24).wait_for()
    after = shopper.shown()
    assert after[:24] == before
    focused = "document.activeElement.closest('.card').dataset.sku"
    assert shopper.page.evaluate(focused) == after[24]
