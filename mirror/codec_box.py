"""How files name their codecs: H.264 (ISO/IEC 14496-15, 5.3.3), VP9 (its ISO-BMFF binding)."""

from collections.abc import Sequence
from struct import pack

from mirror.h264 import write_avcc
from mirror.mp4 import CodecBox
from mirror.packet import StreamFormat

# The largest picture of each level at 30 frames a second, in pixels (VP9 levels, doubled up).
_VP9_LEVELS = ((20, 184_320), (21, 245_760), (30, 552_960), (31, 983_040), (40, 2_228_224))
_VP9_LARGEST_LEVEL = 51


def codec_box(formats: Sequence[StreamFormat]) -> CodecBox:
    """The box for a file that holds streams of these formats, all of one codec."""
    if formats[0].codec == "vp9":
        return CodecBox(b"vp09", b"vpcC", _write_vpcc(formats[0]))
    sps = tuple(dict.fromkeys(unit for stream in formats for unit in stream.sps))
    pps = tuple(dict.fromkeys(unit for stream in formats for unit in stream.pps))
    return CodecBox(b"avc1", b"avcC", write_avcc(sps, pps))


def codec_name(stream: StreamFormat) -> str:
    """What a browser calls the codec (RFC 6381), as in `video/mp4; codecs="…"`."""
    if stream.codec == "vp9":
        return f"vp09.00.{_vp9_level(stream)}.08"
    return f"avc1.{stream.sps[0][1:4].hex()}"


def _vp9_level(stream: StreamFormat) -> int:
    size = stream.width_px * stream.height_px
    return next((level for level, most in _VP9_LEVELS if size <= most), _VP9_LARGEST_LEVEL)


def _write_vpcc(stream: StreamFormat) -> bytes:
    """Version 1: profile 0, eight bits, 4:2:0 beside luma, narrow range, colours unsaid (2)."""
    depth_chroma_range = 8 << 4 | 1 << 1
    return pack(">IBBBBBBH", 1 << 24, 0, _vp9_level(stream), depth_chroma_range, 2, 2, 2, 0)
