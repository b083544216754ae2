"""The encoder that is not GPL keeps every promise of a clip to the frame."""

import io
import random
from collections.abc import Sequence
from dataclasses import replace

import av
import pytest

from mirror.clip import Footage, Making
from mirror.codec_box import codec_name
from mirror.cut import cut
from mirror.encode import X264, Picture
from mirror.errors import BadStream
from mirror.packet import Packet
from mirror.preview import previews
from mirror.vp9 import Vp9
from tests.drawn_camera import Drawing, draw, packets, read_counter

START, STEP = 900_000, 3000


def filmed(count: int) -> list[Packet]:
    """What a raw camera's pictures become in the ring when VP9 is chosen."""
    found: list[Packet] = []
    encoder: Vp9 | None = None
    for number in range(count):
        frame = av.VideoFrame.from_ndarray(draw(number, 384, 288), "bgr24")
        encoder = encoder or Vp9(frame, 100, 0)
        for s in encoder.encode(Picture(START + number * STEP, frame)):
            at = s.shown_tick
            found.append(Packet(s.data, at, at, s.key, s.key, encoder.format))
    return found


def counters(mp4: bytes) -> list[int]:
    with av.open(io.BytesIO(mp4), options={"ignore_editlist": "1"}) as container:
        return [read_counter(f.to_ndarray(format="bgr24")) for f in container.decode(video=0)]


def stored(mp4: bytes) -> int:
    with av.open(io.BytesIO(mp4), options={"ignore_editlist": "1"}) as container:
        return sum(1 for packet in container.demux(video=0) if packet.size)


def cut_frames(stream: Sequence[Packet], first: int, last: int) -> Footage:
    return cut(stream, START + first * STEP, START + last * STEP, Vp9)


def test_every_picture_becomes_one_frame_at_once_with_a_key_every_second() -> None:
    stream = filmed(65)
    assert [p.shown_tick for p in stream] == [START + k * STEP for k in range(65)]
    assert [k for k, p in enumerate(stream) if p.key] == [0, 30, 60]
    assert codec_name(stream[0].format) == "vp09.00.20.08"


def test_random_clips_of_a_raw_camera_hold_exactly_the_asked_frames() -> None:
    stream = filmed(150)
    rng = random.Random(11)
    for _ in range(8):
        first = rng.randrange(0, 145)
        last = rng.randrange(first, 150)
        footage = cut_frames(stream, first, last)
        assert counters(footage.mp4) == list(range(first, last + 1))
        assert stored(footage.mp4) == footage.frames == last - first + 1
        assert b"elst" not in footage.mp4


def test_its_own_stream_is_joined_and_copied_from_the_key_on() -> None:
    stream = filmed(100)
    footage = cut_frames(stream, 20, 90)
    assert (footage.making, footage.copied_frames) == (Making.JOINED, 61)
    with av.open(io.BytesIO(footage.mp4)) as container:
        kept = {bytes(packet) for packet in container.demux(video=0)}
    assert len(kept & {p.data for p in stream}) == 61


@pytest.mark.parametrize("drawing", [Drawing(gop=30), Drawing(gop=120, bframes=3)])
def test_a_camera_s_h264_is_encoded_whole_where_it_cannot_be_copied_whole(drawing: Drawing) -> None:
    stream = packets(130, drawing)
    footage = cut_frames(stream, 17, 121)
    assert footage.making is Making.ENCODED
    assert footage.why_encoded in ("other_codec", "no_key_in_span")
    assert counters(footage.mp4) == list(range(17, 122))
    assert previews(footage.mp4)[0][:2] == b"\xff\xd8"


def test_a_clip_that_begins_at_the_camera_s_key_is_copied_all_the_same() -> None:
    footage = cut_frames(packets(90, Drawing(gop=30)), 30, 80)
    assert footage.making is Making.COPIED


def test_what_vp9_recorded_is_cut_by_x264_too_when_the_setting_was_changed() -> None:
    footage = cut(filmed(80), START + 10 * STEP, START + 70 * STEP, X264)
    assert (footage.making, footage.why_encoded) == (Making.ENCODED, "other_codec")
    assert counters(footage.mp4) == list(range(10, 71))


def test_a_damaged_frame_costs_its_own_group_and_is_noted() -> None:
    stream = filmed(90)
    stream[12] = replace(stream[12], data=b"\x00" * 40)
    footage = cut_frames(stream, 5, 80)
    found = counters(footage.mp4)
    assert found[:7] == list(range(5, 12))
    assert found[-51:] == list(range(30, 81))
    assert set(found) <= set(range(5, 81))
    assert [note.code for note in footage.notes] == ["lost_frames"]


def test_pictures_that_vp9_does_not_take_are_refused() -> None:
    with pytest.raises(BadStream):
        Vp9(av.VideoFrame(1, 1, "yuv420p"), 100, 0)
