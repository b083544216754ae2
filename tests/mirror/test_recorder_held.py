"""What is held is nowhere: not in the ring, not on the disk, not in the clip."""

import io
from collections.abc import Sequence
from dataclasses import replace

import av

from mirror.clip import Footage
from mirror.clock import Timeline
from mirror.cut import cut
from mirror.encode import X264
from mirror.guard import Sight, Watch
from mirror.packet import Packet
from mirror.recorder import Recorder
from mirror.take import RecorderLimits, Take
from tests.drawn_camera import Drawing, packets, read_counter
from tests.drawn_clips import NOON
from tests.mirror_sessions import consent_at, session

STEP = 3000
LIMITS = RecorderLimits(camera_delay_s=0.0, clip_s=60)


class Stage:
    """A recorder that is watched, before a drawn camera of 30 frames a second."""

    def __init__(self, drawing: Drawing, watch: Watch = Watch.PAUSE) -> None:
        self.recorder = Recorder(LIMITS, Timeline(NOON, 0.0), None, watch)
        self.recorder.meet(session(consent_at(0)), 0)
        self.stream = packets(600, drawing, start_tick=0)
        self.sent = 0

    def run(self, until: int, persons: int | None) -> None:
        """Send frames up to number `until`, counting every eighth of a decoder that lags by 4."""
        while self.sent < until:
            packet = self.stream[self.sent]
            self.recorder.add(packet)
            self.sent += 1
            if self.sent % 8 == 0:
                tick = (self.sent - 4) * STEP
                self.recorder.see(Sight(tick, persons), self.now_s)

    @property
    def now_s(self) -> float:
        return self.sent / 30


def numbers(footage: Footage) -> list[int]:
    with av.open(io.BytesIO(footage.mp4), options={"ignore_editlist": "1"}) as container:
        return [read_counter(f.to_ndarray(format="bgr24")) for f in container.decode(video=0)]


def clip_of(stage: Stage) -> tuple[Take, Footage]:
    stage.recorder.stop(stage.now_s)
    stage.recorder.check(stage.now_s + 1)
    (take,) = stage.recorder.finished()
    assert take.until_tick is not None
    return take, cut(take.packets, take.from_tick, take.until_tick, X264, take.holes)


def held_numbers(packets_: Sequence[Packet]) -> set[int]:
    return {packet.shown_tick // STEP for packet in packets_}


def test_frames_of_the_pause_are_in_no_clip_and_the_gap_says_why() -> None:
    stage = Stage(Drawing(gop=30))
    stage.run(100, 1)
    stage.recorder.start("c1", 1.0, stage.now_s)
    stage.run(160, 1)
    stage.run(200, 2)
    assert stage.recorder.held == "second_person"
    assert stage.recorder.ring.size_bytes == 0
    stage.recorder.confirm(0.0, stage.now_s)  # said before anybody was seen: of somebody else
    assert stage.recorder.held
    stage.run(290, 2)
    stage.recorder.confirm(stage.now_s, stage.now_s)
    stage.run(400, 2)
    take, footage = clip_of(stage)
    # 160 is in the middle of two samples: 156 was the last one that showed her alone.
    assert numbers(footage) == [*range(70, 157), *range(300, 400)]
    assert not held_numbers(take.packets) & set(range(160, 300))
    assert [gap.reason for gap in footage.gaps] == ["second_person"]
    assert footage.copied_frames > 120


def test_reordered_frames_end_exactly_where_the_hold_begins() -> None:
    stage = Stage(Drawing(gop=60, bframes=3))
    stage.run(70, 1)
    stage.recorder.start("c1", 0.5, stage.now_s)
    stage.run(123, 1)
    stage.run(200, 2)
    stage.recorder.confirm(stage.now_s, stage.now_s)
    stage.run(300, 1)
    _, footage = clip_of(stage)
    found = numbers(footage)
    assert found[0] == 55
    hold = stage.stream[0].shown_tick  # the camera's first frame is shown a little late
    end = (120 - 4) - hold // STEP
    assert found[: found.index(end) + 1] == list(range(55, end + 1))
    assert found[found.index(end) + 1] >= 200


def test_a_clip_asked_for_in_company_begins_only_once_it_is_confirmed() -> None:
    stage = Stage(Drawing(gop=30))
    stage.run(60, 2)
    stage.recorder.start("c1", 5.0, stage.now_s)
    stage.run(130, 2)
    stage.recorder.confirm(stage.now_s, stage.now_s)
    stage.run(200, 2)
    _, footage = clip_of(stage)
    assert numbers(footage) == list(range(150, 200))


def test_a_watch_that_went_blind_holds_and_goes_on_by_itself() -> None:
    stage = Stage(Drawing(gop=30))
    stage.run(60, 1)
    stage.recorder.start("c1", 0.0, stage.now_s)
    stage.run(100, 1)
    stage.run(180, None)
    assert stage.recorder.held == "unwatched"
    stage.run(300, 1)
    assert not stage.recorder.held
    _, footage = clip_of(stage)
    assert numbers(footage) == [*range(60, 93), *range(210, 300)]  # 92 was the last one counted
    assert [gap.reason for gap in footage.gaps] == ["unwatched"]


def test_without_consent_nobody_is_counted() -> None:
    stage = Stage(Drawing(gop=30))
    assert stage.recorder.watched(1.0)
    stage.recorder.meet(session(), 1.0)
    assert not stage.recorder.watched(1.0)
    hers = replace(consent_at(0), revoked_at=NOON)
    stage.recorder.meet(session(hers), 1.0)
    assert not stage.recorder.watched(1.0)
    assert not Stage(Drawing(gop=30), Watch.OFF).recorder.watched(1.0)


def test_a_hold_that_nobody_ends_does_not_keep_a_clip_open_for_ever() -> None:
    stage = Stage(Drawing(gop=30))
    stage.run(90, 1)
    stage.recorder.start("c1", 0.0, stage.now_s)
    stage.run(200, 2)
    stage.recorder.check(stage.now_s + 130)
    stage.recorder.check(stage.now_s + 140)
    (take,) = stage.recorder.finished()
    assert take.ended == "limit"
