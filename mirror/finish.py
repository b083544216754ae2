"""From a finished take, or from a spool that a crash left, to sealed files and their clip."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from hashlib import sha256
from typing import Any

from customers.seal import seal
from mirror.clip import Clip, Footage, Note
from mirror.clips import Kind
from mirror.clock import Timeline, seconds
from mirror.cut import cut
from mirror.encode import EncoderMaker
from mirror.errors import NothingRecorded
from mirror.hole import Hole
from mirror.packet import Packet
from mirror.preview import previews
from mirror.spool import Spooled
from mirror.take import Take


@dataclass(frozen=True, slots=True)
class About:
    """What of a take must survive a crash; names nobody."""

    clip_id: str
    customer_id: str
    visit_id: str
    mirror_id: str
    consent_id: str
    public_key: bytes
    timeline: Timeline
    from_tick: int

    @classmethod
    def of(cls, take: Take) -> "About":
        """What there is to know of a take."""
        s = take.session
        return cls(
            take.clip_id, s.customer_id, s.visit_id, s.mirror_id, take.consent_id, s.public_key,
            take.timeline, take.from_tick,
        )  # fmt: skip

    def fields(self) -> dict[str, Any]:
        """The same as plain JSON values."""
        named = ("clip_id", "customer_id", "visit_id", "mirror_id", "consent_id", "from_tick")
        return {name: getattr(self, name) for name in named} | {
            "public_key": self.public_key.hex(),
            "anchor_at": self.timeline.anchor_at.isoformat(),
            "anchor_s": self.timeline.anchor_s,
        }

    @classmethod
    def read(cls, fields: dict[str, Any]) -> "About":
        """What `fields` wrote."""
        values = dict(fields)
        anchor_at = datetime.fromisoformat(values.pop("anchor_at"))
        timeline = Timeline(anchor_at, values.pop("anchor_s"))
        public_key = bytes.fromhex(values.pop("public_key"))
        return cls(public_key=public_key, timeline=timeline, **values)


@dataclass(frozen=True, slots=True, eq=False)
class Span:
    """The packets a clip is cut from, its last tick, and what must not be in it."""

    packets: list[Packet]
    until_tick: int
    holes: tuple[Hole, ...]


@dataclass(frozen=True, slots=True)
class Made:
    """A clip and its sealed files."""

    clip: Clip
    files: dict[Kind, bytes]


def finish(take: Take, notes: tuple[Note, ...], make_encoder: EncoderMaker) -> Made:
    """Cut a take and seal it; raises NothingRecorded where no frame of it is left."""
    if take.spool:
        take.spool.wait()
        if take.spool.broken:
            text = "The disk was too slow or full: a crash would have cost this clip."
            take.notes.append(Note("no_spool", 1, text))
    until_tick = _last(take.packets) if take.until_tick is None else take.until_tick
    span = Span(take.packets, until_tick, tuple(take.holes))
    return _made(About.of(take), span, (*take.notes, *notes), make_encoder)


def recover(spooled: Spooled, make_encoder: EncoderMaker) -> Made:
    """The clip that a crash interrupted, up to the last packet that was saved, and saying so."""
    note = Note("interrupted", 1, "The recorder was interrupted; the clip ends there.")
    about = About.read(spooled.about)
    span = Span(spooled.packets, _last(spooled.packets), spooled.holes)
    return _made(about, span, (note,), make_encoder)


def _last(packets: list[Packet]) -> int:
    if not packets:
        raise NothingRecorded("no packet arrived")
    return max(packet.shown_tick for packet in packets)


def _made(
    about: About,
    span: Span,
    notes: tuple[Note, ...],
    make_encoder: EncoderMaker,
) -> Made:
    footage = cut(span.packets, about.from_tick, span.until_tick, make_encoder, span.holes)
    if span.holes:
        text = "The recording was paused: somebody else may have been in the picture."
        notes = (*notes, Note("paused", len(span.holes), text))
    shown = (packet.shown_tick for packet in span.packets)
    first_tick = min(tick for tick in shown if tick >= about.from_tick)
    thumbnail, sprite = previews(footage.mp4)
    plain: dict[Kind, bytes] = {"video": footage.mp4, "thumbnail": thumbnail, "sprite": sprite}
    files = {kind: seal(data, about.public_key) for kind, data in plain.items()}
    started_at = about.timeline.at(seconds(first_tick))
    return Made(_clip(about, footage, started_at, files["video"], notes), files)


def _clip(
    about: About, footage: Footage, started_at: datetime, video: bytes, notes: tuple[Note, ...]
) -> Clip:
    return Clip(
        id=about.clip_id,
        customer_id=about.customer_id,
        visit_id=about.visit_id,
        mirror_id=about.mirror_id,
        consent_id=about.consent_id,
        started_at=started_at,
        ended_at=started_at + timedelta(milliseconds=footage.duration_ms),
        width_px=footage.width_px,
        height_px=footage.height_px,
        frames=footage.frames,
        copied_frames=footage.copied_frames,
        making=footage.making,
        size_bytes=len(video),
        plain_bytes=len(footage.mp4),
        sha256=sha256(video).hexdigest(),
        why_encoded=footage.why_encoded,
        gaps=footage.gaps,
        notes=footage.notes + notes,
    )
