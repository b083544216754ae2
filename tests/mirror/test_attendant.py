import time
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from mirror.desk import Recording
from tests.paper_desk import PaperDesk, tending, until


def test_from_camera_to_server_a_clip_holds_what_was_asked(
    desk: PaperDesk, address: str, tmp_path: Path
) -> None:
    folder = tmp_path / "mirror"
    with tending(address, desk, folder) as attendant:
        until(lambda: attendant.state().frames_per_s > 20)
        desk.visit(consented=True)
        until(lambda: attendant.state().ring_s > 1.0)
        desk.record("c1", pre_roll_s=0.5)
        until(lambda: attendant.state().indicator == "recording")
        time.sleep(0.7)
        desk.stop()
        until(lambda: "c1" in desk.kept)
        until(lambda: attendant.state().waiting == ())  # a moment after the server has it
    found = desk.numbers("c1", tmp_path)
    assert found == list(range(found[0], found[0] + len(found)))
    clip = desk.kept["c1"][0]
    asked = desk.recording
    assert asked is not None
    assert asked.stopped_at is not None
    # To the frame: the first one at or after the asked start, the last one at or before the stop.
    lead_s = (clip.started_at - (asked.asked_at - timedelta(seconds=0.5))).total_seconds()
    tail_s = (asked.stopped_at - clip.ended_at).total_seconds()
    assert -0.02 <= lead_s <= 0.06
    assert -0.06 <= tail_s <= 0.06
    assert set(desk.kept["c1"][1]) == {"video", "thumbnail", "sprite"}
    assert list((folder / "waiting").iterdir()) == []
    assert desk.deliveries == 1


def test_without_consent_no_byte_of_a_frame_reaches_the_disk(
    desk: PaperDesk, address: str, tmp_path: Path
) -> None:
    folder = tmp_path / "mirror"
    with tending(address, desk, folder) as attendant:
        desk.visit(consented=False)
        until(lambda: attendant.state().ring_s > 0.5)
        desk.record("c1", pre_roll_s=5)
        until(lambda: "c1" in attendant.state().refused)
        assert attendant.state().indicator == "ready"
        assert list((folder / "waiting").iterdir()) == []
    assert desk.kept == {}


def test_a_clip_stopped_before_the_mirror_heard_of_it_comes_from_the_ring(
    desk: PaperDesk, address: str, tmp_path: Path
) -> None:
    with tending(address, desk, tmp_path / "mirror") as attendant:
        desk.visit(consented=True)
        until(lambda: attendant.state().ring_s > 1)
        now = datetime.now(UTC)
        start = now - timedelta(seconds=0.6)
        desk.recording = Recording("c1", start, 0.2, now - timedelta(seconds=0.2))
        until(lambda: "c1" in desk.kept)
        desk.recording = Recording("c2", now - timedelta(hours=1), 0.0, now - timedelta(minutes=59))
        until(lambda: "c2" in attendant.state().refused)  # before this mirror was there
    assert 17 <= len(desk.numbers("c1", tmp_path)) <= 19
    assert list((tmp_path / "mirror" / "waiting").iterdir()) == []


def test_a_revoked_consent_destroys_the_running_clip(
    desk: PaperDesk, address: str, tmp_path: Path
) -> None:
    folder = tmp_path / "mirror"
    with tending(address, desk, folder) as attendant:
        desk.visit(consented=True)
        until(lambda: attendant.state().ring_s > 0.5)
        desk.record("c1")
        until(lambda: list((folder / "waiting").glob("*.spool")))
        assert desk.session is not None
        revoked = replace(desk.session.consents[0], revoked_at=datetime.now(UTC))
        desk.session = replace(desk.session, consents=(revoked,))
        until(lambda: "c1" in attendant.state().refused)
        until(lambda: not list((folder / "waiting").iterdir()))
    assert desk.kept == {}


def test_what_she_had_forgotten_is_destroyed_on_the_mirror_too(
    desk: PaperDesk, address: str, tmp_path: Path
) -> None:
    folder = tmp_path / "mirror"
    with tending(address, desk, folder) as attendant:
        desk.visit(consented=True)
        until(lambda: attendant.state().ring_s > 0.5)
        desk.refuses = "server_error"
        desk.record("c1")
        until(lambda: attendant.state().indicator == "recording")
        time.sleep(0.4)
        desk.stop()
        until(lambda: attendant.state().waiting == ("c1",))
        desk.destroy = ("c1",)
        until(lambda: not list((folder / "waiting").iterdir()))
    assert desk.kept == {}


@pytest.mark.parametrize("clip_id", ["../escape", "a/b", "", "x" * 65])
def test_an_id_that_is_no_id_reaches_no_file(
    desk: PaperDesk, address: str, tmp_path: Path, clip_id: str
) -> None:
    (tmp_path / "escape.json").write_text("not ours")
    with tending(address, desk, tmp_path / "mirror") as attendant:
        desk.visit(consented=True)
        desk.destroy = (clip_id,)
        until(lambda: attendant.state().ring_s > 0.3)
        desk.record(clip_id)
        until(lambda: clip_id in attendant.state().refused)
    assert (tmp_path / "escape.json").read_text() == "not ours"
    assert desk.kept == {}
