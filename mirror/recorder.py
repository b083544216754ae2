"""Decides, packet by packet, what is recorded.

Promises: the ring is emptied when a visit starts and when a consent begins to cover; pre-roll never
reaches before either. No packet is handed to a disk unless customers/consent covers its moment. A
consent that ends while recording ends the clip on that frame; a revoked one destroys it. While the
guard holds nothing is recorded, and the ring is empty (mirror/guard).
"""

from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import datetime

from customers.errors import NotCovered
from mirror.clip import Note
from mirror.clock import Timeline, seconds, ticks
from mirror.errors import BadOrder
from mirror.guard import Guard, Sight, Watch
from mirror.hole import trim
from mirror.packet import Packet
from mirror.ring import Ring
from mirror.session import Session
from mirror.take import MAX_PRE_ROLL_S, RecorderLimits, SpoolMaker, Take

_NEVER_TICK = 2**62


class Recorder:
    """The ring, the session before the mirror, and at most one take. Not thread-safe."""

    def __init__(
        self,
        limits: RecorderLimits,
        timeline: Timeline,
        make_spool: SpoolMaker | None,
        watch: Watch = Watch.OFF,
    ) -> None:
        self._limits, self._make_spool = limits, make_spool
        self._guard = Guard(watch)
        self._held_since_s = 0.0
        self._waits_for_entry = False
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
    def _longest_s(self) -> float:
        return self._limits.clip_s + MAX_PRE_ROLL_S

    @property
    def held(self) -> str:
        """Why nothing is recorded though she agreed ("" where nothing is in the way)."""
        return self._guard.held.reason if self._guard.held else ""

    def watched(self, now_s: float) -> bool:
        """True while persons are to be counted: she has agreed, and the operator wants it."""
        now = self.timeline.at(now_s)
        return bool(self._guard.watching and self.session and self.session.covers(now, now).covered)

    @property
    def take(self) -> Take | None:
        """The take in the making."""
        return self._take

    def meet(self, session: Session | None, now_s: float, *, keeps: bool = False) -> None:
        """Hear which visit is before the mirror, and its consents as they stand now.

        A revoked one destroys the running clip at once, whatever a clock says, unless she `keeps`
        what was recorded until then: that is for a stop to end.
        """
        old, self.session = self.session, session
        old_visit = old.visit_id if old else ""
        now = self.timeline.at(now_s)
        if old_visit != (session.visit_id if session else ""):
            if self._take:
                self._end(self._take, "visit_ended", ticks(now_s))
            self._empty(now_s)
            self._guard.restart()
        elif session and old and old.covers(now, now).covered != session.covers(now, now).covered:
            self._empty(now_s)
            self._guard.restart()
        if self._take and session:
            self._take.session = session
            if self._take.until_tick is None and self._take.revoked and not keeps:
                self._destroy(self._take, ticks(now_s))

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
        if self._guard.held:
            take.holes.append(self._guard.held)
        self._waits_for_entry = not take.packets
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
        if packet.resumes:
            self._guard.resume_at(packet.shown_tick)
        elif self.watched(seconds(packet.shown_tick)):
            self._guarded(lambda: self._guard.miss(packet.shown_tick), seconds(packet.shown_tick))
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

    def see(self, sight: Sight, now_s: float) -> None:
        """Hear how many persons a frame showed."""
        if self.watched(now_s):
            self._guarded(lambda: self._guard.see(sight, self.recording), now_s)

    def confirm(self, asked_s: float, now_s: float) -> None:
        """Go on where the recording was held before `asked_s`; a later hold is another matter."""
        if self._guard.held and asked_s >= self._held_since_s:
            self._guarded(self._guard.confirm, now_s)

    def _guarded(self, act: Callable[[], None], now_s: float) -> None:
        """Let the guard think, and do what it came to."""
        before = self._guard.held
        act()
        after = self._guard.held
        if after and not before:
            self._held_since_s = now_s
            self.ring.clear(_NEVER_TICK)
            if self._take and self._take.until_tick is None:
                self._take.size_bytes -= trim(self._take.packets, after.from_tick)
                self._take.holes.append(after)
                if self._take.spool:
                    self._take.spool.hold(after)
        elif before and after and self._take and before in self._take.holes:
            self._take.holes[self._take.holes.index(before)] = after  # it is known better now
        elif before and not after:
            self._waits_for_entry = True
            self.ring.clear(ticks(now_s))

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
        elif take.until_tick is None and ticks(now_s) - take.from_tick > ticks(
            self._limits.clip_s + 60
        ):
            self._end(take, "limit", ticks(now_s))  # held, or the camera is silent: not for ever
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
        return self._take is not None and not self._guard.held and not self._waits_for_entry

    def _record(self, take: Take, packet: Packet) -> None:
        if self._guard.held or (self._waits_for_entry and not packet.entry):
            return
        if self._waits_for_entry and take.holes:
            packet = replace(packet, resumes=True)
        self._waits_for_entry = False
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
        if reason == "revoked":
            self._destroy(take, until_tick)
        else:
            self._end(take, reason, until_tick)

    def _destroy(self, take: Take, until_tick: int) -> None:
        take.packets.clear()
        take.until_tick, take.ended = until_tick, "revoked"
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
