import io
import threading
import time
from collections.abc import Iterator

import numpy as np
import pytest
from PIL import Image

from mirror.browser_camera import MOST_WAITING, BrowserCamera, Pushed, Pusher
from mirror.camera import Patience
from mirror.clock import TICKS_PER_S, SystemClock
from mirror.errors import BadOrder, BadSource, CameraLost
from mirror.h264 import to_annexb
from mirror.packet import Packet
from tests.drawn_camera import Drawing, draw, packets

STEP_US = 33_333


def camera() -> BrowserCamera:
    return BrowserCamera(SystemClock(), Patience(open_s=0.3, read_s=0.3))


def h264(count: int, *, gop: int = 10) -> list[Pushed]:
    """What a page pushes: start codes, parameter sets before each key."""
    found = []
    for n, packet in enumerate(packets(count, Drawing(gop=gop))):
        sets = (*packet.format.sps, *packet.format.pps) if packet.key else ()
        head = b"".join(b"\0\0\0\1" + unit for unit in sets)
        found.append(Pushed(head + to_annexb(packet.data), n * STEP_US, packet.key))
    return found


def jpeg(number: int) -> Pushed:
    picture = io.BytesIO()
    Image.fromarray(np.asarray(draw(number, 384, 288)[:, :, ::-1])).save(picture, "JPEG")
    return Pushed(picture.getvalue(), number * STEP_US, True)


def read(stream: Iterator[Packet], count: int) -> list[Packet]:
    return [next(stream) for _ in range(count)]


def test_h264_is_copied_bit_for_bit_with_the_browser_s_own_distances() -> None:
    eye = camera()
    page = eye.connect("avc1.42e028")
    sent = packets(20, Drawing(gop=10))
    for frame in h264(20):
        page.push(frame)
    found = read(eye.packets(threading.Event()), 20)
    assert [p.data for p in found] == [p.data for p in sent]
    assert [p.key for p in found] == [n % 10 == 0 for n in range(20)]
    assert [p.resumes for p in found] == [True] + [False] * 19
    ticks = np.diff([p.shown_tick for p in found])
    step = TICKS_PER_S // 30
    assert all(abs(ticks - step) <= step // 10)  # what came at once is drawn towards its arrival


def test_pictures_are_encoded_live() -> None:
    eye = camera()
    page = eye.connect("jpeg")
    for number in range(5):
        page.push(jpeg(number))
    found = read(eye.packets(threading.Event()), 5)
    assert found[0].key
    assert (found[0].format.width_px, found[0].format.height_px) == (384, 288)


def test_only_one_page_is_the_camera_and_the_next_one_may_follow() -> None:
    eye = camera()
    first = eye.connect("jpeg")
    with pytest.raises(BadOrder, match="another page"):
        eye.connect("jpeg")
    eye.disconnect(first)
    second = eye.connect("jpeg")
    eye.disconnect(first)  # told late: it takes nothing from the second
    with pytest.raises(BadOrder):
        eye.connect("jpeg")
    eye.disconnect(second)


@pytest.mark.parametrize("codec", ["", "opus", "hvc1.1", "x" * 9999])
def test_a_codec_that_is_not_read_here_is_refused(codec: str) -> None:
    with pytest.raises(BadSource, match="not read here"):
        camera().connect(codec)


def test_without_a_page_a_silent_one_and_a_closed_one_are_losses_of_the_camera() -> None:
    eye = camera()
    with pytest.raises(CameraLost, match="no page"):
        next(eye.packets(threading.Event()))
    page = eye.connect("jpeg")
    with pytest.raises(CameraLost, match="silent"):
        next(eye.packets(threading.Event()))
    patient = BrowserCamera(SystemClock(), Patience(open_s=60, read_s=60))
    page = patient.connect("jpeg")
    threading.Timer(0.05, patient.disconnect, (page,)).start()
    with pytest.raises(CameraLost, match="closed"):
        next(patient.packets(threading.Event()))


def test_what_is_no_picture_is_left_out_and_noted() -> None:
    eye = camera()
    page = eye.connect("avc1.42e028")
    good = h264(20)
    page.push(Pushed(b"\0\0\0\1", 0, True))
    page.push(Pushed(bytes(range(256)), 1, True))
    for frame in good:
        page.push(frame)
    found = read(eye.packets(threading.Event()), 20)
    assert found[0].key
    codes = {note.code for note in eye.notes()}
    assert {"browser_camera", "packets_damaged"} <= codes


def test_what_nobody_reads_is_dropped_up_to_the_next_key_and_noted() -> None:
    eye = camera()
    page = eye.connect("avc1.42e028")
    frames = h264(MOST_WAITING + 45, gop=30)
    for frame in frames:
        page.push(frame)
    assert page.dropped == MOST_WAITING  # the one that found the line full is a key
    assert page.next(0.1) == frames[MOST_WAITING]
    eye.disconnect(page)
    assert "frames_dropped" in {note.code for note in eye.notes()}


def test_a_push_never_waits() -> None:
    page = Pusher("jpeg")
    start_s = time.monotonic()
    for n in range(20_000):
        page.push(Pushed(b"x", n, n % 30 == 0))
    assert time.monotonic() - start_s < 20
