"""Decides, packet by packet, what is recorded.

Promises: the ring is emptied when a visit starts and when a consent begins to cover; pre-roll never
reaches before either. No packet is handed to a disk unless customers/consent covers its moment. A
consent that ends while recording ends the clip on that frame; a revoked one destroys it.
"""

from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol

from customers.consent import Coverage
from customers.errors import NotCovered
from mirror.clip import Note
from mirror.clock import Timeline, seconds, ticks
from mirror.errors import BadOrder
from mirror.packet import Packet
from mirror.ring import Ring
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

    def moment(self, tick: int) -> datetime:
        """The moment of a tick, aware UTC."""
        return self.timeline.at(seconds(tick))

    def coverage(self, until_at: datetime) -> Coverage:
        """Whether one consent covers the clip from its first packet to `until_at`."""
        return self.session.covers(self.earliest_at, max(self.earliest_at, until_at))


class Recorder:
    """The ring, the session before the mirror, and at most one take. Not thread-safe."""

    def __init__(
        self, limits: RecorderLimits, timeline: Timeline, make_spool: SpoolMaker | None
    ) -> None:
        self._limits, self._make_spool = limits, make_spool
        self.timeline = timeline
        self.ring = Ring(limits.ring_s, limits.ring_bytes)
        self.session: Session | None = None
        self._take: Take | None = None
        self._finished: deque[Take] = deque()

    @property
    def recording(self) -> bool:
        """True while frames go to the disk: what the indicator shows."""
        return self._take is not None

    @property
    def take(self) -> Take | None:
        """The take in the making."""
        return self._take

    def meet(self, session: Session | None, now_s: float) -> None:
        """Hear which visit is before the mirror, and its consents as they stand now."""
        old, self.session = self.session, session
        old_visit = old.visit_id if old else ""
        now = self.timeline.at(now_s)
        if old_visit != (session.visit_id if session else ""):
            if self._take:
                self._end(self._take, "visit_ended", ticks(now_s))
            self._empty(now_s)
        elif session and old and old.covers(now, now).covered != session.covers(now, now).covered:
            self._empty(now_s)
        if self._take and session:
            self._take.session = session

    def start(
        self, clip_id: str, pre_roll_s: float, now_s: float, asked_s: float | None = None
    ) -> Take:
        """Begin a clip `pre_roll_s` before it was asked for, or as far back as is held and covered.

        `asked_s` is when she pressed the button, `now_s` when the mirror heard of it. Raises
        BadOrder (no visit, or a clip is running) and NotCovered.
        """
        if not 0 <= pre_roll_s <= MAX_PRE_ROLL_S:
            raise BadOrder(f"pre-roll is 0 to {MAX_PRE_ROLL_S:.0f} s")
        if self.session is None:
            raise BadOrder("nobody's visit has started at this mirror")
        if self._take is not None:
            raise BadOrder("a clip is being recorded already")
        from_s = min(now_s if asked_s is None else asked_s, now_s) - pre_roll_s
        take = self._begin(self.session, clip_id, ticks(from_s), now_s)
        take.size_bytes = sum(len(packet.data) for packet in take.packets)
        if self._make_spool:
            take.spool = self._make_spool(take)
            for packet in take.packets:
                take.spool.append(packet)
        self._take = take
        return take

    def _begin(self, session: Session, clip_id: str, from_tick: int, now_s: float) -> Take:
        """A take of what the ring holds, all of it covered by one consent; raises NotCovered."""
        packets = self.ring.since(from_tick)
        now = self.timeline.at(now_s)
        earliest = min((packet.shown_tick for packet in packets), default=ticks(now_s))
        earliest_at = min(now, self.timeline.at(seconds(earliest)))
        answer = session.covers(earliest_at, now)
        if not answer.covered:
            raise NotCovered("record", answer.reason)
        consent_id = answer.consent_id
        return Take(clip_id, session, consent_id, self.timeline, earliest_at, from_tick, packets)

    def add(self, packet: Packet) -> None:
        """Take in the camera's next packet."""
        if not self.ring.add(packet) and not self._held_elsewhere(packet):
            return
        take = self._take
        if take is None:
            return
        at = take.moment(packet.shown_tick)
        if take.until_tick is None and not take.coverage(at).covered:
            self._uncovered(take, at, packet.shown_tick - 1)
        elif take.until_tick is None or packet.shown_tick <= take.until_tick:
            self._record(take, packet)
        over = take.until_tick is not None and packet.decoded_tick > take.until_tick
        if over and self._take is take:
            self._finish(take)

    def stop(self, now_s: float, asked_s: float | None = None, why: str = "stopped") -> None:
        """End the clip with the last frame shown by `asked_s`; raises BadOrder where none runs."""
        if self._take is None:
            raise BadOrder("no clip is being recorded")
        until_s = min(now_s if asked_s is None else asked_s, now_s)
        self._end(self._take, why, ticks(until_s), now_s)

    def check(self, now_s: float) -> None:
        """Look at the time: ends what a silent camera would leave open."""
        take = self._take
        if take is None:
            return
        now = take.moment(ticks(now_s))
        if take.until_tick is None and not take.coverage(now).covered:
            self._uncovered(take, now, ticks(now_s))
        elif take.until_tick is not None and now_s >= take.stop_s + self._limits.patience_s:
            self._finish(take)

    def finished(self) -> Sequence[Take]:
        """The takes that have ended since the last call, oldest first."""
        takes = list(self._finished)
        self._finished.clear()
        return takes

    def _empty(self, now_s: float) -> None:
        self.ring.clear(ticks(now_s + self._limits.camera_delay_s))

    def _held_elsewhere(self, packet: Packet) -> bool:
        """A packet that the ring cannot use may still follow those of a take."""
        return self._take is not None and bool(self._take.packets)

    def _record(self, take: Take, packet: Packet) -> None:
        if not take.packets and not packet.entry:
            return
        take.packets.append(packet)
        take.size_bytes += len(packet.data)
        if take.spool:
            take.spool.append(packet)
        too_long = packet.shown_tick - take.from_tick >= ticks(self._limits.clip_s)
        if take.until_tick is None and (too_long or take.size_bytes >= self._limits.clip_bytes):
            take.notes.append(Note("limit", 1, "The clip reached its longest and was ended."))
            self._end(take, "limit", packet.shown_tick)

    def _uncovered(self, take: Take, at: datetime, until_tick: int) -> None:
        """A consent ended: stop on that frame; revoked, the clip is destroyed."""
        reason = take.coverage(at).reason
        if reason != "revoked":
            self._end(take, reason, until_tick)
            return
        take.packets.clear()
        take.until_tick, take.ended = until_tick, reason
        if take.spool:
            take.spool.discard()
        self._take = None
        self._finished.append(take)

    def _end(self, take: Take, why: str, until_tick: int, stop_s: float | None = None) -> None:
        if take.until_tick is None or until_tick < take.until_tick:
            take.until_tick, take.ended = until_tick, why
            take.stop_s = seconds(until_tick) if stop_s is None else stop_s

    def _finish(self, take: Take) -> None:
        if take.spool:
            take.spool.close()
        self._take = None
        self._finished.append(take)
