"""The dots on the shopper's photo: tapping one searches that thing, none is in the way."""

from pathlib import Path
from typing import Any

import pytest

pytestmark = pytest.mark.browser


@pytest.fixture
def street_photo(tmp_path: Path) -> Path:
    """A photo in which the boutique's finder sees a coat and a bag."""
    from tests.boutique import jpeg
    from tests.drawn_finder import street

    path = tmp_path / "street.jpg"
    path.write_bytes(jpeg(street((600, 800))))
    return path


def box_of(search: Any) -> list[int]:
    return [int(n) for n in search.asked["box"].split(",")]


def test_the_most_prominent_thing_is_searched_first_and_a_dot_searches_another(
    visit: Any, street_photo: Path
) -> None:
    shopper = visit()
    shopper.show_photo(street_photo)
    assert box_of(shopper.searches()[0]) == pytest.approx([150, 160, 300, 400], abs=3)
    coat = shopper.page.get_by_role("button", name="Search for this: jacket or coat")
    bag = shopper.page.get_by_role("button", name="Search for this: bag")
    assert (coat.get_attribute("aria-pressed"), bag.get_attribute("aria-pressed")) == (
        "true", "false",
    )  # fmt: skip
    with shopper.next_search():
        bag.click()
    shopper.settled()
    assert box_of(shopper.searches()[1]) == pytest.approx([60, 480, 60, 160], abs=3)
    assert (coat.get_attribute("aria-pressed"), bag.get_attribute("aria-pressed")) == (
        "false", "true",
    )  # fmt: skip
    with shopper.next_search():
        shopper.page.click("#whole")
    assert "box" not in shopper.searches()[2].asked


def test_a_dot_is_pressed_by_keyboard_and_keeps_the_focus(visit: Any, street_photo: Path) -> None:
    shopper = visit()
    shopper.show_photo(street_photo)
    shopper.page.focus(".thing:last-child")
    with shopper.next_search():
        shopper.page.keyboard.press("Enter")
    shopper.settled()
    assert len(shopper.searches()) == 2
    assert shopper.page.evaluate("document.activeElement.title") == "bag"


def test_who_types_a_refinement_keeps_the_focus(visit: Any, street_photo: Path) -> None:
    shopper = visit()
    shopper.show_photo(street_photo)
    shopper.page.fill("#refine-text", "but in green")
    with shopper.next_search():
        shopper.page.keyboard.press("Enter")
    shopper.settled()
    assert not shopper.page.evaluate("document.activeElement.classList.contains('thing')")


def test_only_a_small_picture_is_sent_to_be_looked_at(visit: Any, tmp_path: Path) -> None:
    from tests.boutique import jpeg
    from tests.drawn_finder import street

    path = tmp_path / "large.jpg"
    path.write_bytes(jpeg(street((1800, 2400))))
    shopper = visit()
    shopper.show_photo(path)
    assert box_of(shopper.searches()[0]) == pytest.approx([450, 480, 900, 1200], abs=9)
    (asked,) = [r for r in shopper.requests if r.url.endswith("/v1/regions")]
    assert asked.sizes()["requestBodySize"] < 100_000


def test_a_plain_photo_has_no_dots_and_is_searched_whole(visit: Any, photo: Path) -> None:
    shopper = visit()
    shopper.show_photo(photo)
    assert "box" not in shopper.searches()[0].asked
    assert shopper.page.locator(".thing").count() == 0


def test_a_photo_is_searched_whole_where_nobody_says_in_time_what_is_in_it(
    visit: Any, street_photo: Path
) -> None:
    shopper = visit(patient=False)
    shopper.page.route("**/v1/regions", lambda held: None)
    shopper.show_photo(street_photo)
    assert "box" not in shopper.searches()[0].asked
    assert shopper.page.locator(".thing").count() == 0


def test_however_late_the_dots_are_a_patient_test_sees_them(visit: Any, street_photo: Path) -> None:
    shopper = visit()
    shopper.page.route(
        "**/v1/regions", lambda held: (shopper.page.wait_for_timeout(2_800), held.continue_())
    )
    shopper.show_photo(street_photo)
    assert "box" in shopper.searches()[0].asked


def test_the_dots_are_named_in_the_shoppers_language(visit: Any, street_photo: Path) -> None:
    shopper = visit(locale="es-ES")
    shopper.show_photo(street_photo)
    names = shopper.page.eval_on_selector_all(".thing", "dots => dots.map(dot => dot.title)")
    assert names == ["chaqueta o abrigo", "bolso"]


def test_dots_on_one_spot_are_moved_apart(visit: Any) -> None:
    shopper = visit()
    places = shopper.page.evaluate(
        """async () => (await import("/pages/dots.js")).apart(
             [{x: .5, y: .5}, {x: .5, y: .5}, {x: .52, y: .5}, {x: .9, y: .98}])"""
    )
    for i, one in enumerate(places):
        for other in places[:i]:
            assert abs(one["x"] - other["x"]) >= 0.14 or abs(one["y"] - other["y"]) >= 0.085
    assert all(0 <= place["y"] <= 1 for place in places)


def test_a_dot_that_must_give_way_stays_on_its_thing(visit: Any) -> None:
    coat, shirt, scarf = visit().page.evaluate(
        """async () => (await import("/pages/dots.js")).apart(
             [{x: .5, y: .5, w: .4, h: .5}, {x: .5, y: .5, w: .2, h: .4},
              {x: .5, y: .4, w: .5, h: .2}])"""
    )
    assert (coat["x"], coat["y"]) == (0.5, 0.5)
    assert abs(shirt["x"] - 0.5) <= 0.1
    assert 0.3 <= shirt["y"] <= 0.7
    assert 0.25 <= scarf["x"] <= 0.75
    assert 0.3 <= scarf["y"] <= 0.5
    dots = [coat, shirt, scarf]
    for i, one in enumerate(dots):
        for other in dots[:i]:
            assert abs(one["x"] - other["x"]) >= 0.139 or abs(one["y"] - other["y"]) >= 0.089


def test_a_photo_opened_again_is_searched_by_the_same_thing(visit: Any, street_photo: Path) -> None:
    shopper = visit()
    shopper.show_photo(street_photo)
    first = box_of(shopper.searches()[0])
    shopper.page.click("#home")
    with shopper.next_search():
        shopper.page.click("#recent-list button")
    assert box_of(shopper.searches()[1]) == first
