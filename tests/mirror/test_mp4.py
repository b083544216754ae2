import io
from pathlib import Path

import av
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mirror.codec_box import codec_box
from mirror.mp4 import CodecBox, Sample, write_mp4
from tests.drawn_camera import Drawing, packets


def samples(count: int, bframes: int) -> tuple[list[Sample], CodecBox]:
    stream = packets(count, Drawing(gop=10, bframes=bframes))
    avcc = codec_box([stream[0].format])
    return [Sample(p.data, p.shown_tick, p.key) for p in stream], avcc


@pytest.mark.parametrize("bframes", [0, 2])
def test_the_first_frame_is_shown_at_zero_and_every_frame_at_its_own_time(bframes: int) -> None:
    made, avcc = samples(25, bframes)
    end = max(s.shown_tick for s in made) + 3000
    mp4 = write_mp4(made, width_px=384, height_px=288, codec=avcc, end_tick=end)
    with av.open(io.BytesIO(mp4), "r") as container:
        video = container.streams.video[0]
        assert video.time_base is not None
        times = [
            float(f.pts * video.time_base) for f in container.decode(video) if f.pts is not None
        ]
        assert container.duration == pytest.approx(25 / 30 * 1e6, abs=2000)
    offset = times[0]  # FFmpeg shifts signed offsets so that decoding starts at zero
    assert [round((t - offset) * 30) for t in times] == list(range(25))


def test_the_samples_lie_in_the_file_bit_for_bit_behind_the_index() -> None:
    made, avcc = samples(12, 0)
    mp4 = write_mp4(made, width_px=384, height_px=288, codec=avcc, end_tick=10**6)
    assert mp4.endswith(b"".join(s.data for s in made))
    assert mp4.index(b"moov") < mp4.index(b"mdat")
    for absent in (b"elst", b"edts", b"soun"):
        assert absent not in mp4[: mp4.index(b"mdat")]


def test_nothing_to_show_and_two_frames_at_once_are_refused() -> None:
    made, avcc = samples(2, 0)
    facts = {"width_px": 384, "height_px": 288, "codec": avcc}
    for bad, end in (([], 10**6), ([made[0], made[0]], 10**6), (made, made[-1].shown_tick)):
        with pytest.raises(ValueError, match="needs samples"):
            write_mp4(bad, end_tick=end, **facts)  # type: ignore[arg-type]  # a test's shorthand


@given(st.lists(st.integers(1, 200_000), min_size=1, max_size=60))
def test_gaps_of_any_length_are_kept_in_the_table_of_times(steps: list[int]) -> None:
    ticks = [sum(steps[:i]) for i in range(len(steps))]
    made = [Sample(b"\x00\x00\x00\x01\x65", tick, True) for tick in ticks]
    mp4 = write_mp4(
        made,
        width_px=64,
        height_px=48,
        codec=CodecBox(b"avc1", b"avcC", b"\x01"),
        end_tick=sum(steps),
    )
    at = mp4.index(b"stts") + 8
    runs = int.from_bytes(mp4[at : at + 4], "big")
    total = 0
    for i in range(runs):
        count = int.from_bytes(mp4[at + 4 + 8 * i : at + 8 + 8 * i], "big")
        total += count * int.from_bytes(mp4[at + 8 + 8 * i : at + 12 + 8 * i], "big")
    assert total == sum(steps)


def test_the_file_is_read_from_the_disk_by_other_readers_too(tmp_path: Path) -> None:
    cv2 = pytest.importorskip("cv2")
    made, avcc = samples(20, 2)
    mp4 = write_mp4(made, width_px=384, height_px=288, codec=avcc, end_tick=10**6)
    (tmp_path / "x.mp4").write_bytes(mp4)
    capture = cv2.VideoCapture(str(tmp_path / "x.mp4"))
    frames = 0
    while capture.read()[0]:
        frames += 1
    assert frames == 20
