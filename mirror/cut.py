"""Cuts a clip out of packets: it starts and ends on the asked frame and holds no other.

A run of packets without a gap is cut into at most three pieces: the frames before its first key
inside the span (encoded anew), the longest stretch that can be copied bit for bit, and the frames
after the last safe cut (encoded anew; there are some only where the camera reorders pictures). A
piece encoded here carries parameter sets with an id of its own, kept beside the camera's in the
file's one configuration record: every decoder of H.264 has to know how to change between them at a
key. VP9 needs no parameter sets and joins itself. Where a joint is not possible the whole clip is
encoded, and says so.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise

import av

from mirror.clip import Footage, Gap, Making, Note
from mirror.clock import TICKS_PER_S
from mirror.codec_box import codec_box
from mirror.encode import EncoderMaker, FrameEncoder, Picture, decode, joinable
from mirror.errors import NothingRecorded
from mirror.h264 import read_pps_id, read_sps
from mirror.hole import Hole, last_wanted
from mirror.mp4 import Sample, write_mp4
from mirror.packet import Packet, StreamFormat

_GAP_TICKS = TICKS_PER_S // 4  # seven frames at 30 a second: an eye sees it
_DEFAULT_FRAME_TICKS = TICKS_PER_S // 30


@dataclass(frozen=True, slots=True, eq=False)
class _Run:
    """Packets without a gap between them, of one format, and which of them are wanted.

    `packets[copy_from:copy_until]` can be copied; wanted ticks before and after it cannot.
    """

    packets: Sequence[Packet]
    head: tuple[int, ...]
    copy_from: int
    copy_until: int
    tail: tuple[int, ...]

    @property
    def copied(self) -> Sequence[Packet]:
        return self.packets[self.copy_from : self.copy_until]

    @property
    def wanted(self) -> tuple[int, ...]:
        middle = sorted(packet.shown_tick for packet in self.copied)
        return (*self.head, *middle, *self.tail)


@dataclass(frozen=True, slots=True)
class _Breaks:
    """Ticks of the frames that came first after a gap, and the spans left out on purpose."""

    resumed: set[int]
    holes: Sequence[Hole]

    def reason(self, before: int, after: int) -> str:
        """Why nothing is shown between two frames (a stable word)."""
        for hole in self.holes:
            if before < hole.from_tick <= after:
                return hole.reason
        return "camera_lost" if after in self.resumed else "no_frames"


def cut(
    packets: Sequence[Packet],
    from_tick: int,
    until_tick: int,
    make_encoder: EncoderMaker,
    holes: Sequence[Hole] = (),
) -> Footage:
    """The clip of all frames shown in [from_tick, until_tick] (both inclusive), outside of `holes`.

    `packets` are in decoding order and reach back to an entry at or before the first wanted frame;
    wanted frames before the first entry cannot be decoded and are noted as lost. Raises
    NothingRecorded where no frame is left.
    """
    runs = [run for run in _split(packets, from_tick, until_tick, holes) if run.wanted]
    if not runs:
        raise NothingRecorded("no frame was shown in the asked span")
    why = _why_not_join(runs, make_encoder)
    pieces: list[Sample] = []
    formats: list[StreamFormat] = []
    if not why:
        for run in runs:
            joined, sets = _join(run, make_encoder)
            pieces += joined
            formats += sets
        why = _clash(formats)
    copied = 0 if why else sum(len(run.copied) for run in runs)
    if why:
        pieces, formats = _encode_whole(runs, make_encoder)
    if not pieces:
        raise NothingRecorded("no frame of the asked span could be decoded")
    lost = sum(len(run.wanted) for run in runs) - len(pieces)
    resumed = {run.wanted[0] for run in runs[1:] if run.packets[0].resumes}
    return _footage(pieces, formats, copied, why, lost, _Breaks(resumed, holes))


def _split(
    packets: Sequence[Packet], from_tick: int, until_tick: int, holes: Sequence[Hole]
) -> Iterator[_Run]:
    """The runs of `packets`, each planned."""
    start = 0
    for i in range(1, len(packets) + 1):
        ends = i == len(packets)
        if ends or packets[i].resumes or packets[i].format != packets[i - 1].format:
            run = packets[start:i]
            entry = next((k for k, packet in enumerate(run) if packet.entry), len(run))
            last = last_wanted(run[0].shown_tick, until_tick, holes)
            yield _plan(run[entry:], from_tick, last)
            start = i


def _plan(run: Sequence[Packet], from_tick: int, until_tick: int) -> _Run:
    """Decide which frames of a run are encoded before, copied, and encoded after."""
    first = run[0].shown_tick if run else 0  # pictures shown before the entry are broken
    shown = [p.shown_tick for p in run]
    wanted = sorted(t for t in shown if max(from_tick, first) <= t <= until_tick)
    start = next(
        (i for i, p in enumerate(run) if p.key and from_tick <= shown[i] <= until_tick), -1
    )
    if start < 0:
        return _Run(run, tuple(wanted), 0, 0, ())
    end = _safe_end(shown, start, until_tick)
    last = max(shown[start:end])
    head = tuple(t for t in wanted if t < shown[start])
    return _Run(run, head, start, end, tuple(t for t in wanted if t > last))


def _safe_end(shown: Sequence[int], start: int, until_tick: int) -> int:
    """The end of the longest stretch from `start` that is whole both decoded and shown.

    After it no packet may be shown before one inside it, and none inside is shown too late.
    """
    earliest_after = [2**62] * (len(shown) + 1)
    for i in range(len(shown) - 1, start, -1):
        earliest_after[i] = min(shown[i], earliest_after[i + 1])
    end, latest = start + 1, shown[start]
    for i in range(start, len(shown)):
        if shown[i] > until_tick and shown[i] < earliest_after[i + 1]:
            break
        latest = max(latest, shown[i])
        if latest <= until_tick and latest < earliest_after[i + 1]:
            end = i + 1
    return end


def _why_not_join(runs: Sequence[_Run], make: EncoderMaker) -> str:
    """ "" where pieces and copies may stand in one file, else why not (a stable word)."""
    if not any(run.copied for run in runs):
        return "no_key_in_span"
    if any(run.packets[0].format != runs[0].packets[0].format for run in runs):
        return "format_changed"
    if all(len(run.copied) == len(run.wanted) for run in runs):
        return ""
    if runs[0].packets[0].format.codec != make.codec:
        return "other_codec"
    return joinable(runs[0].packets[0].format)


def _clash(formats: Sequence[StreamFormat]) -> str:
    """ "" where no two parameter sets of one id differ, else the reason."""
    sps = {unit for stream in formats for unit in stream.sps}
    pps = {unit for stream in formats for unit in stream.pps}
    ids = {read_sps(unit).id for unit in sps}, {read_pps_id(unit) for unit in pps}
    return "" if (len(ids[0]), len(ids[1])) == (len(sps), len(pps)) else "parameter_sets"


def _join(run: _Run, make: EncoderMaker) -> tuple[list[Sample], list[StreamFormat]]:
    """A run's samples, copied where possible, and the parameter sets they need."""
    samples: list[Sample] = []
    stream = run.packets[0].format
    formats = [stream]
    for wanted in (run.head, None, run.tail):
        if wanted is None:
            samples += [Sample(p.data, p.shown_tick, p.key) for p in run.copied]
        elif wanted:
            piece = _Piece(make, stream)
            for picture in _pictures(run.packets, wanted):
                samples += piece.encode(picture)
            samples += piece.finish()
            formats += piece.formats
    return samples, formats


