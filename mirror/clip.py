"""A clip as the house knows it: what it holds, how it was made, what is missing."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


class Making(StrEnum):
    """How much of a clip is the camera's own encoding."""

    COPIED = "copied"  # every frame bit for bit
    JOINED = "joined"  # its ends were encoded anew up to a safe cut, the rest copied
    ENCODED = "encoded"  # every frame was encoded anew


@dataclass(frozen=True, slots=True)
class Gap:
    """A span without frames, in milliseconds from the clip's start, and why (a stable word)."""

    from_ms: int
    until_ms: int
    reason: str


@dataclass(frozen=True, slots=True)
class Note:
    """Something odd that was repaired: a stable word, how often, and a sentence for people."""

    code: str
    count: int
    text: str


@dataclass(frozen=True, slots=True)
class Footage:
    """A finished MP4 in memory and the facts about it.

    `mp4` starts with its index (it plays while it arrives), holds only frames of the asked span and
    no edit list. `frames` of them, of which `copied_frames` bit for bit. `duration_ms` counts from
    the first frame's showing to the end of the last one's.
    """

    mp4: bytes
    width_px: int
    height_px: int
    frames: int
    copied_frames: int
    making: Making
    why_encoded: str
    duration_ms: int
    gaps: tuple[Gap, ...] = ()
    notes: tuple[Note, ...] = ()


@dataclass(frozen=True, slots=True)
class Clip:
    """A clip that is kept: one row and its sealed files.

    `started_at` and `ended_at` are aware UTC; `size_bytes` and `sha256` speak of the sealed video
    file as it lies on the disk, `plain_bytes` of the video inside it. `kept` means that she chose
    it: retention passes it by.
    """

    id: str
    customer_id: str
    visit_id: str
    mirror_id: str
    consent_id: str
    started_at: datetime
    ended_at: datetime
    width_px: int
    height_px: int
    frames: int
    copied_frames: int
    making: Making
    size_bytes: int
    plain_bytes: int
    sha256: str
    kept: bool = False
    why_encoded: str = ""
    gaps: tuple[Gap, ...] = ()
    notes: tuple[Note, ...] = ()

    def __post_init__(self) -> None:
        if self.ended_at < self.started_at or self.started_at.utcoffset() is None:
            raise ValueError("a clip ends after it starts, and its moments are aware")
        if not 0 <= self.copied_frames <= self.frames or self.frames < 1:
            raise ValueError("a clip holds at least a frame, and copies no more than it holds")
