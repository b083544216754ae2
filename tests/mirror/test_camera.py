import io
import threading
import time
from itertools import islice, pairwise
from pathlib import Path

import av
import pytest

from mirror.camera import Patience, VideoSource
from mirror.clip import Making
from mirror.clock import TICKS_PER_S, SystemClock
from mirror.cut import cut
from mirror.encode import X264
from mirror.errors import BadSource, CameraLost
from mirror.packet import Packet
from tests.drawn_camera import Drawing, film, packets, read_counter
from tests.drawn_network import mjpeg, rtsp

PATIENT = Patience(open_s=60, read_s=60)  # for cameras that end their line, and slow machines


def taken(source: VideoSource, count: int) -> list[Packet]:
    """The first `count` packets; the camera is left properly."""
    found = source.packets(threading.Event())
    try:
        return list(islice(found, count))
    finally:
        found.close()  # type: ignore[attr-defined]  # a generator


def numbers(stream: list[Packet]) -> list[int]:
    shown = sorted(packet.shown_tick for packet in stream)
    footage = cut(stream, shown[0], shown[-1], X264)
    with av.open(io.BytesIO(footage.mp4), options={"ignore_editlist": "1"}) as container:
        return [read_counter(f.to_ndarray(format="bgr24")) for f in container.decode(video=0)]


def test_a_file_is_played_in_real_time_and_copied(tmp_path: Path) -> None:
    path = film(tmp_path / "film.mp4", range(60), Drawing(gop=30, bframes=2))
    start_s = time.monotonic()
    stream = taken(VideoSource(str(path), SystemClock()), 31)
    assert time.monotonic() - start_s > 0.9
    assert stream[0].key
    assert stream[0].resumes
    assert not any(packet.resumes for packet in stream[1:])
    assert numbers(stream)[:28] == list(range(28))


def test_a_file_that_ends_begins_anew_with_time_going_on(tmp_path: Path) -> None:
    path = film(tmp_path / "film.mp4", range(10), Drawing(gop=10))
    stream = taken(VideoSource(str(path), SystemClock()), 25)
    steps = [b.shown_tick - a.shown_tick for a, b in pairwise(stream)]
    assert all(0 < step < 60 * TICKS_PER_S for step in steps)
    assert numbers(stream) == [*range(10), *range(10), *range(5)]


def test_a_file_that_shall_not_loop_is_lost_at_its_end(tmp_path: Path) -> None:
    path = film(tmp_path / "film.mp4", range(10), Drawing(gop=10))
    with pytest.raises(CameraLost, match="ended"):
        list(VideoSource(str(path), SystemClock(), loop=False).packets(threading.Event()))


def test_rtsp_is_copied_packet_for_packet_with_its_counter_unbroken() -> None:
    sent = packets(300, Drawing(width_px=640, height_px=480, gop=15))
    server = rtsp(sent)
    try:
        stream = taken(
            VideoSource(f"rtsp://127.0.0.1:{server.port}/live", SystemClock(), PATIENT), 40
        )
    finally:
        server.kill()
    assert {packet.data for packet in stream} <= {packet.data for packet in sent}
    found = numbers(stream)
    assert found == list(range(found[0], found[0] + 40))
    shown = [packet.shown_tick for packet in stream]
    footage = cut(stream, shown[3], shown[-1], X264)
    assert footage.making is Making.JOINED


def test_a_camera_whose_plug_was_pulled_is_missed_at_once_and_found_again() -> None:
    sent = packets(90, Drawing(gop=15))
    server = rtsp(sent)
    source = VideoSource(f"rtsp://127.0.0.1:{server.port}/live", SystemClock(), PATIENT)
    stream = source.packets(threading.Event())
    next(stream)
    server.kill()
    pulled_s = time.monotonic()
    with pytest.raises(CameraLost):
        list(stream)
    assert time.monotonic() - pulled_s < PATIENT.read_s / 2  # its end was heard, not waited out
    with pytest.raises(CameraLost):
        taken(source, 1)
    again = rtsp(sent, port=server.port)
    try:
        assert taken(source, 5)[0].resumes
    finally:
        again.kill()


def test_a_camera_that_stays_connected_and_sends_nothing_is_lost() -> None:
    server = rtsp(packets(60, Drawing(gop=15)), mute_after=40)
    patience = Patience(open_s=60, read_s=1)
    source = VideoSource(f"rtsp://127.0.0.1:{server.port}/live", SystemClock(), patience)
    try:
        with pytest.raises(CameraLost):
            list(source.packets(threading.Event()))
    finally:
        server.kill()


def test_mjpeg_is_encoded_live_and_no_frame_is_lost() -> None:
    server = mjpeg(45)
    source = VideoSource(f"http://127.0.0.1:{server.port}/", SystemClock(), PATIENT)
    stream: list[Packet] = []
    try:
        with pytest.raises(CameraLost):
            stream.extend(source.packets(threading.Event()))
    finally:
        server.kill()
    assert stream[0].key
    assert sum(packet.key for packet in stream) == 2
    found = numbers(stream)
    assert found == list(range(found[0], 45))
    assert len(found) >= 40


@pytest.mark.parametrize("address", ["", "/no/such/file.mp4"])
def test_an_address_that_means_nothing_is_refused(address: str) -> None:
    with pytest.raises(BadSource):
        VideoSource(address, SystemClock())


def test_a_file_that_is_no_video_is_refused(tmp_path: Path) -> None:
    (tmp_path / "x.mp4").write_bytes(b"no video at all" * 100)
    with pytest.raises(BadSource, match="no video"):
        taken(VideoSource(str(tmp_path / "x.mp4"), SystemClock()), 1)


def test_a_password_never_stands_in_the_camera_s_name() -> None:
    source = VideoSource("rtsp://admin:s3cret@127.0.0.1:1/live", SystemClock())
    assert source.name == "rtsp://127.0.0.1:1/live"
    with pytest.raises(CameraLost) as caught:
        taken(source, 1)
    assert "s3cret" not in str(caught.value)


def test_sound_is_never_taken_in(tmp_path: Path) -> None:
    path = tmp_path / "with_sound.mkv"
    with av.open(str(path), "w") as container:
        video = container.add_stream("libx264", rate=30)
        sound = container.add_stream("aac", rate=48_000)
        video.width, video.height, video.pix_fmt = 64, 48, "yuv420p"
        for i in range(30):
            frame = av.VideoFrame(64, 48, "yuv420p")
            frame.pts = i
            container.mux(video.encode(frame))
        samples = av.AudioFrame(format="fltp", layout="stereo", samples=1024)
        samples.sample_rate, samples.pts = 48_000, 0
        for plane in samples.planes:
            plane.update(bytes(plane.buffer_size))
        container.mux(sound.encode(samples))
        container.mux(video.encode(None))
        container.mux(sound.encode(None))
    stream = taken(VideoSource(str(path), SystemClock()), 30)
    shown = sorted(packet.shown_tick for packet in stream)
    footage = cut(stream, shown[0], shown[-1], X264)
    with av.open(io.BytesIO(footage.mp4)) as made:
        assert [found.type for found in made.streams] == ["video"]


def test_real_video_plays_as_a_camera(shared_data: Path) -> None:
    path = shared_data / "video" / "walk.mkv"
    stream = taken(VideoSource(str(path), SystemClock()), 60)
    shown = sorted(packet.shown_tick for packet in stream)
    footage = cut(stream, shown[10], shown[-5], X264)
    assert footage.frames == len(shown) - 14
