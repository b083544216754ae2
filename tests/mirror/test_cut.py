import io
import random
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import av
import pytest

from mirror.clip import Footage, Making
from mirror.cut import cut
from mirror.encode import X264
from mirror.errors import NothingRecorded
from mirror.h264 import Reader, split_lengths
from mirror.packet import Packet
from tests.drawn_camera import Drawing, packets, read_counter

START, STEP = 900_000, 3000


def counters(mp4: bytes) -> list[int]:
    """What every single packet of the file decodes to, edit lists ignored."""
    with av.open(io.BytesIO(mp4), options={"ignore_editlist": "1"}) as container:
        return [read_counter(f.to_ndarray(format="bgr24")) for f in container.decode(video=0)]


def stored_samples(mp4: bytes) -> int:
    with av.open(io.BytesIO(mp4), options={"ignore_editlist": "1"}) as container:
        return sum(1 for packet in container.demux(video=0) if packet.size)


def cut_frames(stream: Sequence[Packet], first: int, last: int) -> Footage:
    return cut(stream, START + first * STEP, START + last * STEP, X264)


def assert_exact(footage: Footage, first: int, last: int) -> None:
    assert counters(footage.mp4) == list(range(first, last + 1))
    assert stored_samples(footage.mp4) == footage.frames == last - first + 1
    assert b"elst" not in footage.mp4
    assert footage.mp4.index(b"moov") < footage.mp4.index(b"mdat")


@pytest.mark.parametrize(
    "drawing",
    [
        Drawing(gop=30),
        Drawing(gop=120, profile="baseline"),
        Drawing(gop=30, bframes=2),
        Drawing(gop=120, bframes=3, profile="main"),
        Drawing(gop=30, bframes=2, open_gop=True),
    ],
    ids=["gop-1s", "gop-4s-baseline", "b-frames", "gop-4s-b-main", "open-gop"],
)
def test_random_clips_hold_exactly_the_asked_frames(drawing: Drawing) -> None:
    stream = packets(200, drawing)
    rng = random.Random(7)
    for _ in range(5):
        first = rng.randrange(0, 195)
        last = rng.randrange(first, 200)
        assert_exact(cut_frames(stream, first, last), first, last)


def test_frames_between_the_joints_are_copied_bit_for_bit() -> None:
    stream = packets(150, Drawing(gop=30, bframes=2))
    footage = cut_frames(stream, 10, 130)
    assert footage.making is Making.JOINED
    assert footage.copied_frames >= 95
    with av.open(io.BytesIO(footage.mp4)) as container:
        kept = {bytes(packet) for packet in container.demux(video=0)}
    camera = {packet.data for packet in stream}
    assert len(kept & camera) == footage.copied_frames
    assert footage.frames - footage.copied_frames <= 20 + 3


def test_a_clip_from_key_to_end_is_the_camera_s_own_encoding_throughout() -> None:
    footage = cut_frames(packets(90, Drawing(gop=30)), 30, 75)
    assert footage.making is Making.COPIED
    assert footage.copied_frames == footage.frames == 46
    assert footage.why_encoded == ""


def test_an_open_gop_is_never_joined_at_and_the_clip_says_so() -> None:
    footage = cut_frames(packets(150, Drawing(gop=30, bframes=2, open_gop=True)), 40, 110)
    assert footage.making is Making.ENCODED
    assert footage.why_encoded == "no_key_in_span"
    assert_exact(footage, 40, 110)


def test_a_camera_that_went_and_came_back_leaves_a_gap_in_one_clip() -> None:
    before = packets(45, Drawing(gop=30))
    after = packets(40, Drawing(gop=30), start_tick=START + 165 * STEP, first_number=165)
    stream = [*before, replace(after[0], resumes=True), *after[1:]]
    footage = cut_frames(stream, 10, 180)
    assert counters(footage.mp4) == [*range(10, 45), *range(165, 181)]
    (gap,) = footage.gaps
    assert (gap.from_ms, gap.until_ms) == (34 * 100 // 3, 155 * 100 // 3)


def test_a_resolution_that_changes_mid_stream_is_encoded_to_the_first_one() -> None:
    small = packets(45, Drawing(gop=30))
    large = packets(
        45,
        Drawing(width_px=768, height_px=576, gop=30),
        start_tick=START + 45 * STEP,
        first_number=45,
    )
    footage = cut_frames([*small, *large], 30, 60)
    assert footage.why_encoded == "format_changed"
    assert (footage.width_px, footage.height_px, footage.frames) == (384, 288, 31)
    assert stored_samples(footage.mp4) == 31


def test_a_span_without_frames_is_refused() -> None:
    with pytest.raises(NothingRecorded):
        cut(packets(30, Drawing()), START - 90_000, START - 1, X264)


def test_a_damaged_packet_costs_its_own_frames_and_is_noted() -> None:
    stream = packets(90, Drawing(gop=30))
    size = len(stream[10].data) - 4
    stream[10] = replace(stream[10], data=stream[10].data[:4] + b"\x41" + bytes(size - 1))
    footage = cut_frames(stream, 5, 80)
    assert counters(footage.mp4) == [*range(5, 10), *range(30, 81)]
    assert footage.notes[0].code == "lost_frames"
    assert footage.notes[0].count == 20
    assert footage.gaps[0].from_ms == 4 * 100 // 3


def test_real_camera_video_is_cut_exactly(shared_data: Path) -> None:
    path = shared_data / "video" / "one-by-one-person-detection.mp4"
    stream = []
    with av.open(str(path)) as container:
        video = container.streams.video[0]
        reader = Reader(bytes(video.codec_context.extradata or b""))
        for packet in container.demux(video):
            if packet.size and packet.pts is not None and packet.time_base is not None:
                unit = reader.read(bytes(packet))
                tick = round(packet.pts * packet.time_base * 90_000)
                stream.append(Packet(unit.data, tick, tick, unit.key, unit.entry, unit.format))
            if len(stream) == 120:
                break
    shown = sorted(packet.shown_tick for packet in stream)
    footage = cut(stream, shown[13], shown[87], X264)
    assert footage.making is Making.JOINED
    assert footage.frames == stored_samples(footage.mp4) == 75
    with av.open(io.BytesIO(footage.mp4)) as container:
        assert sum(1 for _ in container.decode(video=0)) == 75


def test_every_sample_of_a_clip_is_whole() -> None:
    footage = cut_frames(packets(90, Drawing(gop=30, bframes=2)), 3, 70)
    with av.open(io.BytesIO(footage.mp4)) as container:
        for packet in container.demux(video=0):
            if packet.size:
                assert split_lengths(bytes(packet))


@pytest.mark.soak
@pytest.mark.timeout(3600)
@pytest.mark.parametrize("gop", [30, 120, 300])
@pytest.mark.parametrize("bframes", [0, 3])
def test_two_hundred_random_clips_are_exact(gop: int, bframes: int) -> None:
    stream = packets(1900, Drawing(gop=gop, bframes=bframes))
    rng = random.Random(gop + bframes)
    for _ in range(34):  # six times 34: 204 clips of up to 60 s
        first = rng.randrange(0, 1890)
        last = rng.randrange(first, min(1900, first + 1800))
        assert_exact(cut_frames(stream, first, last), first, last)
