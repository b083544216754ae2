import threading
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mirror.live import MOST_BEHIND, MOST_WAITING, Live, Viewer
from mirror.packet import Packet, StreamFormat

FORMAT = StreamFormat(16, 16, (b"s",), (b"p",))


def packet(number: int, *, key: bool = False) -> Packet:
    return Packet(number.to_bytes(4, "big"), number, number, key, key, FORMAT)


def numbers(viewer: Viewer) -> list[int]:
    found = []
    while (taken := viewer.take()) is not None:
        found.append(taken.shown_tick)
    return found


def nothing() -> None:
    """Nobody waits to be woken."""


def test_who_comes_late_begins_with_the_group_that_is_under_way() -> None:
    live = Live()
    for n in range(25):
        live.add(packet(n, key=n % 10 == 0))
    viewer = live.join(nothing)
    live.add(packet(25))
    assert numbers(viewer) == [20, 21, 22, 23, 24, 25]


def test_who_comes_before_any_key_waits_for_the_first_one() -> None:
    live = Live()
    live.add(packet(0))
    viewer = live.join(nothing)
    for n in range(1, 5):
        live.add(packet(n, key=n == 3))
    assert numbers(viewer) == [3, 4]
    assert viewer.skipped == 2


def test_a_slow_viewer_falls_back_to_the_next_key_and_the_others_miss_nothing() -> None:
    live = Live()
    slow, quick = live.join(nothing), live.join(nothing)
    seen: list[int] = []
    for n in range(190):
        live.add(packet(n, key=n % 30 == 0))
        seen += numbers(quick)
    assert seen == list(range(190))
    assert MOST_WAITING >= 10
    assert numbers(slow) == list(range(180, 190))
    assert slow.skipped == 180


def test_a_viewer_who_was_held_up_goes_on_with_the_next_key() -> None:
    live = Live()
    viewer = live.join(nothing)
    for n in range(31):
        live.add(packet(n, key=n % 30 == 0))
        if n < 20:
            numbers(viewer)
    assert numbers(viewer) == [30]
    assert viewer.skipped == 10


def test_a_few_frames_before_a_key_are_shown() -> None:
    live = Live()
    viewer = live.join(nothing)
    for n in range(31):
        live.add(packet(n, key=n % 30 == 0))
        if n < 30 - MOST_BEHIND:
            numbers(viewer)
    assert numbers(viewer) == list(range(30 - MOST_BEHIND, 31))


def test_a_long_group_that_was_under_way_is_no_slowness() -> None:
    live = Live()
    for n in range(300):
        live.add(packet(n, key=n == 0))
    viewer = live.join(nothing)
    for n in range(300, 310):
        live.add(packet(n))
    assert numbers(viewer) == list(range(310))


def test_who_comes_after_another_visit_began_never_sees_back() -> None:
    live = Live()
    for n in range(15):
        live.add(packet(n, key=n % 10 == 0))
    live.forget()
    viewer = live.join(nothing)
    for n in range(15, 22):
        live.add(packet(n, key=n % 10 == 0))
    assert numbers(viewer) == [20, 21]


def test_after_a_gap_nothing_leans_on_what_was_lost() -> None:
    live = Live()
    viewer = live.join(nothing)
    live.add(packet(0, key=True))
    live.add(replace(packet(5), resumes=True, entry=True))
    live.add(packet(6))
    live.add(packet(10, key=True))
    assert numbers(viewer) == [0, 10]
    assert numbers(live.join(nothing)) == [10]


def test_the_camera_s_thread_never_waits_for_a_viewer_and_wakes_it() -> None:
    live = Live()
    woken = threading.Event()
    live.join(woken.set)
    done = threading.Event()

    def film() -> None:
        for n in range(10_000):
            live.add(packet(n, key=n % 30 == 0))
        done.set()

    threading.Thread(target=film, daemon=True).start()
    assert done.wait(60)
    assert woken.is_set()


def test_who_leaves_is_handed_nothing_more() -> None:
    live = Live()
    viewer = live.join(nothing)
    live.leave(viewer)
    live.add(packet(0, key=True))
    assert numbers(viewer) == []
    assert live.viewers == 0
    with pytest.raises(ValueError, match="not in list"):
        live.leave(viewer)


@given(st.lists(st.tuples(st.booleans(), st.booleans()), max_size=300))
def test_what_a_viewer_is_given_can_always_be_decoded(steps: list[tuple[bool, bool]]) -> None:
    """Whatever the camera sends and however she reads: every run begins with a key."""
    live = Live()
    viewer = live.join(nothing)
    last = None
    for n, (key, reads) in enumerate(steps):
        live.add(packet(n, key=key))
        for found in numbers(viewer) if reads else []:
            assert found - 1 == last or steps[found][0]
            last = found
