"""What a mirror and its server say to each other, whatever carries it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Literal, Protocol

from mirror.clip import Clip
from mirror.clips import Kind
from mirror.session import Session

Indicator = Literal["off", "ready", "recording", "paused"]


@dataclass(frozen=True, slots=True)
class Recording:
    """A clip that the server wants: from `pre_roll_s` before `asked_at` until `stopped_at`.

    It is a wish that is repeated, not a command that can be lost; the moments are the server's.
    """

    clip_id: str
    asked_at: datetime
    pre_roll_s: float
    stopped_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Orders:
    """What the server wants of a mirror now, by the server's clock `now_at`.

    `destroy` names waiting clips that nobody may have any more (deleted, or she was forgotten).
    `confirmed_at` is when it was last said that somebody else in the picture may stay in it.
    """

    now_at: datetime
    session: Session | None = None
    recording: Recording | None = None
    destroy: tuple[str, ...] = ()
    confirmed_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class MirrorState:
    """How a mirror is, as it says itself; no frame and no name in it.

    `indicator` is what its light must show: `recording` exactly while frames go to a disk, `paused`
    while a clip is asked for and held: `held` says why (second_person, unwatched). `watch` is how
    persons are counted: off, resting (nobody has agreed), on, or what is wrong with it.
    `making` names the clips still to be made (None: an older mirror, which does not say), `waiting`
    those that are made. `last_gap_at` is when its camera was last missed.
    """

    indicator: Indicator = "off"
    camera: str = ""
    camera_ok: bool = False
    camera_says: str = ""
    frames_per_s: float = 0.0
    ring_s: float = 0.0
    ring_bytes: int = 0
    recording_clip: str = ""
    waiting: tuple[str, ...] = ()
    disk_free_bytes: int = 0
    server_ok: bool = False
    last_gap_at: datetime | None = None
    refused: Mapping[str, str] = field(default_factory=dict)
    held: str = ""
    watch: str = "off"
    encoder: str = ""
    making: tuple[str, ...] | None = None


class Desk(Protocol):
    """The seam: the server, or a test's stand-in."""

    def report(self, state: MirrorState) -> Orders:
        """Tell how the mirror is, hear what is wanted; raises DeskAway and DeskRefused."""
        ...

    def deliver(self, clip: Clip, files: Mapping[Kind, Path]) -> None:
        """Hand a clip over; returns once it is kept. Raises DeskAway and DeskRefused."""
        ...

    def unwrap(self, clip_id: str, wrapped: bytes) -> bytes:
        """The data key of a spool that a crash left; raises DeskAway and DeskRefused."""
        ...
