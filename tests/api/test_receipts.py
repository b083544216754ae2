"""What came of a search is counted once, and only if this server answered the search."""

import pytest

from api.receipts import GOOD_S, MOST_OF_ONE, Receipts
from tests.fakes import HandClock

KEY = b"the shop's own"


@pytest.fixture
def clock() -> HandClock[float]:
    return HandClock(1_800_000_000.0)


def test_an_event_counts_once_for_each_search_event_and_sku(clock):
    receipts = Receipts(KEY, clock)
    one, other = receipts.new_id(), receipts.new_id()
    assert receipts.is_first(one, "opened", "bag")
    assert not receipts.is_first(one, "opened", "bag")
    assert receipts.is_first(one, "bought", "bag")
    assert receipts.is_first(one, "opened", "shoe")
    assert receipts.is_first(other, "opened", "bag")


@pytest.mark.parametrize("made_up", ["", "0f8c2f6c5f0e4c53", "00" * 16, "ff" * 16, "no hex", "ab"])
def test_an_id_that_nobody_handed_out_counts_nothing(clock, made_up):
    assert not Receipts(KEY, clock).is_first(made_up, "bought", "bag")


def test_neither_does_one_of_another_shop_one_that_was_changed_or_an_old_one(clock):
    receipts = Receipts(KEY, clock)
    told = receipts.new_id()
    assert not Receipts(b"another shop's", clock).is_first(told, "bought", "bag")
    changed = told[:-1] + ("0" if told[-1] != "0" else "1")
    assert not receipts.is_first(changed, "bought", "bag")
    clock.now += GOOD_S + 2
    assert not receipts.is_first(told, "bought", "bag")


def test_one_search_cannot_be_milked_with_made_up_skus(clock):
    receipts = Receipts(KEY, clock)
    told = receipts.new_id()
    counted = sum(receipts.is_first(told, "bought", f"sku-{n}") for n in range(3 * MOST_OF_ONE))
    assert counted == MOST_OF_ONE


def test_what_was_forgotten_for_want_of_room_is_not_counted_again(clock):
    receipts = Receipts(KEY, clock, most_marks=10)
    told = []
    for _ in range(30):
        clock.now += 1
        told.append(receipts.new_id())
        assert receipts.is_first(told[-1], "opened", "bag")
    assert receipts._held <= 10  # the bound is the point
    assert not any(receipts.is_first(one, "opened", "bag") for one in told)


def test_another_server_of_the_shop_knows_the_search_but_not_one_of_before_its_start(clock):
    first = Receipts(KEY, clock)
    before = first.new_id()
    clock.now += 5
    other = Receipts(KEY, clock)
    assert other.is_first(first.new_id(), "opened", "bag")
    assert not other.is_first(before, "opened", "bag")
