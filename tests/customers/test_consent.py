from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from customers.consent import (
    AgeStatement,
    Consent,
    ConsentRules,
    Purpose,
    Want,
    coverage,
    demand,
)
from customers.errors import BadConsent, NotCovered

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)


def consent(**changes: object) -> Consent:
    fields: dict[str, object] = {
        "id": "co1",
        "customer_id": "cu1",
        "visit_id": "v1",
        "mirror_id": "m1",
        "purposes": frozenset({Purpose.RECORD}),
        "words": "I agree that this mirror records me.",
        "language": "en",
        "given_at": NOON,
        "until_at": NOON + timedelta(hours=1),
        "name": "Ana",
        "age": AgeStatement.OF_AGE,
    }
    return Consent(**(fields | changes))  # type: ignore[arg-type]  # a test's shorthand


def want(from_s: float, until_s: float, **changes: object) -> Want:
    fields: dict[str, object] = {
        "purpose": Purpose.RECORD,
        "customer_id": "cu1",
        "visit_id": "v1",
        "mirror_id": "m1",
        "from_at": NOON + timedelta(seconds=from_s),
        "until_at": NOON + timedelta(seconds=until_s),
    }
    return Want(**(fields | changes))  # type: ignore[arg-type]  # a test's shorthand


def test_a_frame_at_the_very_moment_of_consent_is_covered_and_the_one_before_is_not() -> None:
    assert coverage([consent()], want(0, 0)).covered
    assert coverage([consent()], want(-0.001, -0.001)).reason == "not_yet"


def test_pre_roll_that_reaches_before_the_consent_is_not_covered() -> None:
    assert coverage([consent()], want(-5, 10)).reason == "not_yet"


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"customer_id": "cu2"}, "other_person"),
        ({"visit_id": "v2"}, "other_visit"),
        ({"mirror_id": "m2"}, "other_mirror"),
        ({"purpose": Purpose.SHARE}, "other_purpose"),
    ],
)
def test_a_consent_covers_nobody_and_nothing_else(changes: dict[str, object], reason: str) -> None:
    assert coverage([consent()], want(1, 2, **changes)).reason == reason


def test_a_revoked_consent_covers_up_to_the_revocation_and_not_its_moment() -> None:
    revoked = consent(revoked_at=NOON + timedelta(seconds=10))
    assert coverage([revoked], want(1, 9.999)).covered
    assert coverage([revoked], want(1, 10)).reason == "revoked"


def test_without_any_consent_nothing_is_covered() -> None:
    assert coverage([], want(0, 1)).reason == "no_consent"
    with pytest.raises(NotCovered) as caught:
        demand([], want(0, 1))
    assert caught.value.purpose == "record"


@given(
    st.lists(st.tuples(st.integers(0, 100), st.integers(1, 100)), max_size=4),
    st.integers(-10, 210),
    st.integers(0, 60),
)
def test_what_is_covered_lies_wholly_inside_one_consent(
    spans: list[tuple[int, int]], start: int, length: int
) -> None:
    given_ = [
        consent(
            id=f"co{i}",
            given_at=NOON + timedelta(seconds=a),
            until_at=NOON + timedelta(seconds=a + b),
        )
        for i, (a, b) in enumerate(spans)
    ]
    inside = any(a <= start and start + length < a + b for a, b in spans)
    assert coverage(given_, want(start, start + length)).covered is inside


@pytest.mark.parametrize(
    "changes",
    [
        {"purposes": frozenset()},
        {"words": " "},
        {"language": ""},
        {"name": "  "},
        {"until_at": NOON},
        {"given_at": datetime(2026, 3, 1, 12)},  # noqa: DTZ001  a naive moment is the bad input
        {"revoked_at": NOON - timedelta(seconds=1)},
    ],
)
def test_a_consent_that_nobody_could_have_given_is_refused(changes: dict[str, object]) -> None:
    with pytest.raises(BadConsent):
        consent(**changes)


def test_a_minor_needs_a_guardian_or_is_refused_as_the_operator_decides() -> None:
    minor = consent(age=AgeStatement.MINOR)
    with pytest.raises(BadConsent, match="guardian"):
        ConsentRules().check(minor)
    ConsentRules().check(consent(age=AgeStatement.MINOR, guardian="Her mother"))
    with pytest.raises(BadConsent, match="minors"):
        ConsentRules(guardian_for_minors=False).check(minor)


def test_a_consent_lasts_no_longer_than_the_operator_lets_it() -> None:
    with pytest.raises(BadConsent, match="until_at"):
        ConsentRules(max_s=60).check(consent())
