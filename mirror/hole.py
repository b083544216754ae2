"""A span inside a clip that must not be in it, and packets without it."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

from mirror.packet import Packet

HoldReason = Literal["second_person", "unwatched"]


@dataclass(frozen=True, slots=True)
class Hole:
    """No frame from `from_tick` on is in the clip, up to the next packet that `resumes`."""

    from_tick: int
    reason: HoldReason


def trim(packets: list[Packet], from_tick: int) -> int:
    """Forget the packets behind the last one that is shown before `from_tick`; their bytes.

    What stays and is shown later is only there because a frame before the hole is decoded after it.
    """
    keep = len(packets)
    while keep and packets[keep - 1].shown_tick >= from_tick:
        keep -= 1
    bytes_gone = sum(len(packet.data) for packet in packets[keep:])
    del packets[keep:]
    return bytes_gone


def last_wanted(first_tick: int, until_tick: int, holes: Iterable[Hole]) -> int:
    """The last tick that may be shown of a run that begins with `first_tick`."""
    return min([until_tick, *(h.from_tick - 1 for h in holes if h.from_tick > first_tick)])
