"""Buckets of tokens: a caller's share, and who counts as one caller."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from api import limits
from api.errors import TooManyRequests
from api.limits import Buckets, Rate, is_loopback, neighbourhood
from tests.fakes import HandClock


def test_a_burst_is_let_in_and_then_only_the_rate():
    clock = HandClock(100.0)
    buckets, rate = Buckets(clock), Rate(per_s=2, burst=3)
    for _ in range(3):
        buckets.take("a", rate)
    with pytest.raises(TooManyRequests) as refused:
        buckets.take("a", rate)
    assert refused.value.retry_after_s == pytest.approx(0.5)
    buckets.take("b", rate)  # another caller has a bucket of her own
    clock.now += 0.5
    buckets.take("a", rate)


@given(st.lists(st.floats(0, 5), min_size=1, max_size=200))
def test_nobody_gets_more_than_the_burst_and_the_rate(pauses):
    clock, taken, waits = HandClock(100.0), 0, []
    buckets, rate = Buckets(clock), Rate(per_s=3, burst=5)
    start = clock.now
    for pause in pauses:
        clock.now += pause
        try:
            buckets.take("a", rate)
            taken += 1
        except TooManyRequests as refused:
            waits.append(refused.retry_after_s)
    assert taken <= 5 + 3 * (clock.now - start) + 1e-6
    assert all(0 < wait_s <= 1 / 3 + 1e-9 for wait_s in waits)


def test_a_flood_of_addresses_fills_no_memory(monkeypatch):
    monkeypatch.setattr(limits, "MOST_CALLERS", 10)
    buckets = Buckets(HandClock(100.0))
    for number in range(1000):
        buckets.take(str(number), Rate(1, 1))
    assert len(buckets) == 10


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("2001:db8:1:2::1", "2001:db8:1:2:ffff::9", True),
        ("2001:db8:1:2::1", "2001:db8:1:3::1", False),
        ("10.0.0.1", "10.0.0.2", False),
        ("::ffff:10.0.0.1", "10.0.0.1", True),
    ],
)
def test_an_address_counts_with_all_that_one_caller_can_choose_from(one, other, same):
    assert (neighbourhood(one) == neighbourhood(other)) is same


@pytest.mark.parametrize("address", ["127.0.0.1", "127.8.8.8", "::1", "::ffff:127.0.0.1"])
def test_this_machine_is_known(address):
    assert is_loopback(address)


@pytest.mark.parametrize("address", ["", "testclient", "10.0.0.1", "localhost.evil", "::2"])
def test_others_are_not(address):
    assert not is_loopback(address)
