"""A visit and a consent as the recorder hears of them."""

from dataclasses import replace
from datetime import timedelta

from customers.consent import AgeStatement, Consent, Purpose
from mirror.session import Session
from tests.drawn_clips import NOON


def consent_at(second: float, **changes: object) -> Consent:
    """A consent to recording that begins `second` after noon and lasts until one."""
    consent = Consent(
        "co1", "cu1", "v1", "m1", frozenset({Purpose.RECORD}), "I agree.", "en",
        NOON + timedelta(seconds=second), NOON + timedelta(hours=1), "Ana", AgeStatement.OF_AGE,
    )  # fmt: skip
    return replace(consent, **changes)  # type: ignore[arg-type]  # a test's shorthand


def session(*consents: Consent, visit: str = "v1") -> Session:
    """Her visit with these consents."""
    return Session("m1", visit, "cu1", b"p" * 32, consents)
