"""The last minute of packets, in memory only."""

from collections import deque

from mirror.clock import ticks
from mirror.packet import Packet

# What Python keeps for a packet beside its bytes (object, three integers, slots), rounded up.
OVERHEAD_BYTES = 256


class Ring:
    """Packets of the last `max_s` seconds, at most `max_bytes` of them, nothing on a disk.

    It begins at an entry, so that all it holds can be decoded: the oldest group of pictures leaves
    as a whole, when the next one alone reaches back far enough or when the bytes run out. One group
    larger than the bound empties it. What is shown before `floor_tick` is never taken in.
    """

    def __init__(self, max_s: float, max_bytes: int) -> None:
        self._max_ticks, self._max_bytes = ticks(max_s), max_bytes
        self._packets: deque[Packet] = deque()
        self._entries: deque[tuple[int, int]] = deque()  # (ordinal, shown_tick) of each entry
        self._first_ordinal = 0
        self._bytes = 0
        self._floor_tick = -(2**62)
        self._newest_tick = -(2**62)

    @property
    def size_bytes(self) -> int:
        """The bytes held, overhead included."""
        return self._bytes

    @property
    def span_ticks(self) -> int:
        """From the first frame held to the newest one, in 1/90,000 s."""
        return self._newest_tick - self._packets[0].shown_tick if self._packets else 0

    def add(self, packet: Packet) -> bool:
        """Take a packet in; False where it cannot be used (before the floor, or no entry yet)."""
        if packet.shown_tick < self._floor_tick or not (self._packets or packet.entry):
            return False
        if packet.entry:
            ordinal = self._first_ordinal + len(self._packets)
            self._entries.append((ordinal, packet.shown_tick))
        self._packets.append(packet)
        self._bytes += _weight(packet)
        self._newest_tick = max(self._newest_tick, packet.shown_tick)
        self._shrink()
        return bool(self._packets)

    def clear(self, floor_tick: int) -> None:
        """Forget everything, and take in nothing that is shown before `floor_tick`."""
        self._packets.clear()
        self._entries.clear()
        self._bytes = 0
        self._newest_tick = -(2**62)
        self._floor_tick = floor_tick

    def since(self, tick: int) -> list[Packet]:
        """Packets in decoding order, from the last entry shown at or before `tick` if there is one,
        else from the first entry held."""
        start = self._first_ordinal
        for ordinal, shown in self._entries:
            if shown <= tick:
                start = ordinal
        held = list(self._packets)
        return held[start - self._first_ordinal :]

    def _shrink(self) -> None:
        while len(self._entries) > 1:
            old = self._entries[1][1] <= self._newest_tick - self._max_ticks
            if not old and self._bytes <= self._max_bytes:
                return
            self._drop_group()
        if self._bytes > self._max_bytes:
            self.clear(self._floor_tick)

    def _drop_group(self) -> None:
        self._entries.popleft()
        while self._first_ordinal < self._entries[0][0]:
            self._bytes -= _weight(self._packets.popleft())
            self._first_ordinal += 1


def _weight(packet: Packet) -> int:
    return len(packet.data) + OVERHEAD_BYTES
