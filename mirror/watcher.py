"""Counts persons in the picture a few times a second, in a thread of its own.

The camera's thread hands every packet in and never waits. What piles up is dropped up to the next
key; the recorder misses counts that do not come, and decides (mirror/guard). Pictures are decoded
only while somebody's consent covers them, and are forgotten at once.
"""

import logging
import threading
from collections import deque
from collections.abc import Callable, Iterator

from av.error import FFmpegError

from mirror.clock import TICKS_PER_S
from mirror.encode import decode
from mirror.errors import MirrorError
from mirror.guard import Sight
from mirror.packet import Packet
from mirror.persons import PersonCounter
from vision.errors import VisionError

EVERY_TICKS = TICKS_PER_S // 4  # two of three samples make company: half a second
_MOST_WAITING = 120  # four seconds at 30 a second: beyond that the newest key is what counts
_log = logging.getLogger("vistazo.mirror")


class Watcher:
    """One camera's watch. `says` is how it is: "" while it works, else what is wrong."""

    def __init__(self, counter: PersonCounter, every_ticks: int = EVERY_TICKS) -> None:
        self._counter, self._every_ticks = counter, every_ticks
        self._waiting: deque[Packet] = deque()
        self._come = threading.Condition()
        self._ended = self._follows = False
        self.says = ""

    def offer(self, packet: Packet) -> None:
        """The camera's next packet; returns at once."""
        with self._come:
            if packet.entry and len(self._waiting) > _MOST_WAITING:
                self._waiting.clear()
            if packet.entry or self._waiting or self._follows:
                self._waiting.append(packet)
                self._come.notify()

    def rest(self) -> None:
        """Nobody is to be counted now: what waits is forgotten."""
        with self._come:
            self._waiting.clear()
            self._follows = False

    def stop(self) -> None:
        """End `watch`."""
        with self._come:
            self._ended = True
            self._come.notify()

    def watch(self, seen: Callable[[Sight], None]) -> None:
        """Count until `stop`, and tell `seen` each time; whatever the counter does."""
        while not self._ended:
            try:
                self._count(seen)
            except (VisionError, MirrorError, FFmpegError) as cause:
                if not self.says:
                    _log.warning("persons cannot be counted: %s", cause)
                self.says = str(cause)
                self.rest()

    def _count(self, seen: Callable[[Sight], None]) -> None:
        """One run of packets that a decoder takes in one go."""
        due_tick = -(2**62)
        for picture in decode(self._run()):
            if picture.tick < due_tick:
                continue
            due_tick = picture.tick + self._every_ticks
            persons = self._counter.count(picture.frame)
            self.says = ""
            seen(Sight(picture.tick, persons))

    def _run(self) -> Iterator[Packet]:
        """Packets of one format without a gap, as they come; begins at an entry."""
        first = packet = self._next(None)
        while packet is not None:
            yield packet
            packet = self._next(first)

    def _next(self, first: Packet | None) -> Packet | None:
        """The packet after those that began with `first`; None where their run ends."""
        with self._come:
            while not self._ended:
                if not self._waiting:
                    if first is not None and not self._follows:
                        return None  # told to rest: the decoder forgets its pictures
                    self._come.wait(0.5)
                    continue
                packet = self._waiting[0]
                if first is not None and (packet.resumes or packet.format != first.format):
                    return None
                self._waiting.popleft()
                if first is not None or packet.entry:
                    self._follows = True
                    return packet
        return None
