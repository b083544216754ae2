"""Cameras that lie, streams without an end or a beginning, disks that are slow or read-only."""

import errno
import os
import socket
import threading
import time
from pathlib import Path

import pytest

from customers.keys import Keys
from mirror import spool as spool_file
from mirror.camera import Patience, VideoSource
from mirror.clips import Clips
from mirror.clock import SystemClock, Timeline
from mirror.cut import cut
from mirror.encode import X264
from mirror.errors import BadSource, BadStream, CameraLost, MirrorError, NoRoom
from mirror.packet import Packet
from mirror.recorder import Recorder
from mirror.spool import SpoolWriter, read_spool
from mirror.take import RecorderLimits
from tests.drawn_camera import Drawing, packets
from tests.drawn_clips import NOON, HandClock
from tests.drawn_network import Server, mjpeg, rtsp
from tests.mirror_sessions import consent_at, session
from tests.paper_desk import PaperDesk, tending, until

MJPEG = "multipart/x-mixed-replace; boundary=f"
SHORT = Patience(open_s=2, read_s=0.7)


def watched(
    address: str, most: int = 10**6, patience: Patience = SHORT
) -> tuple[list[Packet], MirrorError | None]:
    """What a camera gave, and how it ended."""
    source, found = VideoSource(address, SystemClock(), patience), list[Packet]()
    try:
        for packet in source.packets(threading.Event()):
            found.append(packet)
            if len(found) == most:
                return found, None
    except MirrorError as cause:
        return found, cause
    return found, None


def http(body: bytes, kind: str, *, endless: bytes = b"") -> Server:
    def serve(client: socket.socket) -> None:
        client.recv(4096)
        client.sendall(f"HTTP/1.0 200 OK\r\nContent-Type: {kind}\r\n\r\n".encode() + body)
        while endless:
            client.sendall(endless)

    return Server(serve)


@pytest.mark.parametrize(
    "kind", ["multipart/x-mixed-replace; boundary=f", "video/mp4", "image/png"]
)
@pytest.mark.parametrize("body", [b"", b"no picture at all " * 500, bytes(3000)])
def test_a_camera_that_lies_about_what_it_sends_is_lost_in_words(kind: str, body: bytes) -> None:
    server = http(body, kind)
    found, ended = watched(f"http://127.0.0.1:{server.port}/")
    server.kill()
    assert found == []
    assert isinstance(ended, CameraLost | BadSource | BadStream)
    assert str(server.port) in str(ended)


def test_a_picture_that_never_ends_is_a_lost_camera_and_no_full_memory() -> None:
    head = b"--f\r\nContent-Type: image/jpeg\r\nContent-Length: 2000000000\r\n\r\n"
    endless = http(head, MJPEG, endless=b"\xff\xd8" + bytes(30_000))
    _, ended = watched(f"http://127.0.0.1:{endless.port}/")
    endless.kill()
    assert isinstance(ended, CameraLost)


def test_a_stream_that_ends_before_its_first_frame_is_a_lost_camera(tmp_path: Path) -> None:
    (tmp_path / "empty.mp4").write_bytes(b"")
    found, ended = watched(str(tmp_path / "empty.mp4"))
    assert (found, type(ended)) == ([], BadSource)
    silent = rtsp(packets(5, Drawing()), mute_after=1)
    found, ended = watched(f"rtsp://127.0.0.1:{silent.port}/live")
    silent.kill()
    assert len(found) <= 1
    assert isinstance(ended, CameraLost)


def test_a_raw_camera_whose_pictures_change_size_goes_on_with_another_format() -> None:
    small, large = mjpeg(12, width_px=384), mjpeg(12, width_px=640, height_px=480)
    for camera, width in ((small, 384), (large, 640)):
        found, _ = watched(f"http://127.0.0.1:{camera.port}/", 8, Patience(60, 60))
        camera.kill()
        assert {p.format.width_px for p in found} == {width}


