"""What came of searches on the page: told by the search's number, counted, and nothing else."""

import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

pytestmark = pytest.mark.browser
PATIENCE_S = 60.0


@pytest.fixture(scope="module")
def counting(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    """A boutique of its own: in the shared one, other tests' pages are counted, too."""
    from tests.boutique import serving

    with serving(tmp_path_factory.mktemp("counting") / "shop") as served:
        yield served


def totals(boutique: Any) -> dict[str, int]:
    told: dict[str, int] = httpx.get(f"{boutique.url}/v1/demand", timeout=60).json()["totals"]
    return told


def until(boutique: Any, **wanted: int) -> dict[str, int]:
    """The totals once they are at least what is wanted; as they are when patience ends."""
    ends = time.monotonic() + PATIENCE_S
    while any((told := totals(boutique))[what] < n for what, n in wanted.items()):
        if time.monotonic() > ends:
            break
        time.sleep(0.05)
    return told


def test_what_is_shown_opened_and_saved_is_counted_once(
    visit: Any, counting: Any, photo: Path
) -> None:
    before = totals(counting)
    shopper = visit(origin=counting.url)
    shopper.show_photo(photo)
    for n in (0, 1, 0):
        shopper.card(n).locator(".card-title").click()
        shopper.page.locator("#closer[open]").wait_for()
        shopper.page.keyboard.press("Escape")
    heart = shopper.card(1).locator(".card-heart")
    for _ in range(3):  # on, off, on again
        with shopper.page.expect_response(lambda r: "/v1/saved/products/" in r.url):
            heart.click()
    with shopper.page.expect_response(lambda r: "/v1/saved/snaps" in r.url):
        shopper.page.locator("#keep").click()
    after = until(counting, searches=before["searches"] + 1, shown=before["shown"] + 1,
                  opened=before["opened"] + 2, saved=before["saved"] + 2)  # fmt: skip
    came = {what: after[what] - before[what] for what in after}
    assert came["searches"] == 1  # neither the shop window nor the photo that is kept is one
    assert (came["shown"], came["opened"], came["clicked"]) == (1, 2, 1)
    assert came["saved"] == 2  # the product, and the photo itself


def test_going_back_to_an_answer_is_not_another_one(visit: Any, counting: Any) -> None:
    before = totals(counting)
    shopper = visit("/?text=dress", origin=counting.url)
    shopper.card().wait_for()
    like = shopper.card(1).locator(".card-like")
    with shopper.next_search():
        like.click()
    shopper.settled()
    shopper.page.click("#back")
    shopper.page.wait_for_url("**/?text=dress")
    shopper.card().locator(".card-title").click()
    after = until(counting, shown=before["shown"] + 2, opened=before["opened"] + 1)
    assert after["shown"] - before["shown"] == 2
    assert after["opened"] - before["opened"] == 1


def test_what_was_not_told_yet_is_told_when_the_page_is_left(visit: Any, counting: Any) -> None:
    before = totals(counting)
    shopper = visit("/?text=hat", origin=counting.url)
    shopper.card().wait_for()
    shopper.card().locator(".card-title").click()
    shopper.page.goto("about:blank")
    after = until(counting, opened=before["opened"] + 1)
    assert after["opened"] == before["opened"] + 1


def test_an_event_holds_the_number_of_the_search_and_the_sku_alone(
    visit: Any, counting: Any
) -> None:
    shopper = visit("/", origin=counting.url)
    heard = """() => { window.told = [];
      navigator.sendBeacon = (address, body) => void body.text().then((text) =>
        window.told.push([String(address), JSON.parse(text)])) || true; }"""
    shopper.page.evaluate(heard)
    shopper.page.fill("#words-text", "hat")
    with shopper.next_search():
        shopper.page.keyboard.press("Enter")
    shopper.card().locator(".card-title").click()
    ends = time.monotonic() + PATIENCE_S  # the page's policy forbids to wait inside of it
    while not (told := shopper.page.evaluate("window.told")) and time.monotonic() < ends:
        time.sleep(0.05)
    (address, said), *_ = told
    assert address == f"{counting.url}/v1/events"
    assert {name for event in said["events"] for name in event} == {"event", "search_id", "sku"}
    assert said["events"][0]["event"] == "shown"