def _encode_whole(
    runs: Sequence[_Run], make: EncoderMaker
) -> tuple[list[Sample], list[StreamFormat]]:
    """Every wanted frame of every run, encoded as one piece of the first one's size."""
    piece = _Piece(make, None)
    samples: list[Sample] = []
    for run in runs:
        for picture in _pictures(run.packets, run.wanted):
            samples += piece.encode(picture)
    return samples + piece.finish(), piece.formats


class _Piece:
    """One encoder, made when its first picture is known; beside `stream` its ids are its own."""

    def __init__(self, make: EncoderMaker, stream: StreamFormat | None) -> None:
        self._make, self._stream = make, stream
        self._encoder: FrameEncoder | None = None

    def encode(self, picture: Picture) -> list[Sample]:
        if self._encoder is None:
            self._encoder = self._made(picture.frame)
        return self._encoder.encode(picture)

    def finish(self) -> list[Sample]:
        return self._encoder.finish() if self._encoder else []

    @property
    def formats(self) -> list[StreamFormat]:
        return [self._encoder.format] if self._encoder else []

    def _made(self, first: av.VideoFrame) -> FrameEncoder:
        if self._stream is None or not self._stream.sps:
            return self._make(first, 100, 0)
        taken = {read_sps(unit).id for unit in self._stream.sps}
        taken |= {read_pps_id(unit) for unit in self._stream.pps}
        free = next(i for i in range(31, -1, -1) if i not in taken)
        return self._make(first, read_sps(self._stream.sps[0]).profile_idc, free)


def _pictures(packets: Sequence[Packet], wanted: Sequence[int]) -> Iterator[Picture]:
    """The wanted pictures, decoded from the last entry before them and no further than needed."""
    if not wanted:
        return
    asked = set(wanted)
    starts = [i for i, p in enumerate(packets) if p.entry and p.shown_tick <= wanted[0]]
    ends = [i for i, p in enumerate(packets) if p.shown_tick in asked]
    for picture in decode(packets[starts[-1] : ends[-1] + 1]):
        if picture.tick in asked:
            yield picture


def _footage(
    samples: list[Sample],
    formats: Sequence[StreamFormat],
    copied: int,
    why: str,
    lost: int,
    breaks: _Breaks,
) -> Footage:
    shown = sorted(sample.shown_tick for sample in samples)
    steps = sorted(b - a for a, b in pairwise(shown))
    last_ticks = steps[len(steps) // 2] if steps else _DEFAULT_FRAME_TICKS
    end_tick = shown[-1] + last_ticks
    first = formats[0]
    mp4 = write_mp4(
        samples,
        width_px=first.width_px,
        height_px=first.height_px,
        codec=codec_box(formats),
        end_tick=end_tick,
    )
    making = (
        Making.COPIED if copied == len(samples) else Making.JOINED if copied else Making.ENCODED
    )
    notes = (Note("lost_frames", lost, "Frames that could not be decoded."),) if lost else ()
    return Footage(
        mp4, first.width_px, first.height_px, len(samples), copied, making, why,
        (end_tick - shown[0]) * 1000 // TICKS_PER_S, _gaps(shown, breaks), notes,
    )  # fmt: skip


def _gaps(shown: Sequence[int], breaks: _Breaks) -> tuple[Gap, ...]:
    """Where the camera was away, where the picture stood still for a quarter of a second, and where
    nothing was to be recorded."""
    origin, per_ms = shown[0], TICKS_PER_S // 1000
    return tuple(
        Gap(
            (a - origin) // per_ms,
            (b - origin) // per_ms,
            breaks.reason(a, b),
        )
        for a, b in pairwise(shown)
        if b - a > _GAP_TICKS or b in breaks.resumed
    )
