"""Reading H.264 without decoding it (ITU-T H.264, 7.3 and 7.4; ISO/IEC 14496-15, 5.3).

A camera's bytes become access units of length-prefixed NAL units; parameter sets are taken out of
the stream and put where an MP4 keeps them. What a decoder must know to cut safely is read here:
where decoding may start, and whether a second encoder may join in.
"""

from dataclasses import dataclass

from mirror.errors import BadStream
from mirror.packet import StreamFormat

NAL_SLICE, NAL_IDR, NAL_SEI, NAL_SPS, NAL_PPS = 1, 5, 6, 7, 8
_DROPPED = {9, 10, 11, 12}  # delimiters, ends of sequence and stream, filler: MP4 wants none
_HIGH = {100, 110, 122, 244, 44, 83, 86, 118, 128, 138, 139, 134, 135}
_SEI_RECOVERY_POINT = 6
_MAX_SIDE_PX = 8192


@dataclass(frozen=True, slots=True)
class Sps:
    """What a sequence parameter set says: ids, profile, size, and what a join depends on."""

    id: int
    profile_idc: int
    compatibility: int
    level_idc: int
    chroma_format_idc: int
    bit_depth: int
    frames_only: bool
    width_px: int
    height_px: int


@dataclass(frozen=True, slots=True)
class AccessUnit:
    """One picture's NAL units behind lengths, and whether and how decoding may start at it.

    `key`: an IDR; `entry`: an IDR, or a recovery point from which pictures shown later are whole.
    """

    data: bytes
    key: bool
    entry: bool
    format: StreamFormat


class Reader:
    """Turns a camera's packets into access units, keeping its parameter sets in mind.

    Takes Annex B and length-prefixed streams; which one is told by the extradata. After a packet
    that raised BadStream the next one is read as ever.
    """

    def __init__(self, extradata: bytes) -> None:
        self._sps: dict[int, bytes] = {}
        self._pps: dict[int, bytes] = {}
        self._length_bytes = 0
        self._format: StreamFormat | None = None
        if extradata[:1] == b"\x01":
            units, self._length_bytes = _read_avcc(extradata)
        else:
            units = split_annexb(extradata)
        for unit in units:
            self._learn(unit)

    def read(self, data: bytes) -> AccessUnit:
        """One access unit; raises BadStream where it holds no picture or is torn."""
        units = (
            split_lengths(data, self._length_bytes) if self._length_bytes else split_annexb(data)
        )
        kept: list[bytes] = []
        for unit in units:
            if unit[0] & 0x80:
                raise BadStream("a NAL unit has its forbidden bit set")
            if not self._learn(unit) and unit[0] & 31 not in _DROPPED:
                kept.append(unit)
        slices = [unit for unit in kept if unit[0] & 31 in (NAL_SLICE, NAL_IDR)]
        if not slices or any(unit[0] & 31 in (2, 3, 4) for unit in kept):
            raise BadStream("a packet holds no whole picture")
        key = all(unit[0] & 31 == NAL_IDR for unit in slices)
        entry = key or any(unit[0] & 31 == NAL_SEI and _recovers(unit) for unit in kept)
        return AccessUnit(join_lengths(kept), key, entry, self.format)

    @property
    def format(self) -> StreamFormat:
        """The parameter sets in force; raises BadStream before the first ones were seen."""
        if self._format is None:
            if not self._sps or not self._pps:
                raise BadStream("no parameter sets have been seen yet")
            sps = tuple(self._sps[i] for i in sorted(self._sps))
            pps = tuple(self._pps[i] for i in sorted(self._pps))
            facts = read_sps(sps[0])
            self._format = StreamFormat(facts.width_px, facts.height_px, sps, pps)
        return self._format

    def _learn(self, unit: bytes) -> bool:
        """Keep a parameter set; True where `unit` was one."""
        kind = unit[0] & 31
        if kind == NAL_SPS:
            known, id_ = self._sps, read_sps(unit).id
            if known.get(id_) not in (None, unit):
                self._pps.clear()  # they spoke of the picture before the change
        elif kind == NAL_PPS:
            known, id_ = self._pps, read_pps_id(unit)
        else:
            return False
        if known.get(id_) != unit:
            known[id_] = unit
            self._format = None
        return True


def split_annexb(data: bytes) -> list[bytes]:
    """The NAL units between start codes (Annex B), none of them empty."""
    units, at = [], data.find(b"\x00\x00\x01")
    while at >= 0:
        start = at + 3
        at = data.find(b"\x00\x00\x01", start)
        unit = data[start : at if at >= 0 else len(data)].rstrip(b"\x00")
        if unit:
            units.append(unit)
    return units


def split_lengths(data: bytes, length_bytes: int = 4) -> list[bytes]:
    """The NAL units behind lengths; raises BadStream where a length leads outside."""
    units, at = [], 0
    while at < len(data):
        length = int.from_bytes(data[at : at + length_bytes], "big")
        at += length_bytes
        if at + length > len(data):
            raise BadStream("a NAL unit is longer than its packet")
        if length:
            units.append(data[at : at + length])
        at += length
    return units


def join_lengths(units: list[bytes]) -> bytes:
    """NAL units, each behind four bytes of length."""
    return b"".join(len(unit).to_bytes(4, "big") + unit for unit in units)


def to_annexb(data: bytes) -> bytes:
    """Length-prefixed NAL units behind start codes, as decoders take them."""
    return b"".join(b"\x00\x00\x00\x01" + unit for unit in split_lengths(data))


