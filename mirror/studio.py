"""The server's side of the mirror: every store, and what is decided between them.

A clip meets a customer here and only here: through the visit it was recorded in, with a consent
that covers it. Opening a studio finishes what a crash left, forgets again whom a backup brought
back, and destroys what the retention has ended.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path

from customers.consent import Consent, ConsentRules, Purpose, Want, demand
from customers.customers import Customers
from customers.errors import KeyDestroyed, NotAllowed
from customers.files import Hold
from customers.forget import Holding, Ledger, Oblivion, finish_forgetting, forget
from customers.keys import Keys
from customers.passes import Passes
from customers.receipt import Receipt, Signer
from customers.seal import SealedFile
from customers.visit import Visit
from mirror.clip import Clip
from mirror.clips import Clips, Kind, Received
from mirror.clock import Clock
from mirror.desk import MirrorState, Orders
from mirror.errors import BadOrder, UnknownClip
from mirror.mirrors import GONE, KEPT, Mirrors
from mirror.session import Session

RETENTION_S = 72 * 3600.0
_BEFORE = timedelta(milliseconds=1)  # the moment of revoking is not covered; a tick is 11 µs


@dataclass(frozen=True, slots=True)
class Studio:
    """All stores of one shop's people and mirrors."""

    customers: Customers
    keys: Keys
    passes: Passes
    signer: Signer
    ledger: Ledger
    clips: Clips
    mirrors: Mirrors
    clock: Clock
    retention_s: float
    hold: Hold
    beside: list[Holding] = field(default_factory=list)
    """What else holds things of hers where a shop is served, too; forgetting reaches it."""

    def orders(self, mirror_id: str, state: MirrorState) -> Orders:
        """Hear a mirror and tell it what is wanted; raises UnknownMirror."""
        self.mirrors.get(mirror_id)
        now = self.clock.now()
        self.mirrors.hear(mirror_id, state, now)
        destroy = self.mirrors.gone(state.waiting)
        visit = self.customers.find_open(mirror_id)
        latest = self.mirrors.latest(visit.id) if visit else None
        self.mirrors.miss(mirror_id, state, latest)
        if visit is None or not self.keys.exists(visit.customer_id):
            return Orders(now, destroy=destroy)
        session = Session(
            mirror_id,
            visit.id,
            visit.customer_id,
            self.keys.public(visit.customer_id),
            tuple(self.customers.consents_of_visit(visit.id)),
        )
        confirmed_at = self.mirrors.confirmed(visit.id)
        return Orders(now, session, latest, destroy, confirmed_at)

    def take(self, clip: Clip, mirror_id: str, received: Iterable[Received]) -> bool:
        """Keep what a mirror hands over; False where it is kept already.

        Raises NotAllowed (another mirror's clip), UnknownClip (never asked for, or gone) and
        NotCovered (no consent covers it as they stand now).
        """
        order = self.mirrors.order(clip.id)
        if order.mirror_id != mirror_id:
            raise NotAllowed("mirror", "deliver_clip", "another mirror was asked for it")
        if order.outcome == GONE:
            raise UnknownClip(clip.id)
        named = (clip.customer_id, clip.visit_id, clip.mirror_id)
        if named != (order.customer_id, order.visit_id, mirror_id):
            raise NotAllowed("mirror", "deliver_clip", "it was asked for in another visit")
        self.customers.get(clip.customer_id)
        last_frame_at = clip.ended_at - (clip.ended_at - clip.started_at) / clip.frames
        want = Want(Purpose.RECORD, *named, clip.started_at, last_frame_at)
        demand(self.customers.consents_of_visit(clip.visit_id), want)
        new = self.clips.keep(clip, received)
        if not self.keys.exists(clip.customer_id):  # she was forgotten while it arrived
            self.clips.forget(clip.customer_id)
            raise KeyDestroyed(clip.customer_id)
        self.mirrors.settle(clip.id, KEPT)
        return new

    def unwrap(self, clip_id: str, mirror_id: str, wrapped: bytes) -> bytes:
        """The data key of a spool that a crash left on its mirror, until its clip is kept."""
        order = self.mirrors.order(clip_id)
        if order.mirror_id != mirror_id or order.outcome == KEPT:
            raise NotAllowed("mirror", "open_spool", "this clip is not this mirror's to finish")
        if order.outcome == GONE:
            raise UnknownClip(clip_id)
        return self.keys.unwrap(order.customer_id, wrapped)

    def open(self, clip: Clip, kind: Kind) -> SealedFile:
        """A file of a clip, opened with her key; raises UnknownClip, KeyDestroyed, SealBroken."""
        return self.clips.open(
            clip.id, kind, lambda wrapped: self.keys.unwrap(clip.customer_id, wrapped)
        )

    def keep_longer(self, clip: Clip, visit: Visit) -> Clip:
        """She chooses a clip: it outlives the retention. Raises NotCovered without `keep`."""
        now = self.clock.now()
        consents = self.customers.consents_of_visit(visit.id)
        # What she agreed to then counts, unless she took it back since; its end is not the clip's.
        named = (clip.customer_id, visit.id, clip.mirror_id)
        want = Want(Purpose.KEEP, *named, clip.started_at, clip.started_at)
        demand([c for c in consents if c.revoked_at is None or c.revoked_at > now], want)
        return self.clips.choose(clip.id, kept=True)

    def remove(self, clip_id: str) -> None:
        """Destroy one clip, wherever it is; raises UnknownClip."""
        self.mirrors.order(clip_id)
        self.mirrors.settle(clip_id, GONE)
        if self.clips.find(clip_id) is not None:
            self.clips.remove(clip_id)

    def ask(self, visit: Visit, pre_roll_s: float) -> str:
        """Ask the visit's mirror for a clip from now; raises BadOrder and NotCovered."""
        if not visit.open:
            raise BadOrder("the visit has ended")
        now = self.clock.now()
        want = Want(Purpose.RECORD, visit.customer_id, visit.id, visit.mirror_id, now, now)
        demand(self.customers.consents_of_visit(visit.id), want)
        asked = self.mirrors.ask(visit.mirror_id, visit.id, visit.customer_id, pre_roll_s, now)
        return asked.clip_id

    def confirm_company(self, visit: Visit) -> None:
        """Somebody else in the picture may stay in it; raises BadOrder where the visit has ended.

        Said before anybody was seen it counts for nothing: the mirror compares the moments.
        """
        if not visit.open:
            raise BadOrder("the visit has ended")
        self.mirrors.confirm(visit.id, self.clock.now())

    def revoke(self, consent_id: str, *, keep_recorded: bool = False) -> Consent:
        """She takes a consent back: a clip that is being recorded with it is destroyed.

        It is gone for the server at once, so that not even a mirror's crash can bring it back.
        Where she wants to `keep_recorded`, it ends with the last frame before this moment instead.
        """
        now = self.clock.now()
        known = self.customers.consent(consent_id)
        running = self.mirrors.wanted(known.visit_id)
        hers = Purpose.RECORD in known.purposes and known.revoked_at is None
        if running and hers and keep_recorded:
            self.mirrors.stop(running.clip_id, now - _BEFORE)
        consent = self.customers.revoke(consent_id, now)
        if running and hers and not keep_recorded:
            self.remove(running.clip_id)
        return consent

    def forget(self, customer_id: str) -> Receipt:
        """Forget her everywhere; the signed receipt comes back."""
        return forget(customer_id, self._reach(), self.ledger, self.clock.now())

    def tidy(self) -> list[str]:
        """Finish every forgetting, destroy what the retention has ended; ids of those clips."""
        finish_forgetting(self._reach(), self.ledger, self.clock.now())
        ended = self.clips.expire(self.retention_s)
        for clip_id in ended:
            self.mirrors.settle(clip_id, GONE)
        return ended

    def close(self) -> None:
        """Close every store."""
        for store in (self.customers, self.passes, self.clips, self.mirrors, self.ledger):
            store.close()
        self.hold.release()

    def _reach(self) -> Oblivion:
        own: list[Holding] = [self.mirrors, self.clips, self.passes]
        return Oblivion(self.customers, self.keys, self.signer, [*own, *self.beside])


def open_studio(
    folder: Path,
    clock: Clock,
    rules: ConsentRules | None = None,
    *,
    retention_s: float = RETENTION_S,
    tidy: bool = True,
) -> Studio:
    """Open the stores under `folder`, and tidy up; keys lie in `folder/keys`, backed up apart.

    Without `tidy` that is left to who adds what else holds things of hers (`beside`): no receipt
    is signed before forgetting has reached it.
    Raises PeopleBusy where another process has it open, PeopleBroken where it is damaged.
    """
    hold = Hold(folder)
    keys = Keys(folder / "keys" / "customers")
    studio = Studio(
        customers=Customers(folder / "people", keys, rules or ConsentRules()),
        keys=keys,
        passes=Passes(folder / "people"),
        signer=Signer(folder / "keys" / "receipts.key"),
        ledger=Ledger(folder / "keys"),
        clips=Clips(folder / "clips", clock),
        mirrors=Mirrors(folder / "people"),
        clock=clock,
        retention_s=retention_s,
        hold=hold,
    )
    if tidy:
        studio.tidy()
    return studio
