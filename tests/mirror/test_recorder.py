from collections.abc import Iterable
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from customers.consent import AgeStatement, Consent, Purpose
from customers.errors import NotCovered
from mirror.clock import Timeline, ticks
from mirror.errors import BadOrder
from mirror.packet import Packet, StreamFormat
from mirror.recorder import Recorder
from mirror.session import Session
from mirror.take import RecorderLimits, Take

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
FORMAT = StreamFormat(64, 48, (b"sps",), (b"pps",))
LIMITS = RecorderLimits(camera_delay_s=0.1, clip_s=20)


class MemorySpool:
    """Stands for the disk: what it holds is what a disk would hold."""

    def __init__(self) -> None:
        self.packets: list[Packet] = []
        self.broken = ""
        self.open = True

    def append(self, packet: Packet) -> None:
        self.packets.append(packet)

    def close(self) -> None:
        self.open = False

    def discard(self) -> None:
        self.packets.clear()
        self.open = False

    def wait(self) -> None:
        assert not self.open


class Stage:
    """A recorder before a camera of 30 frames a second with a key every third of a second."""

    def __init__(self, limits: RecorderLimits = LIMITS) -> None:
        self.spools: list[MemorySpool] = []
        self.recorder = Recorder(limits, Timeline(NOON, 0.0), self.spool)
        self.frame = 0

    def spool(self, take: Take) -> MemorySpool:
        self.spools.append(MemorySpool())
        return self.spools[-1]

    @property
    def now_s(self) -> float:
        return self.frame / 30

    def run(self, frames: int) -> None:
        for _ in range(frames):
            tick = ticks(self.frame / 30)
            key = self.frame % 10 == 0
            self.recorder.add(Packet(b"x" * 50, tick, tick, key, key, FORMAT))
            self.frame += 1

    def on_disk(self) -> list[int]:
        return [frame_of(p) for spool in self.spools for p in spool.packets]


def frame_of(packet: Packet) -> int:
    return round(packet.shown_tick * 30 / 90_000)


def consent_at(second: float, **changes: object) -> Consent:
    consent = Consent(
        "co1", "cu1", "v1", "m1", frozenset({Purpose.RECORD}), "I agree.", "en",
        NOON + timedelta(seconds=second), NOON + timedelta(hours=1), "Ana", AgeStatement.OF_AGE,
    )  # fmt: skip
    return replace(consent, **changes)  # type: ignore[arg-type]  # a test's shorthand


def session(*consents: Consent, visit: str = "v1") -> Session:
    return Session("m1", visit, "cu1", b"p" * 32, consents)


def frames(takes: Iterable[Take]) -> list[int]:
    return [frame_of(p) for take in takes for p in take.packets]


def test_without_a_visit_or_a_consent_nothing_is_recorded() -> None:
    stage = Stage()
    stage.run(60)
    with pytest.raises(BadOrder):
        stage.recorder.start("c1", 1, stage.now_s)
    stage.recorder.meet(session(), stage.now_s)
    stage.run(60)
    with pytest.raises(NotCovered) as caught:
        stage.recorder.start("c1", 1, stage.now_s)
    assert caught.value.reason == "no_consent"
    assert stage.on_disk() == []


def test_pre_roll_never_reaches_before_the_consent_nor_into_the_camera_s_delay() -> None:
    stage = Stage()
    stage.recorder.meet(session(), 0)
    stage.run(60)
    stage.recorder.meet(session(consent_at(2)), stage.now_s)
    stage.run(30)
    stage.recorder.start("c1", 60, stage.now_s)
    # Frame 60 is seen at the consent's moment; 0.1 s of delay make 63 the first one certain, and
    # the first key after it is 70.
    assert min(stage.on_disk()) == 70


def test_pre_roll_never_reaches_into_the_visit_before() -> None:
    stage = Stage()
    stage.recorder.meet(session(consent_at(0)), 0)
    stage.run(100)
    hers = consent_at(0, id="co2", visit_id="v2")
    stage.recorder.meet(session(hers, visit="v2"), stage.now_s)
    stage.run(30)
    stage.recorder.start("c2", 60, stage.now_s)
    assert min(stage.on_disk()) == 110


