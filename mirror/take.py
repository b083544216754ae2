"""A clip in the making, its bounds, and where it is written meanwhile."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol

from customers.consent import Coverage
from mirror.clip import Note
from mirror.clock import Timeline, seconds
from mirror.hole import Hole
from mirror.packet import Packet
from mirror.session import Session

MAX_PRE_ROLL_S = 60.0


@dataclass(frozen=True, slots=True)
class RecorderLimits:
    """Bounds of the ring and of one clip.

    `camera_delay_s`: how old a frame may be when it arrives (network and camera buffers). Frames
    that arrive so soon after a consent may have been seen before it, and are not used.
    `patience_s`: how long after a stop late packets of the asked span are waited for.
    """

    ring_s: float = MAX_PRE_ROLL_S
    ring_bytes: int = 100 * 1024 * 1024
    clip_s: float = 180.0
    clip_bytes: int = 256 * 1024 * 1024
    camera_delay_s: float = 0.5
    patience_s: float = 0.5


class Spool(Protocol):
    """Where the running clip is written, sealed, against a crash; only `wait` may take long."""

    broken: str

    def append(self, packet: Packet) -> None: ...

    def hold(self, hole: Hole) -> None: ...

    def close(self) -> None: ...

    def discard(self) -> None: ...

    def wait(self) -> None: ...


SpoolMaker = Callable[["Take"], Spool]


@dataclass(slots=True)
class Take:
    """A clip in the making; a finished one when `ended` says why (a stable word).

    The asked span is [from_tick, until_tick], both inclusive; `packets` reach back to an entry,
    the first one seen at `earliest_at`.
    """

    clip_id: str
    session: Session
    consent_id: str
    timeline: Timeline
    earliest_at: datetime
    from_tick: int
    packets: list[Packet]
    until_tick: int | None = None
    stop_s: float = 0.0
    ended: str = ""
    notes: list[Note] = field(default_factory=list)
    spool: Spool | None = None
    size_bytes: int = 0
    holes: list[Hole] = field(default_factory=list)

    def moment(self, tick: int) -> datetime:
        """The moment of a tick, aware UTC."""
        return self.timeline.at(seconds(tick))

    @property
    def revoked(self) -> bool:
        """Whether the consent that it was begun with has been taken back."""
        mine = (c for c in self.session.consents if c.id == self.consent_id)
        return any(consent.revoked_at is not None for consent in mine)

    def coverage(self, until_at: datetime) -> Coverage:
        """Whether one consent covers the clip from its first packet to `until_at`."""
        return self.session.covers(self.earliest_at, max(self.earliest_at, until_at))
