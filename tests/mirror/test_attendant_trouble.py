"""What goes wrong around an attendant: the server, the camera, the clock, the disk."""

import threading
import time
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from mirror.attendant import Attendant, Place
from mirror.camera import VideoSource
from mirror.clock import SystemClock
from mirror.encode import X264
from tests.drawn_camera import Drawing, packets
from tests.drawn_network import rtsp
from tests.paper_desk import PaperDesk, tending, until


def test_a_server_that_is_away_gets_its_clips_later_once_each_sealed_meanwhile(
    desk: PaperDesk, address: str, tmp_path: Path
) -> None:
    folder = tmp_path / "mirror"
    with tending(address, desk, folder) as attendant:
        desk.visit(consented=True)
        until(lambda: attendant.state().ring_s > 0.5)
        desk.record("c1", pre_roll_s=0.3)
        until(lambda: attendant.state().indicator == "recording")
        time.sleep(0.3)
        desk.stop()
        desk.refuses = "server_error"
        until(lambda: attendant.state().waiting == ("c1",))
        desk.away = True
        for path in (folder / "waiting").iterdir():
            assert b"ftyp" not in path.read_bytes()
    assert desk.kept == {}
    desk.away, desk.refuses = False, ""
    with tending(address, desk, folder):  # a new start of the mirror finds what waits
        until(lambda: "c1" in desk.kept)
    assert desk.deliveries == 1
    assert len(desk.numbers("c1", tmp_path)) >= 15


def test_a_camera_that_comes_back_is_recorded_on_and_the_gap_is_in_the_clip(
    desk: PaperDesk, tmp_path: Path
) -> None:
    sent = packets(300, Drawing(gop=10))
    camera = rtsp(sent)
    with tending(f"rtsp://127.0.0.1:{camera.port}/live", desk, tmp_path / "mirror") as attendant:
        desk.visit(consented=True)
        until(lambda: attendant.state().ring_s > 0.5)
        desk.record("c1")
        until(lambda: attendant.state().indicator == "recording")
        time.sleep(0.5)
        camera.kill()
        until(lambda: not attendant.state().camera_ok)
        assert attendant.state().last_gap_at is not None
        camera = rtsp(sent, port=camera.port)
        until(lambda: attendant.state().camera_ok)
        time.sleep(0.7)
        desk.stop()
        until(lambda: "c1" in desk.kept)
    camera.kill()
    clip = desk.kept["c1"][0]
    assert "camera_lost" in [gap.reason for gap in clip.gaps]
    assert len(desk.numbers("c1", tmp_path)) == clip.frames


class WrongClock(SystemClock):
    """A wall clock that is an hour off and is set by another day every second."""

    def now(self) -> datetime:
        return super().now() + timedelta(hours=1, days=int(self.monotonic_s()) % 3)


def test_a_mirror_whose_wall_clock_is_wrong_and_jumps_records_what_was_asked(
    desk: PaperDesk, address: str, tmp_path: Path
) -> None:
    with tending(address, desk, tmp_path / "mirror", WrongClock()) as attendant:
        desk.visit(consented=True)
        until(lambda: attendant.state().ring_s > 0.5)
        desk.record("c1", pre_roll_s=0.2)
        until(lambda: attendant.state().indicator == "recording")
        time.sleep(1.2)
        desk.stop()
        until(lambda: "c1" in desk.kept)
    clip, asked = desk.kept["c1"][0], desk.recording
    assert asked is not None
    assert asked.stopped_at is not None
    lead_s = (clip.started_at - (asked.asked_at - timedelta(seconds=0.2))).total_seconds()
    assert -0.02 <= lead_s <= 0.06
    assert abs((asked.stopped_at - clip.ended_at).total_seconds()) <= 0.06
    assert clip.gaps == ()


def test_a_full_disk_refuses_the_clip_and_says_so(
    desk: PaperDesk, address: str, tmp_path: Path
) -> None:
    clock = SystemClock()
    place = Place(tmp_path / "mirror", reserve_bytes=2**62)
    attendant = Attendant(VideoSource(address, clock), desk, clock, place, X264)
    stop = threading.Event()
    thread = threading.Thread(target=attendant.run, args=(stop,))
    thread.start()
    desk.visit(consented=True)
    until(lambda: attendant.state().ring_s > 0.5)
    desk.record("c1")
    until(lambda: "no room" in attendant.state().refused.get("c1", ""))
    assert attendant.state().indicator == "ready"
    stop.set()
    thread.join()
    assert list((tmp_path / "mirror" / "waiting").iterdir()) == []


@pytest.mark.soak
@pytest.mark.timeout(3600)
def test_fifty_losses_of_the_camera(desk: PaperDesk, tmp_path: Path) -> None:
    sent = packets(300, Drawing(gop=10))
    camera = rtsp(sent)
    missed_s, back_s = [], []
    with tending(f"rtsp://127.0.0.1:{camera.port}/live", desk, tmp_path / "mirror") as attendant:
        desk.visit(consented=True)
        until(lambda: attendant.state().ring_s > 0.5)
        for turn in range(50):
            clip_id = f"c{turn}"
            desk.record(clip_id)
            until(lambda: attendant.state().indicator == "recording")
            time.sleep(0.4)
            start_s = time.monotonic()
            camera.kill()
            until(lambda: not attendant.state().camera_ok)
            missed_s.append(time.monotonic() - start_s)
            start_s = time.monotonic()
            camera = rtsp(sent, port=camera.port)
            until(lambda: attendant.state().camera_ok)
            back_s.append(time.monotonic() - start_s)
            time.sleep(0.4)
            desk.stop()
            until(lambda name=clip_id: name in desk.kept)
            clip = desk.kept[clip_id][0]
            assert "camera_lost" in [gap.reason for gap in clip.gaps]
            assert len(desk.numbers(clip_id, tmp_path)) == clip.frames
    camera.kill()
    assert max(missed_s) <= 2
    assert max(back_s) <= 3


def test_a_spool_that_nobody_can_make_a_clip_of_is_said_and_holds_up_no_other(
    desk: PaperDesk, address: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    waiting = tmp_path / "mirror" / "waiting"
    waiting.mkdir(parents=True)
    (waiting / "odd.spool").mkdir()  # no file at all: nobody foresaw it
    with tending(address, desk, tmp_path / "mirror") as attendant:
        until(lambda: "odd" in attendant.state().refused)
        assert attendant.state().making == ()
        desk.visit(consented=True)
        until(lambda: attendant.state().ring_s > 0.5)
        desk.record("c1")
        until(lambda: attendant.state().indicator == "recording")
        time.sleep(0.3)
        desk.stop()
        until(lambda: "c1" in desk.kept)
