"""A consent, and the one function that decides what it covers.

Promise: no frame reaches a disk before a consent that covers it. Whoever wants to record, keep,
look at or share asks `coverage` and nobody else; it has no default that allows.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum

from customers.errors import BadConsent, NotCovered

NAME_MAX_CHARS = 200
WORDS_MAX_CHARS = 20_000


class Purpose(StrEnum):
    """What a customer may agree to, each by itself."""

    RECORD = "record"  # clips of this visit, destroyed after the retention
    KEEP = "keep"  # clips that she chose, beyond the retention
    SHARE = "share"  # a link that she hands on
    LOOKS = "looks"  # recognise the garments (never the person)


class AgeStatement(StrEnum):
    """What the customer said of her age."""

    OF_AGE = "of_age"
    MINOR = "minor"


@dataclass(frozen=True, slots=True)
class Consent:
    """One customer's agreement, for one visit at one mirror.

    `words` are the very words that she was shown, in `language` (BCP 47); `name` is her signature
    and `guardian` the one of the adult who signed for a minor. It holds from `given_at` (inclusive)
    until `until_at` or `revoked_at` (both exclusive), whichever comes first. Moments are aware UTC.
    Raises BadConsent where a field makes no sense.
    """

    id: str
    customer_id: str
    visit_id: str
    mirror_id: str
    purposes: frozenset[Purpose]
    words: str
    language: str
    given_at: datetime
    until_at: datetime
    name: str
    age: AgeStatement
    guardian: str = ""
    revoked_at: datetime | None = None

    def __post_init__(self) -> None:
        for field in ("given_at", "until_at", "revoked_at"):
            _check_moment(field, getattr(self, field))
        if self.until_at <= self.given_at:
            raise BadConsent("until_at", "lies before given_at")
        if self.revoked_at is not None and self.revoked_at < self.given_at:
            raise BadConsent("revoked_at", "lies before given_at")
        if not self.purposes:
            raise BadConsent("purposes", "are empty: say what is agreed to")
        if not self.words.strip() or len(self.words) > WORDS_MAX_CHARS:
            raise BadConsent("words", f"must be the 1 to {WORDS_MAX_CHARS:,} characters shown")
        if not self.language.strip():
            raise BadConsent("language", "is missing: in which language were the words shown?")
        if not 1 <= len(self.name.strip()) <= NAME_MAX_CHARS:
            raise BadConsent("name", f"must be signed with 1 to {NAME_MAX_CHARS} characters")
        if len(self.guardian) > NAME_MAX_CHARS:
            raise BadConsent("guardian", f"holds more than {NAME_MAX_CHARS} characters")


@dataclass(frozen=True, slots=True)
class ConsentRules:
    """What the operator's law asks of a consent, beyond what makes one at all.

    `guardian_for_minors`: a minor's consent needs a guardian's signature; where it is False, minors
    cannot consent at all. `max_s`: a consent lasts at most so long (opt-in for every session).
    """

    guardian_for_minors: bool = True
    max_s: float = 8 * 3600.0

    def check(self, consent: Consent) -> None:
        """Raise BadConsent where `consent` does not satisfy these rules."""
        if consent.age is AgeStatement.MINOR and not self.guardian_for_minors:
            raise BadConsent("age", "is under this shop's limit: minors are not recorded here")
        if consent.age is AgeStatement.MINOR and not consent.guardian.strip():
            raise BadConsent("guardian", "is missing: a minor's guardian has to sign")
        if (consent.until_at - consent.given_at).total_seconds() > self.max_s:
            raise BadConsent("until_at", f"lies more than {self.max_s:.0f} s after given_at")


@dataclass(frozen=True, slots=True)
class Want:
    """Something that needs a consent: a `purpose` for the span [from_at, until_at] of one visit.

    A single frame is a span whose ends are equal.
    """

    purpose: Purpose
    customer_id: str
    visit_id: str
    mirror_id: str
    from_at: datetime
    until_at: datetime

    def __post_init__(self) -> None:
        _check_moment("from_at", self.from_at)
        _check_moment("until_at", self.until_at)
        if self.until_at < self.from_at:
            raise BadConsent("until_at", "lies before from_at")


@dataclass(frozen=True, slots=True)
class Coverage:
    """The answer: covered by `consent_id`, or not, for `reason` (a stable word)."""

    covered: bool
    reason: str
    consent_id: str = ""


def coverage(consents: Iterable[Consent], want: Want) -> Coverage:
    """Decide whether one of `consents` covers all of `want`.

    One consent must cover the whole span: two that meet are not one. Where none does, `reason` is
    the nearest miss: no_consent, other_person, other_visit, other_mirror, other_purpose, not_yet,
    expired, revoked.
    """
    nearest, nearest_rank = "no_consent", -1
    for consent in consents:
        miss, rank = _miss(consent, want)
        if not miss:
            return Coverage(True, "covered", consent.id)
        if rank > nearest_rank:
            nearest, nearest_rank = miss, rank
    return Coverage(False, nearest)


def demand(consents: Iterable[Consent], want: Want) -> str:
    """Return the id of the consent that covers `want`; raise NotCovered where there is none."""
    answer = coverage(consents, want)
    if not answer.covered:
        raise NotCovered(want.purpose.value, answer.reason)
    return answer.consent_id


def _miss(consent: Consent, want: Want) -> tuple[str, int]:
    """The first reason why `consent` does not cover `want` ("" if it does), and how near it was."""
    revoked_at = consent.revoked_at
    checks = (
        ("other_person", consent.customer_id == want.customer_id),
        ("other_visit", consent.visit_id == want.visit_id),
        ("other_mirror", consent.mirror_id == want.mirror_id),
        ("other_purpose", want.purpose in consent.purposes),
        ("not_yet", consent.given_at <= want.from_at),
        ("expired", want.until_at < consent.until_at),
        ("revoked", revoked_at is None or want.until_at < revoked_at),
    )
    for rank, (reason, holds) in enumerate(checks):
        if not holds:
            return reason, rank
    return "", len(checks)


def _check_moment(field: str, moment: datetime | None) -> None:
    if moment is not None and moment.utcoffset() != UTC.utcoffset(None):
        raise BadConsent(field, "must be a moment in UTC")
