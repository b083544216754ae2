from datetime import timedelta

from hypothesis import given
from hypothesis import strategies as st

from mirror.clock import JUMP_S, Timeline, seconds, ticks
from tests.drawn_clips import NOON, HandClock


def test_a_timeline_goes_on_steadily_whatever_the_wall_does() -> None:
    clock = HandClock()
    timeline = Timeline.start(clock)
    clock.move(10)
    assert timeline.at(clock.monotonic_s()) == NOON + timedelta(seconds=10)
    assert timeline.jump_s(clock) == 0.0
    clock.at += timedelta(hours=2)
    assert timeline.at(clock.monotonic_s()) == NOON + timedelta(seconds=10)
    assert timeline.jump_s(clock) == 7200.0
    clock.at -= timedelta(hours=2, seconds=JUMP_S)
    assert timeline.jump_s(clock) == -JUMP_S


@given(st.floats(-1e5, 1e5))
def test_moments_and_instants_are_each_other_s_inverse(offset_s: float) -> None:
    timeline = Timeline(NOON, 500.0)
    moment = NOON + timedelta(seconds=offset_s)
    assert abs((timeline.at(timeline.instant_s(moment)) - moment).total_seconds()) < 1e-5


@given(st.integers(-(2**40), 2**40))
def test_ticks_survive_the_way_through_seconds(count: int) -> None:
    assert ticks(seconds(count)) == count
