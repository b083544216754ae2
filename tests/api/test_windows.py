"""The shop window: dressed once for everybody, counted as no search, never with what is gone."""

import threading
from collections.abc import Callable, Sequence

import pytest

from api.shop import Shop
from api.windows import GOOD_S, SOON_S, Windows, leaves_of
from tests.fakes import FakeEncoder, HandClock
from tests.keeper import until
from vision.embedding import Embedding
from vision.errors import EncoderBusy

PATHS = ["Toys", "Toys/bags", "Toys/balls"]


class Moody(FakeEncoder):
    busy = False
    asked = 0
    gate: threading.Event | None = None

    def words(self, texts: Sequence[str]) -> list[Embedding]:
        self.asked += 1
        if self.gate is not None and self.asked == 1:
            assert self.gate.wait(60)
        if self.busy:
            raise EncoderBusy(9, 1.0)
        return super().words(texts)


def test_a_category_is_called_by_its_last_part_and_a_root_of_most_is_none() -> None:
    assert leaves_of(PATHS) == ["bags", "balls"]
    assert leaves_of(["Men/Shoes", "Women/Shoes", "Hats > Caps"]) == ["Shoes", "Caps"]
    assert leaves_of(["Bags", "Shoes"]) == ["Bags", "Shoes"]
    assert leaves_of(["Gear", "Gear > Bags", "Gear > Hats/"]) == ["Bags", "Hats"]


def test_each_category_is_shown_by_a_product_of_its_own(shop: Shop) -> None:
    windows = Windows(shop).look(PATHS)
    assert [window.category for window in windows] == ["bags", "balls"]
    assert all(w.sku.startswith(w.category[:-1]) for w in windows)


def test_they_are_looked_for_once_in_a_while(open_shop: Callable[..., Shop]) -> None:
    encoder = Moody()
    clock = HandClock(0.0)
    windows = Windows(open_shop(encoder), clock)
    first = windows.look(PATHS)
    encoder.busy = True
    clock.now += GOOD_S - 1
    assert windows.look(PATHS) == first
    clock.now += 2
    asked = encoder.asked
    for _ in range(5):
        assert windows.look(PATHS) == first  # what it showed, and no fault
    assert encoder.asked == asked + 2
    assert windows.look(["Toys/bags", "Toys/hats"]) == first[:1]  # fewer windows
    encoder.busy = False
    clock.now += SOON_S + 1
    assert windows.look(PATHS) == first


def test_a_category_in_which_nothing_is_found_is_not_looked_for_by_every_page(
    open_shop: Callable[..., Shop],
) -> None:
    encoder, clock = Moody(), HandClock(0.0)
    windows = Windows(open_shop(encoder), clock)
    first = windows.look([*PATHS, "Toys/gift cards"])
    assert [window.category for window in first] == ["bags", "balls"]
    asked = encoder.asked
    clock.now += GOOD_S - 1
    assert windows.look([*PATHS, "Toys/gift cards"]) == first
    assert encoder.asked == asked


def test_one_thread_looks_for_them_and_the_others_show_what_there_is(
    open_shop: Callable[..., Shop],
) -> None:
    encoder, clock = Moody(), HandClock(0.0)
    windows = Windows(open_shop(encoder), clock)
    first = windows.look(PATHS)
    encoder.asked, encoder.gate = 0, threading.Event()
    clock.now += GOOD_S + 1
    looking = threading.Thread(target=windows.look, args=(PATHS,), daemon=True)
    looking.start()
    try:
        until(lambda: encoder.asked)
        assert windows.look(PATHS) == first
        assert encoder.asked == 1
    finally:
        encoder.gate.set()
        looking.join(60)
    assert encoder.asked == 2


def test_what_is_gone_from_the_shop_leaves_the_window_at_once(shop: Shop) -> None:
    windows = Windows(shop)
    (shown,) = (w.sku for w in windows.look(PATHS) if w.category == "balls")
    shop.shelf.delete(shown)
    (instead,) = (w.sku for w in windows.look(PATHS) if w.category == "balls")
    assert instead != shown


@pytest.mark.parametrize("category", ['12" plates', "back\\slash", "it's", "a=b or c=d"])
def test_a_category_may_be_called_anything(shop: Shop, category: str) -> None:
    assert Windows(shop).look([category]) == []


def test_the_shops_page_is_told_of_them_and_nothing_is_counted(client, shop: Shop) -> None:
    told = client.get("/v1/shop").json()["windows"]
    assert {window["category"] for window in told} == {"bags", "balls"}
    assert all(client.get(window["image"]).status_code == 200 for window in told)
    assert client.get("/v1/demand").json()["totals"]["searches"] == 0