def test_a_clip_holds_the_pre_roll_and_ends_with_the_stop() -> None:
    stage = Stage()
    stage.recorder.meet(session(consent_at(0)), 0)
    stage.run(100)
    take = stage.recorder.start("c1", 1, stage.now_s)
    assert take.from_tick == ticks(70 / 30)
    assert stage.recorder.recording
    stage.run(50)
    stage.recorder.stop(stage.now_s - 1 / 30)
    stage.run(2)
    (ended,) = stage.recorder.finished()
    assert frames([ended]) == list(range(70, 150))
    assert ended.ended == "stopped"
    assert not stage.recorder.recording


def test_a_stop_waits_for_reordered_frames_and_not_for_ever() -> None:
    stage = Stage()
    stage.recorder.meet(session(consent_at(0)), 0)
    stage.run(31)
    stage.recorder.start("c1", 0, stage.now_s)
    stage.run(10)
    stage.recorder.stop(stage.now_s)
    stage.recorder.check(stage.now_s + 0.1)
    assert stage.recorder.finished() == []
    stage.recorder.check(stage.now_s + 0.6)  # the camera sends nothing more
    assert len(stage.recorder.finished()) == 1


def test_a_consent_revoked_while_recording_destroys_the_clip() -> None:
    stage = Stage()
    stage.recorder.meet(session(consent_at(0)), 0)
    stage.run(60)
    stage.recorder.start("c1", 1, stage.now_s)
    stage.run(30)
    revoked = consent_at(0, revoked_at=NOON + timedelta(seconds=stage.now_s))
    stage.recorder.meet(session(revoked), stage.now_s)
    stage.run(1)
    (ended,) = stage.recorder.finished()
    assert (ended.ended, ended.packets) == ("revoked", [])
    assert stage.on_disk() == []
    assert stage.recorder.ring.size_bytes == 0


def test_a_consent_that_expires_while_recording_ends_the_clip_on_that_frame() -> None:
    stage = Stage()
    stage.recorder.meet(session(consent_at(0, until_at=NOON + timedelta(seconds=3))), 0)
    stage.run(60)
    stage.recorder.start("c1", 0, stage.now_s)
    stage.run(60)
    (ended,) = stage.recorder.finished()
    assert ended.ended == "expired"
    assert max(frames([ended])) == 89
    assert max(stage.on_disk()) == 89


def test_a_silent_camera_does_not_keep_a_clip_open_past_its_consent() -> None:
    stage = Stage()
    stage.recorder.meet(session(consent_at(0, until_at=NOON + timedelta(seconds=3))), 0)
    stage.run(60)
    stage.recorder.start("c1", 0, stage.now_s)
    stage.recorder.check(3.5)
    stage.recorder.check(4.1)
    (ended,) = stage.recorder.finished()
    assert ended.ended == "expired"


def test_the_visit_s_end_ends_the_clip() -> None:
    stage = Stage()
    stage.recorder.meet(session(consent_at(0)), 0)
    stage.run(60)
    stage.recorder.start("c1", 0, stage.now_s)
    stage.run(15)
    stage.recorder.meet(None, stage.now_s)
    stage.run(15)
    (ended,) = stage.recorder.finished()
    assert ended.ended == "visit_ended"
    assert max(frames([ended])) <= 75


def test_a_second_clip_waits_for_the_first_and_a_stop_needs_a_start() -> None:
    stage = Stage()
    stage.recorder.meet(session(consent_at(0)), 0)
    stage.run(60)
    with pytest.raises(BadOrder):
        stage.recorder.stop(stage.now_s)
    stage.recorder.start("c1", 0, stage.now_s)
    with pytest.raises(BadOrder):
        stage.recorder.start("c2", 0, stage.now_s)
    with pytest.raises(BadOrder):
        stage.recorder.start("c3", 61, stage.now_s)


def test_a_clip_that_nobody_stops_ends_at_its_limit_and_says_so() -> None:
    stage = Stage()
    stage.recorder.meet(session(consent_at(0)), 0)
    stage.run(60)
    stage.recorder.start("c1", 0, stage.now_s)
    stage.run(700)
    (ended,) = stage.recorder.finished()
    assert ended.ended == "limit"
    assert [note.code for note in ended.notes] == ["limit"]
    assert len(ended.packets) <= 20 * 30 + 11
