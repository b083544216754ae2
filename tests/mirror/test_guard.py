import pytest

from mirror.clock import ticks
from mirror.guard import PATIENCE_S, Guard, Sight, Watch
from mirror.hole import Hole, last_wanted, trim
from mirror.packet import Packet, StreamFormat


def see(guard: Guard, *counts: int | None, start_s: float = 0.0, recording: bool = True) -> None:
    for i, count in enumerate(counts):
        guard.see(Sight(ticks(start_s + i / 4), count), recording)


def test_a_second_person_holds_from_behind_the_last_picture_of_one_until_confirmed() -> None:
    guard = Guard(Watch.PAUSE)
    see(guard, 1, 1, 2, 2)
    assert guard.held == Hole(ticks(0.25) + 1, "second_person")
    see(guard, *[1] * 40, start_s=1)
    assert guard.held is not None  # she is alone again, and still nobody has confirmed it
    guard.confirm()
    assert guard.held is None
    see(guard, 1, 2, 2, start_s=20)
    assert guard.held is not None


def test_who_only_walks_by_before_the_recording_needs_no_confirmation() -> None:
    guard = Guard(Watch.PAUSE)
    see(guard, 2, 2, recording=False)
    assert guard.held is not None
    see(guard, *[1] * 14, start_s=1, recording=False)
    assert guard.held is None


@pytest.mark.parametrize(("watch", "holds"), [(Watch.PAUSE, True), (Watch.LENIENT, False)])
def test_counts_that_do_not_come_hold_the_recording_as_the_operator_chose(
    watch: Watch, holds: bool
) -> None:
    guard = Guard(watch)
    see(guard, 1, 1)
    see(guard, None, None, None, start_s=0.5)  # the detector is broken
    for k in range(100):
        guard.miss(ticks(0.25 + k / 30))
    assert (guard.held == Hole(ticks(0.25) + 1, "unwatched")) is holds
    see(guard, 1, start_s=5)
    assert guard.held is None  # it counts again: nothing to confirm


def test_after_a_gap_the_watch_has_its_time_to_count_anew() -> None:
    guard = Guard(Watch.PAUSE)
    see(guard, 1)
    guard.resume_at(ticks(60))
    guard.miss(ticks(60 + PATIENCE_S))
    assert guard.held is None
    guard.miss(ticks(60.1 + PATIENCE_S))
    assert guard.held is not None


def test_switched_off_nothing_is_ever_held() -> None:
    guard = Guard(Watch.OFF)
    see(guard, 5, 5, 5)
    guard.miss(ticks(100))
    assert guard.held is None
    assert not guard.watching


def test_what_is_shown_in_a_hole_goes_except_for_what_earlier_frames_need() -> None:
    stream = StreamFormat(64, 48, (), ())
    shown = [0, 30, 10, 20, 60, 40, 50]  # in the order of decoding
    packets = [Packet(b"123", t, min(t, 0), t == 0, t == 0, stream) for t in shown]
    assert trim(packets, 35) == 9
    assert [p.shown_tick for p in packets] == [0, 30, 10, 20]
    assert trim(packets, 15) == 3
    assert [p.shown_tick for p in packets] == [0, 30, 10]  # 30 stands before 10: decoding needs it
    assert last_wanted(0, 100, [Hole(15, "unwatched")]) == 14
    assert last_wanted(20, 100, [Hole(15, "unwatched")]) == 100
