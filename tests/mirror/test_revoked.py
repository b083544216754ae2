"""A consent taken back while a clip is running, in the recorder and through the server's desk."""

import time
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from customers.keys import Keys
from mirror.clock import Timeline
from mirror.recorder import Recorder
from mirror.take import RecorderLimits
from tests.drawn_camera import Drawing, film, packets
from tests.drawn_clips import NOON
from tests.little_studio import LittleStudio
from tests.mirror_sessions import consent_at, session
from tests.paper_desk import PaperDesk, tending, until


def running() -> Recorder:
    recorder = Recorder(RecorderLimits(camera_delay_s=0.0), Timeline(NOON, 0.0), None)
    recorder.meet(session(consent_at(0)), 0)
    stream = packets(120, Drawing(gop=30), start_tick=0)
    for packet in stream[:60]:
        recorder.add(packet)
    recorder.start("c1", 1.0, 2.0)
    for packet in stream[60:]:
        recorder.add(packet)
    return recorder


def test_a_revocation_heard_of_destroys_at_once_whatever_the_clock_says() -> None:
    recorder = running()
    # The mirror's time lags behind the server's: by its own it would still be covered.
    recorder.meet(session(consent_at(0, revoked_at=NOON + timedelta(seconds=4.5))), 4.0)
    (take,) = recorder.finished()
    assert (take.ended, take.packets) == ("revoked", [])
    assert not recorder.recording


def test_who_keeps_what_was_recorded_has_it_up_to_the_moment_of_revoking() -> None:
    recorder = running()
    revoked = session(consent_at(0, revoked_at=NOON + timedelta(seconds=3.5)))
    recorder.meet(revoked, 4.0, keeps=True)
    recorder.stop(4.0, 3.5 - 1e-3)
    recorder.check(5.0)
    (take,) = recorder.finished()
    assert take.ended == "stopped"
    assert take.until_tick is not None
    assert take.until_tick / 90_000 < 3.5


def test_another_consent_taken_back_touches_no_clip() -> None:
    recorder = running()
    other = consent_at(1, id="co2", revoked_at=NOON + timedelta(seconds=3))
    recorder.meet(session(consent_at(0), other), 4.0)
    assert recorder.recording
    assert recorder.finished() == []


@pytest.mark.parametrize("keeps", [False, True])
def test_the_server_ends_or_destroys_the_running_clip_as_she_chose(
    tmp_path: Path, keeps: bool
) -> None:
    little = LittleStudio(tmp_path)
    studio, visit = little.studio, little.visits["ana"]
    (consent, *_) = studio.customers.consents_of_visit(visit.id)
    clip_id = studio.ask(visit, 0.0)
    revoked = studio.revoke(consent.id, keep_recorded=keeps)
    order = studio.mirrors.order(clip_id)
    assert revoked.revoked_at is not None
    assert order.outcome == ("" if keeps else "gone")
    stopped_at = order.recording.stopped_at
    assert (stopped_at is not None and stopped_at < revoked.revoked_at) is keeps
    little.studio.close()


def test_what_she_keeps_is_delivered_and_ends_before_she_revoked(tmp_path: Path) -> None:
    path = film(tmp_path / "film.mp4", range(300), Drawing(gop=10))
    desk = PaperDesk(Keys(tmp_path / "keys"))
    with tending(str(path), desk, tmp_path / "mirror") as attendant:
        desk.visit(consented=True)
        until(lambda: attendant.state().ring_s > 0.5)
        desk.record("c1")
        until(lambda: attendant.state().indicator == "recording")
        time.sleep(0.6)
        now = datetime.now(UTC)
        assert desk.session is not None
        assert desk.recording is not None
        hers = replace(desk.session.consents[0], revoked_at=now)
        wish = replace(desk.recording, stopped_at=now - timedelta(milliseconds=1))
        desk.session, desk.recording = replace(desk.session, consents=(hers,)), wish
        until(lambda: "c1" in desk.kept)
    clip = desk.kept["c1"][0]
    assert clip.frames >= 10
    last_frame_at = clip.ended_at - (clip.ended_at - clip.started_at) / clip.frames
    assert last_frame_at < now
