from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from customers.access import Act, Caller, Role
from customers.consent import AgeStatement, Consent, ConsentRules, Purpose
from customers.customers import Customers
from customers.errors import (
    BadConsent,
    BadVisit,
    PeopleBroken,
    UnknownConsent,
    UnknownCustomer,
    UnknownVisit,
)
from customers.keys import Keys
from customers.visit import Visit

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)


@pytest.fixture
def people(tmp_path: Path) -> Customers:
    return Customers(tmp_path / "people", Keys(tmp_path / "keys"), ConsentRules())


def agreed(people: Customers, visit: Visit, **changes: object) -> Consent:
    consent = Consent(
        "", visit.customer_id, visit.id, visit.mirror_id, frozenset({Purpose.RECORD}),
        "I agree.", "en", NOON, NOON + timedelta(hours=1), "Ana Núñez", AgeStatement.OF_AGE,
    )  # fmt: skip
    return people.agree(replace(consent, **changes))  # type: ignore[arg-type]  # a test's shorthand


def test_everything_is_there_again_after_a_new_start(people: Customers, tmp_path: Path) -> None:
    ana = people.welcome(NOON, "Ana")
    visit = people.start_visit(ana.id, "m1", NOON)
    consent = agreed(people, visit)
    again = Customers(tmp_path / "people", Keys(tmp_path / "keys"), ConsentRules())
    assert again.get(ana.id) == ana
    assert again.visit(visit.id) == visit
    assert again.visits_of(ana.id) == [visit]
    assert again.consent(consent.id) == consent
    assert again.consents_of_visit(visit.id) == [consent]
    assert consent.id
    assert not ana.anonymous


def test_no_name_stands_readable_on_the_disk(people: Customers, tmp_path: Path) -> None:
    ana = people.welcome(NOON, "Ana Núñez of Calle 7")
    agreed(people, people.start_visit(ana.id, "m1", NOON), name="Ana Núñez", guardian="Eva Núñez")
    for path in (tmp_path / "people").iterdir():
        assert "Núñez".encode() not in path.read_bytes()
        assert b"Calle" not in path.read_bytes()


def test_a_mirror_has_one_open_visit_at_a_time(people: Customers) -> None:
    ana, berta = people.welcome(NOON), people.welcome(NOON)
    visit = people.start_visit(ana.id, "m1", NOON)
    with pytest.raises(BadVisit, match="still open"):
        people.start_visit(berta.id, "m1", NOON)
    people.start_visit(berta.id, "m2", NOON)
    people.end_visit(visit.id, NOON + timedelta(minutes=5))
    ended = people.end_visit(visit.id, NOON + timedelta(minutes=9))
    assert ended.ended_at == NOON + timedelta(minutes=5)
    assert people.start_visit(berta.id, "m1", NOON).open
    found = people.find_open("m1")
    assert found is not None
    assert found.customer_id == berta.id


def test_a_consent_belongs_to_an_open_visit_of_hers(people: Customers) -> None:
    ana, berta = people.welcome(NOON), people.welcome(NOON)
    visit = people.start_visit(ana.id, "m1", NOON)
    with pytest.raises(BadVisit):
        agreed(people, visit, customer_id=berta.id)
    with pytest.raises(BadVisit):
        agreed(people, visit, mirror_id="m2")
    with pytest.raises(BadConsent):
        agreed(people, visit, age=AgeStatement.MINOR)
    people.end_visit(visit.id, NOON)
    with pytest.raises(BadVisit, match="ended"):
        agreed(people, visit)


def test_a_consent_is_revoked_once_and_keeps_its_moment(people: Customers) -> None:
    visit = people.start_visit(people.welcome(NOON).id, "m1", NOON)
    consent = agreed(people, visit)
    people.revoke(consent.id, NOON + timedelta(minutes=1))
    again = people.revoke(consent.id, NOON + timedelta(minutes=2))
    assert again.revoked_at == NOON + timedelta(minutes=1)
    assert people.consent(consent.id) == again


def test_she_can_read_who_did_what_to_hers(people: Customers) -> None:
    ana = people.welcome(NOON)
    people.note(ana.id, Caller(Role.STAFF, "s1"), Act.DELETE_CLIP, "c1", NOON)
    (entry,) = people.log_of(ana.id)
    assert (entry.role, entry.caller_id, entry.act, entry.thing, entry.at) == (
        Role.STAFF, "s1", Act.DELETE_CLIP, "c1", NOON,
    )  # fmt: skip


def test_nobody_is_found_where_nobody_is(people: Customers) -> None:
    with pytest.raises(UnknownCustomer):
        people.get("none")
    with pytest.raises(UnknownVisit):
        people.visit("none")
    with pytest.raises(UnknownConsent):
        people.consent("none")
    with pytest.raises(UnknownCustomer):
        people.start_visit("none", "m1", NOON)


def test_a_file_that_is_no_database_is_said_to_be_damaged(tmp_path: Path) -> None:
    (tmp_path / "people.db").write_bytes(b"this is no database, whatever its name" * 50)
    with pytest.raises(PeopleBroken):
        Customers(tmp_path, Keys(tmp_path / "keys"), ConsentRules())
