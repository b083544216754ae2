import pytest
from hypothesis import given
from hypothesis import strategies as st

from mirror.errors import BadStream
from mirror.h264 import (
    Reader,
    join_lengths,
    read_sps,
    split_annexb,
    split_lengths,
    to_annexb,
    write_avcc,
)
from tests.drawn_camera import Drawing, packets


@given(st.lists(st.binary(min_size=1, max_size=50), max_size=8))
def test_lengths_come_apart_as_they_were_joined(units: list[bytes]) -> None:
    assert split_lengths(join_lengths(units)) == units


@given(st.binary(max_size=300))
def test_any_bytes_are_read_or_refused_and_never_break_the_reader(junk: bytes) -> None:
    for extradata in (b"", b"\x01" + junk[:20], junk[:40]):
        try:
            Reader(extradata).read(junk)
        except BadStream:
            continue


@given(st.integers(0, 2000), st.integers(0, 255))
def test_a_real_packet_with_any_byte_changed_is_read_or_refused(at: int, value: int) -> None:
    packet = PACKETS[0]
    reader = Reader(write_avcc(packet.format.sps, packet.format.pps))
    data = bytearray(packet.data)
    data[at % len(data)] = value
    try:
        reader.read(bytes(data))
    except BadStream:
        return


PACKETS = packets(31, Drawing(width_px=386, height_px=290, gop=30, bframes=2, profile="main"))


def test_what_the_parameter_sets_say_is_read() -> None:
    sps = read_sps(PACKETS[0].format.sps[0])
    assert (sps.width_px, sps.height_px) == (386, 290)  # cropped from whole macroblocks
    assert (sps.profile_idc, sps.chroma_format_idc, sps.bit_depth) == (77, 1, 8)
    assert sps.frames_only


def test_keys_are_told_from_entries_of_open_groups() -> None:
    assert [i for i, p in enumerate(PACKETS) if p.key] == [0, 30]
    open_gop = packets(62, Drawing(gop=30, bframes=2, open_gop=True))
    assert sum(p.key for p in open_gop) == 1
    assert sum(p.entry for p in open_gop) == 3


def test_both_framings_of_one_stream_give_the_same_access_units() -> None:
    stream = PACKETS[0].format
    lengths = Reader(write_avcc(stream.sps, stream.pps))
    starts = Reader(b"".join(b"\x00\x00\x00\x01" + unit for unit in (*stream.sps, *stream.pps)))
    for packet in PACKETS[:5]:
        assert lengths.read(packet.data) == starts.read(to_annexb(packet.data))


def test_a_camera_that_sends_its_parameters_only_in_the_stream_is_read() -> None:
    stream = PACKETS[0].format
    reader = Reader(b"")
    with pytest.raises(BadStream, match="parameter sets"):
        reader.read(to_annexb(PACKETS[1].data))
    inside = b"".join(b"\x00\x00\x01" + unit for unit in (*stream.sps, *stream.pps))
    unit = reader.read(inside + to_annexb(PACKETS[0].data))
    assert unit.format == stream
    assert unit.key
    assert split_annexb(inside)[0] not in split_lengths(unit.data)  # moved to where MP4 keeps it


def test_a_resolution_that_changes_in_the_stream_changes_the_format() -> None:
    other = packets(1, Drawing(width_px=512, height_px=384, profile="main"))[0]
    stream = PACKETS[0].format
    reader = Reader(b"")
    for packet in (PACKETS[0], other):
        inside = b"".join(
            b"\x00\x00\x01" + unit for unit in (*packet.format.sps, *packet.format.pps)
        )
        found = reader.read(inside + to_annexb(packet.data)).format
    assert (stream.width_px, found.width_px) == (386, 512)
    assert found == other.format


@pytest.mark.parametrize(
    "data",
    [b"", b"\x00\x00\x00\x05\x65\x01", b"\x00\x00\x00\x02\xe5\x01", b"\x00\x00\x00\x02\x06\x01"],
    ids=["empty", "torn", "forbidden-bit", "no-picture"],
)
def test_a_packet_without_a_whole_picture_is_refused(data: bytes) -> None:
    stream = PACKETS[0].format
    with pytest.raises(BadStream):
        Reader(write_avcc(stream.sps, stream.pps)).read(data)
