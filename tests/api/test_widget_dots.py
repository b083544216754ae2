"""The dots on a photo's things in the web component, on a page of a foreign origin."""

from pathlib import Path
from typing import Any

import pytest

from tests.drawn_finder import street as drawn_street
from tests.foreign_page import (
    BAG,
    COAT,
    Street,
    show_photo,
    shown,
    told,
)
from tests.keeper import until

pytestmark = pytest.mark.browser


@pytest.fixture
def street_photo(tmp_path: Path) -> Path:
    """A photo in which the finder sees a coat and a bag."""
    from tests.boutique import jpeg

    path = tmp_path / "street.jpg"
    path.write_bytes(jpeg(drawn_street((600, 800))))
    return path


def boxes(page: Any) -> list[Any]:
    """What each search framed, oldest first."""
    return [detail["box"] for name, detail in told(page) if name == "search"]


def pressed(page: Any) -> dict[str, str]:
    dots: dict[str, str] = page.locator("vistazo-search .dot").evaluate_all(
        "dots => Object.fromEntries(dots.map(d => [d.ariaLabel, d.ariaPressed]))"
    )
    return dots


def test_the_most_prominent_thing_is_searched_first_and_a_dot_searches_another(
    page: Any, street_photo: Path
) -> None:
    show_photo(page, street_photo)
    assert boxes(page) == [pytest.approx([150, 160, 300, 400], abs=3)]
    assert pressed(page) == {COAT: "true", BAG: "false"}
    with page.expect_response(lambda r: "/v1/search" in r.url and "box=" in r.url):
        page.get_by_role("button", name=BAG).click()
    shown(page)
    assert boxes(page)[1] == pytest.approx([60, 480, 60, 160], abs=3)
    assert pressed(page) == {COAT: "false", BAG: "true"}
    page.locator("vistazo-search .whole").click()
    shown(page)
    assert boxes(page)[2] is None


def test_a_dot_is_pressed_by_keyboard_and_keeps_the_focus(page: Any, street_photo: Path) -> None:
    show_photo(page, street_photo)
    page.get_by_role("button", name=COAT).focus()
    page.keyboard.press("Tab")
    with page.expect_response(lambda r: "/v1/search" in r.url and "box=" in r.url):
        page.keyboard.press("Enter")
    focused = "document.querySelector('vistazo-search').shadowRoot.activeElement.ariaLabel"
    assert page.evaluate(focused) == BAG


def test_a_frame_that_came_to_nothing_leaves_the_dots_where_they_were(
    page: Any, street_photo: Path
) -> None:
    show_photo(page, street_photo)
    drawn = "img => img.complete && img.naturalWidth > 0"
    until(lambda: page.locator("vistazo-search .stage img").evaluate(drawn))
    box = page.locator("vistazo-search .stage").bounding_box()
    page.mouse.move(box["x"] + 3, box["y"] + 3)
    page.mouse.down()
    page.mouse.move(box["x"] + 90, box["y"] + 90, steps=3)
    page.mouse.move(box["x"] + 5, box["y"] + 5, steps=3)
    page.mouse.up()
    assert pressed(page) == {COAT: "true", BAG: "false"}
    assert len(boxes(page)) == 1


def test_a_plain_photo_has_no_dots_and_a_broken_finder_costs_no_search(
    page: Any, photo: Path, street_photo: Path
) -> None:
    show_photo(page, photo)
    assert (boxes(page), pressed(page)) == ([None], {})
    page.route("**/v1/regions", lambda asked: asked.abort())
    page.evaluate("window.told.length = 0")
    page.locator("vistazo-search input[type=file]").first.set_input_files(street_photo)
    page.wait_for_function("() => window.told.some(([name]) => name === 'results')")
    assert (boxes(page), pressed(page)) == ([None], {})


def test_a_service_without_the_finder_is_asked_once(
    page: Any, photo: Path, street_photo: Path
) -> None:
    asked: list[str] = []

    def absent(request: Any) -> None:
        asked.append(request.request.url)
        request.fulfill(status=404, headers={"Access-Control-Allow-Origin": "*"}, json={})

    page.route("**/v1/regions", absent)
    show_photo(page, photo)
    page.evaluate("window.told.length = 0")
    page.locator("vistazo-search input[type=file]").first.set_input_files(street_photo)
    page.wait_for_function("() => window.told.some(([name]) => name === 'results')")
    assert (len(asked), boxes(page)) == (1, [None])


def test_only_a_small_picture_is_sent_to_be_looked_at(page: Any, tmp_path: Path) -> None:
    from tests.boutique import jpeg

    path = tmp_path / "large.jpg"
    path.write_bytes(jpeg(drawn_street((1800, 2400))))
    with page.expect_request(lambda r: r.url.endswith("/v1/regions")) as looked:
        show_photo(page, path)
    assert looked.value.sizes()["requestBodySize"] < 120_000
    assert boxes(page) == [pytest.approx([450, 480, 900, 1200], abs=9)]


def test_the_dots_are_named_in_the_pages_language(
    page: Any, street: Street, street_photo: Path
) -> None:
    page.goto(street.page + "/es")
    page.wait_for_selector("vistazo-search .choose")
    show_photo(page, street_photo)
    assert list(pressed(page)) == ["Buscar esto: chaqueta o abrigo", "Buscar esto: bolso"]