def write_avcc(sps: tuple[bytes, ...], pps: tuple[bytes, ...]) -> bytes:
    """The decoder configuration record of an MP4 for these parameter sets (14496-15, 5.3.3)."""
    facts = [read_sps(unit) for unit in sps]
    top = max(facts, key=lambda f: (f.profile_idc, f.level_idc))
    level = max(f.level_idc for f in facts)
    compatibility = 0xFF
    for fact in facts:
        compatibility &= fact.compatibility
    record = bytes([1, top.profile_idc, compatibility, level, 0xFF, 0xE0 | len(sps)])
    record += b"".join(len(unit).to_bytes(2, "big") + unit for unit in sps)
    record += bytes([len(pps)]) + b"".join(len(unit).to_bytes(2, "big") + unit for unit in pps)
    if top.profile_idc in (100, 110, 122, 144):
        depth = top.bit_depth - 8
        record += bytes([0xFC | top.chroma_format_idc, 0xF8 | depth, 0xF8 | depth, 0])
    return record


def _read_avcc(record: bytes) -> tuple[list[bytes], int]:
    """The parameter sets of a configuration record, and the bytes of its lengths."""
    units, at = [], 6
    try:
        for i, mask in enumerate((31, 255)):
            count = record[5] & mask if i == 0 else record[at]
            at += i
            for _ in range(count):
                length = int.from_bytes(record[at : at + 2], "big")
                units.append(record[at + 2 : at + 2 + length])
                at += 2 + length
        return [unit for unit in units if unit], (record[4] & 3) + 1
    except IndexError as cause:
        raise BadStream("the decoder configuration record is torn") from cause


class _Bits:
    """Reads bits and Exp-Golomb numbers (9.1) from a NAL unit, emulation prevention taken out."""

    def __init__(self, unit: bytes) -> None:
        self._bytes = unit[1:].replace(b"\x00\x00\x03", b"\x00\x00")
        self._at = 0

    def u(self, count: int) -> int:
        value = 0
        for _ in range(count):
            byte, bit = divmod(self._at, 8)
            if byte >= len(self._bytes):
                raise BadStream("a parameter set ends early")
            value = value << 1 | self._bytes[byte] >> (7 - bit) & 1
            self._at += 1
        return value

    def ue(self) -> int:
        zeros = 0
        while not self.u(1):
            zeros += 1
            if zeros > 31:
                raise BadStream("a parameter set holds an endless number")
        return (1 << zeros) - 1 + self.u(zeros)

    def se(self) -> int:
        code = self.ue()
        return (code + 1) // 2 if code & 1 else -(code // 2)


def read_sps(unit: bytes) -> Sps:
    """What a sequence parameter set (7.3.2.1.1) says; raises BadStream where it is torn."""
    bits = _Bits(unit)
    profile, compatibility, level = bits.u(8), bits.u(8), bits.u(8)
    id_ = bits.ue()
    chroma, depth = _read_chroma(bits) if profile in _HIGH else (1, 8)
    bits.ue()  # log2_max_frame_num
    _skip_order_count(bits)
    bits.ue()  # max_num_ref_frames
    bits.u(1)
    width_mbs, height_units = bits.ue() + 1, bits.ue() + 1
    frames_only = bool(bits.u(1))
    if not frames_only:
        bits.u(1)
    bits.u(1)
    left = right = top = bottom = 0
    if bits.u(1):
        left, right, top, bottom = (bits.ue() for _ in range(4))
    step_x = 2 if chroma in (1, 2) else 1
    step_y = (2 if chroma == 1 else 1) * (1 if frames_only else 2)
    width = width_mbs * 16 - (left + right) * step_x
    height = height_units * 16 * (1 if frames_only else 2) - (top + bottom) * step_y
    if not (0 < width <= _MAX_SIDE_PX and 0 < height <= _MAX_SIDE_PX):
        raise BadStream(f"a picture of {width} × {height} px makes no sense")
    return Sps(id_, profile, compatibility, level, chroma, depth, frames_only, width, height)


def read_pps_id(unit: bytes) -> int:
    """The id of a picture parameter set (7.3.2.2)."""
    return _Bits(unit).ue()


def _read_chroma(bits: _Bits) -> tuple[int, int]:
    chroma = bits.ue()
    if chroma == 3:
        bits.u(1)
    depth = max(bits.ue(), bits.ue()) + 8
    bits.u(1)
    if bits.u(1):
        for i in range(12 if chroma == 3 else 8):
            if bits.u(1):
                _skip_scaling(bits, 16 if i < 6 else 64)
    return chroma, depth


def _skip_scaling(bits: _Bits, size: int) -> None:
    last = following = 8
    for _ in range(size):
        if following:
            following = (last + bits.se()) % 256
        last = following or last


def _skip_order_count(bits: _Bits) -> None:
    kind = bits.ue()
    if kind == 0:
        bits.ue()
    elif kind == 1:
        bits.u(1)
        bits.se()
        bits.se()
        for _ in range(bits.ue()):
            bits.se()


def _recovers(unit: bytes) -> bool:
    """True where an SEI holds a recovery point at this very picture (D.1.8, count 0)."""
    payload = unit[1:].replace(b"\x00\x00\x03", b"\x00\x00")
    at = 0
    while at + 2 <= len(payload) and payload[at] != 0x80:
        kind, at = _read_sei_number(payload, at)
        size, at = _read_sei_number(payload, at)
        if kind == _SEI_RECOVERY_POINT and payload[at : at + 1]:
            return bool(payload[at] & 0x80)  # ue(0) is a single one bit
        at += size
    return False


def _read_sei_number(payload: bytes, at: int) -> tuple[int, int]:
    value = 0
    while at < len(payload) and payload[at] == 0xFF:
        value, at = value + 255, at + 1
    return value + (payload[at] if at < len(payload) else 0), at + 1
