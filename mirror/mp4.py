"""Writes an MP4 with one track of H.264 or VP9 (ISO/IEC 14496-12), index first.

Why not the library's muxer: it hides frames behind edit lists where pictures are reordered. Here a
sample's decoding time is the k-th smallest showing time, and the composition offsets are signed
(ctts version 1): the first frame is shown at 0, no edit list exists, and what is in the file is
what is seen.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby
from struct import pack

from mirror.clock import TICKS_PER_S

_MATRIX = pack(">9i", 0x10000, 0, 0, 0, 0x10000, 0, 0, 0, 0x40000000)


@dataclass(frozen=True, slots=True)
class CodecBox:
    """How a file names its codec: the sample entry, and the box and record inside of it."""

    entry: bytes
    kind: bytes
    record: bytes


@dataclass(frozen=True, slots=True, eq=False)
class Sample:
    """One access unit in decoding order: NAL units behind lengths (or a frame of VP9), when shown,
    and if a key."""

    data: bytes
    shown_tick: int
    key: bool


def write_mp4(
    samples: Sequence[Sample],
    *,
    width_px: int,
    height_px: int,
    codec: CodecBox,
    end_tick: int,
) -> bytes:
    """The whole file: `ftyp`, `moov`, `mdat`. Plays while it arrives; the track ends at `end_tick`.

    The first frame shown is at 0, whatever its tick; no two samples may be shown at the same tick.
    Raises ValueError where `samples` are empty or shown at or after `end_tick`.
    """
    shown = sorted(sample.shown_tick for sample in samples)
    if not shown or end_tick <= shown[-1] or len(set(shown)) != len(shown):
        raise ValueError("an MP4 needs samples, each with its own moment before the end")
    brands = _box(b"ftyp", b"isom", pack(">I", 0x200), b"isomiso4", codec.entry, b"mp41")
    # The offset of the media depends on the length of the index, not on its own value.
    index_bytes = len(_moov(samples, shown, width_px, height_px, codec, end_tick, 0))
    offset = len(brands) + index_bytes + 8
    index = _moov(samples, shown, width_px, height_px, codec, end_tick, offset)
    media = b"".join(sample.data for sample in samples)
    return brands + index + pack(">I", 8 + len(media)) + b"mdat" + media


def _box(kind: bytes, *parts: bytes) -> bytes:
    body = b"".join(parts)
    return pack(">I", 8 + len(body)) + kind + body


def _full(kind: bytes, version: int, flags: int, *parts: bytes) -> bytes:
    return _box(kind, pack(">I", version << 24 | flags), *parts)


def _moov(
    samples: Sequence[Sample],
    shown: Sequence[int],
    width_px: int,
    height_px: int,
    codec: CodecBox,
    end_tick: int,
    offset: int,
) -> bytes:
    ticks = end_tick - shown[0]
    mvhd = pack(">IIIIIH10x", 0, 0, TICKS_PER_S, ticks, 0x10000, 0x100) + _MATRIX
    mvhd += bytes(24) + pack(">I", 2)
    tkhd = pack(">IIIII8xHHH2x", 0, 0, 1, 0, ticks, 0, 0, 0) + _MATRIX
    tkhd += pack(">II", width_px << 16, height_px << 16)
    mdhd = pack(">IIIIHH", 0, 0, TICKS_PER_S, ticks, 0x55C4, 0)  # 0x55C4: language undetermined
    hdlr = pack(">I4s12x", 0, b"vide") + b"Video\x00"
    table = _sample_table(samples, shown, width_px, height_px, codec, end_tick, offset)
    reference = _full(b"dref", 0, 0, pack(">I", 1), _full(b"url ", 0, 1))
    media_info = _box(
        b"minf", _full(b"vmhd", 0, 1, bytes(8)), _box(b"dinf", reference), _box(b"stbl", table)
    )
    media = _box(b"mdia", _full(b"mdhd", 0, 0, mdhd), _full(b"hdlr", 0, 0, hdlr), media_info)
    track = _box(b"trak", _full(b"tkhd", 0, 3, tkhd), media)
    return _box(b"moov", _full(b"mvhd", 0, 0, mvhd), track)


def _sample_table(
    samples: Sequence[Sample],
    shown: Sequence[int],
    width_px: int,
    height_px: int,
    codec: CodecBox,
    end_tick: int,
    offset: int,
) -> bytes:
    entry = bytes(6) + pack(">H16xHHIIIH", 1, width_px, height_px, 0x480000, 0x480000, 0, 1)
    entry += bytes(32) + pack(">Hh", 24, -1)
    description = _box(codec.entry, entry, _box(codec.kind, codec.record))
    parts = [_full(b"stsd", 0, 0, pack(">I", 1), description)]
    steps = [b - a for a, b in zip(shown, [*shown[1:], end_tick], strict=True)]
    parts.append(_runs(b"stts", 0, steps, "I"))
    offsets = [s.shown_tick - at for s, at in zip(samples, shown, strict=True)]
    if any(offsets):
        parts.append(_runs(b"ctts", 1, offsets, "i"))
    keys = [i for i, sample in enumerate(samples, 1) if sample.key]
    parts.append(_full(b"stss", 0, 0, pack(f">I{len(keys)}I", len(keys), *keys)))
    # One chunk holds everything: the file has one track, there is nothing to interleave.
    parts.append(_full(b"stsc", 0, 0, pack(">IIII", 1, 1, len(samples), 1)))
    sizes = [len(sample.data) for sample in samples]
    parts.append(_full(b"stsz", 0, 0, pack(f">II{len(sizes)}I", 0, len(sizes), *sizes)))
    parts.append(_full(b"stco", 0, 0, pack(">II", 1, offset)))
    return b"".join(parts)


def _runs(kind: bytes, version: int, values: Sequence[int], code: str) -> bytes:
    """A table of (count, value), as stts and ctts are."""
    runs = [(len(list(group)), value) for value, group in groupby(values)]
    rows = b"".join(pack(f">I{code}", count, value) for count, value in runs)
    return _full(kind, version, 0, pack(">I", len(runs)), rows)