def test_h264_that_changes_size_while_it_is_recorded_stays_one_clip() -> None:
    first = packets(60, Drawing(gop=30), start_tick=0)
    second = packets(60, Drawing(gop=30, width_px=640, height_px=480), start_tick=60 * 3000)
    recorder = Recorder(RecorderLimits(camera_delay_s=0.0), Timeline(NOON, 0.0), None)
    recorder.meet(session(consent_at(0)), 0)
    for packet in first[:30]:
        recorder.add(packet)
    recorder.start("c1", 0.5, 1.0)
    for packet in [*first[30:], *second]:
        recorder.add(packet)
    recorder.stop(4.0)
    recorder.check(5.0)
    (take,) = recorder.finished()
    assert take.until_tick is not None
    footage = cut(take.packets, take.from_tick, take.until_tick, X264)
    assert footage.why_encoded == "format_changed"
    assert footage.frames == 105
    assert (footage.width_px, footage.gaps) == (384, ())


def test_a_clip_stopped_in_the_moment_it_began_is_one_frame_or_said_to_be_none() -> None:
    recorder = Recorder(RecorderLimits(camera_delay_s=0.0), Timeline(NOON, 0.0), None)
    recorder.meet(session(consent_at(0)), 0)
    for packet in packets(60, Drawing(gop=30), start_tick=0):
        recorder.add(packet)
    recorder.start("c1", 0.0, 59 * 3000 / 90_000)
    recorder.stop(59 * 3000 / 90_000)
    recorder.check(10.0)
    (take,) = recorder.finished()
    assert take.until_tick is not None
    assert cut(take.packets, take.from_tick, take.until_tick, X264).frames == 1


def test_a_slow_disk_holds_up_no_camera_and_the_spool_is_whole_in_the_end(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    keys = Keys(tmp_path / "keys")
    keys.make("ana")
    fsync = os.fsync
    monkeypatch.setattr(spool_file.os, "fsync", lambda fd: (time.sleep(0.4), fsync(fd)))
    writer = SpoolWriter(tmp_path / "c1.spool", keys.public("ana"), {"clip_id": "c1"})
    stream = packets(90, Drawing())
    for packet in stream:
        writer.append(packet)
    writer.close()
    writer.wait()
    assert writer.broken == ""
    spooled = read_spool(tmp_path / "c1.spool", lambda w: keys.unwrap("ana", w))
    assert [p.data for p in spooled.packets] == [p.data for p in stream]


def test_a_disk_slower_than_the_camera_costs_the_spool_and_never_the_memory(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    keys, stuck = Keys(tmp_path / "keys"), threading.Event()
    keys.make("ana")
    monkeypatch.setattr(spool_file, "_MAX_WAITING_BYTES", 200_000)
    monkeypatch.setattr(spool_file.os, "fsync", lambda _: stuck.wait(60))
    writer = SpoolWriter(tmp_path / "c1.spool", keys.public("ana"), {"clip_id": "c1"})
    (packet, *_) = packets(2, Drawing())
    for _ in range(2000):
        writer.append(packet)
    assert writer.broken == "slow_disk"
    assert writer._waiting.qsize() < 2000
    stuck.set()
    writer.close()
    writer.wait()


def test_a_read_only_disk_refuses_the_clip_and_says_so(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object) -> None:
        raise OSError(errno.EROFS, os.strerror(errno.EROFS))

    clips = Clips(tmp_path, HandClock(), reserve_bytes=0)
    with monkeypatch.context() as patched:
        patched.setattr("mirror.clips.os.fsync", refuse)
        with pytest.raises(NoRoom):
            clips.receive("c1", "video", [b"sealed"])
    assert list((tmp_path / "files").iterdir()) == []
    clips.close()


def test_a_mirror_whose_disk_became_read_only_records_on_and_says_what_it_lost(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise OSError(errno.EROFS, os.strerror(errno.EROFS))

    desk = PaperDesk(Keys(tmp_path / "keys"))
    camera = rtsp(packets(300, Drawing(gop=10)))
    address = f"rtsp://127.0.0.1:{camera.port}/live"
    with tending(address, desk, tmp_path / "mirror") as attendant:
        desk.visit(consented=True)
        until(lambda: attendant.state().ring_s > 0.4)
        with monkeypatch.context() as patched:
            patched.setattr("mirror.waiting.write_whole", refuse)
            desk.record("c1")
            until(lambda: attendant.state().indicator == "recording")
            desk.stop()
            until(lambda: "c1" in attendant.state().refused)
        assert "cannot be written" in attendant.state().refused["c1"]
        desk.record("c2")  # the disk can be written again
        until(lambda: attendant.state().recording_clip == "c2")
        time.sleep(0.4)
        desk.stop()
        until(lambda: "c2" in desk.kept)
    camera.kill()
