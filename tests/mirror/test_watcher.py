"""The watch beside a real decoder; who counts is a stand-in that reads the burnt-in counter."""

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace

import av

from mirror.guard import Sight
from mirror.packet import Packet
from mirror.watcher import Watcher
from tests.drawn_camera import Drawing, packets, read_counter
from vision.errors import EncoderBroken

STEP = 3000


class Crowd:
    """As many persons as `persons` says of the frame's number; None breaks it."""

    def __init__(self, persons: Callable[[int], int | None]) -> None:
        self.persons = persons
        self.looked_at: list[int] = []

    def count(self, frame: av.VideoFrame) -> int:
        number = read_counter(frame.to_ndarray(format="bgr24"))
        self.looked_at.append(number)
        found = self.persons(number)
        if found is None:
            raise EncoderBroken("no more")
        return found


@contextmanager
def watching(crowd: Crowd) -> Iterator[tuple[Watcher, list[Sight]]]:
    watcher, sights = Watcher(crowd), list[Sight]()
    thread = threading.Thread(target=watcher.watch, args=(sights.append,))
    thread.start()
    try:
        yield watcher, sights
    finally:
        watcher.stop()
        thread.join(60)
    assert not thread.is_alive()


def until(holds: Callable[[], object]) -> None:
    end_s = time.monotonic() + 60
    while not holds():
        assert time.monotonic() < end_s, "it never came to be"
        time.sleep(0.01)


def offer(watcher: Watcher, stream: list[Packet]) -> None:
    """As a camera does, without letting more pile up than it holds."""
    for packet in stream:
        until(lambda: len(watcher._waiting) < 100)
        watcher.offer(packet)


def test_four_pictures_a_second_are_counted_and_told_with_their_moment() -> None:
    crowd = Crowd(lambda number: 1 + (number >= 60))
    with watching(crowd) as (watcher, sights):
        offer(watcher, packets(120, Drawing(gop=30, bframes=2), start_tick=0))
        until(lambda: len(sights) >= 14)
    assert all(b - a in (8, 9) for a, b in zip(crowd.looked_at, crowd.looked_at[1:], strict=False))
    for sight, number in zip(sights, crowd.looked_at, strict=True):
        assert sight.persons == 1 + (number >= 60)
        assert abs(sight.tick - number * STEP) <= 2 * STEP


def test_it_begins_at_a_key_and_again_after_a_gap_or_another_format() -> None:
    crowd = Crowd(lambda _: 1)
    first = packets(50, Drawing(gop=30), start_tick=0)[5:]
    other = packets(40, Drawing(gop=30, width_px=640, height_px=480), start_tick=50 * STEP)
    again = packets(40, Drawing(gop=30), start_tick=200 * STEP)
    with watching(crowd) as (watcher, sights):
        offer(watcher, [*first, *other, replace(again[0], resumes=True), *again[1:]])
        until(lambda: len(sights) >= 11)
    assert crowd.looked_at[0] == 30
    assert crowd.looked_at.count(0) == 2


def test_a_counter_that_breaks_is_told_and_taken_up_again_when_it_works() -> None:
    broken = True
    crowd = Crowd(lambda _: None if broken else 1)
    with watching(crowd) as (watcher, sights):
        offer(watcher, packets(30, Drawing(gop=30), start_tick=0))
        until(lambda: watcher.says)
        assert sights == []
        broken = False
        offer(watcher, packets(60, Drawing(gop=30), start_tick=40 * STEP))
        until(lambda: sights)
        assert watcher.says == ""


def test_at_rest_nothing_is_looked_at() -> None:
    crowd = Crowd(lambda _: 1)
    stream = packets(60, Drawing(gop=30), start_tick=0)
    with watching(crowd) as (watcher, sights):
        offer(watcher, stream[:10])
        until(lambda: sights)
        watcher.rest()
        seen = len(crowd.looked_at)
        offer(watcher, stream[10:30])  # of the group that was under way
        assert len(crowd.looked_at) <= seen + 1
        offer(watcher, stream[30:])
        until(lambda: 30 in crowd.looked_at)


def test_what_piles_up_before_a_slow_counter_is_dropped_and_the_newest_group_counts() -> None:
    gate = threading.Event()

    def slow(_: int) -> int:
        gate.wait(60)
        return 1

    crowd = Crowd(slow)
    with watching(crowd) as (watcher, sights):
        for packet in packets(400, Drawing(gop=30), start_tick=0):
            watcher.offer(packet)
        assert len(watcher._waiting) <= 160
        gate.set()
        until(lambda: sights and sights[-1].tick >= 380 * STEP)
    assert len(crowd.looked_at) < 30
