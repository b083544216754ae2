"""The frame over the photo: what the shopper drags is what the door is asked."""

from pathlib import Path
from typing import Any

import pytest

pytestmark = pytest.mark.browser


def drag(shopper: Any, corner: str, dx: float, dy: float) -> None:
    """Drag a corner of the frame by shares of the picture's size on the screen."""
    picture = shopper.page.locator("#crop > img").bounding_box()
    handle = shopper.page.locator(f".crop-corner.{corner}").bounding_box()
    x, y = handle["x"] + handle["width"] / 2, handle["y"] + handle["height"] / 2
    shopper.page.mouse.move(x, y)
    shopper.page.mouse.down()
    for step in (0.3, 0.7, 1.0):
        shopper.page.mouse.move(x + dx * step * picture["width"], y + dy * step * picture["height"])
    with shopper.next_search():
        shopper.page.mouse.up()
    shopper.settled()


def test_dragging_a_corner_searches_again_with_that_box(visit: Any, photo: Path) -> None:
    shopper = visit()
    shopper.show_photo(photo)
    drag(shopper, "se", -0.5, -0.4)
    first, second = shopper.searches()
    assert "box" not in first.asked
    box = [int(n) for n in second.asked["box"].split(",")]
    assert box == pytest.approx([0, 0, 300, 450], abs=6)
    with shopper.next_search():
        shopper.page.click("#whole")
    assert "box" not in shopper.searches()[2].asked


def test_the_frame_is_told_in_pixels_of_the_upright_photo(visit: Any, tmp_path: Path) -> None:
    from PIL import Image

    from tests.boutique import card, jpeg

    exif = Image.Exif()
    exif[0x0112] = 6  # stored lying, to be turned by a quarter
    lying = card(1, 4, "green", (600, 750)).rotate(90, expand=True)
    path = tmp_path / "lying.jpg"
    path.write_bytes(jpeg(lying, exif=exif))
    shopper = visit()
    shopper.show_photo(path)
    assert shopper.shown()[0] == "dresses-4-green"
    drag(shopper, "ne", -0.5, 0.0)
    box = [int(n) for n in shopper.searches()[1].asked["box"].split(",")]
    assert box == pytest.approx([0, 0, 300, 750], abs=6)


def test_arrow_keys_move_a_corner_and_search_once(visit: Any, photo: Path) -> None:
    shopper = visit()
    shopper.show_photo(photo)
    shopper.page.focus(".crop-corner.nw")
    clock = shopper.page.clock  # the hand rests for half a second, however slow this machine is
    clock.install()
    clock.pause_at(shopper.page.evaluate("Date.now() + 1000"))
    for _ in range(3):
        shopper.page.keyboard.press("Shift+ArrowRight")
    with shopper.next_search():
        clock.run_for(600)
    shopper.settled()
    searches = shopper.searches()
    assert len(searches) == 2
    assert searches[1].asked["box"] == "180,0,420,750"
    assert "30 to 100 % across" in shopper.page.locator("#crop [role=status]").inner_text()
