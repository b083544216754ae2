from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from customers.access import Caller, Role
from customers.errors import NotKnown, TooManyTries
from customers.passes import LOCK_S, Passes

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
ANA = Caller(Role.CUSTOMER, "ana")


@pytest.fixture
def passes(tmp_path: Path) -> Passes:
    return Passes(tmp_path)


def wrong(pin: str) -> str:
    return f"{(int(pin) + 1) % 10**6:06d}"


def test_a_pass_names_its_holder_until_it_runs_out(passes: Passes) -> None:
    token = passes.issue(ANA, NOON, 60)
    assert passes.who(token, NOON + timedelta(seconds=59)) == ANA
    with pytest.raises(NotKnown, match="run out"):
        passes.who(token, NOON + timedelta(seconds=60))


@pytest.mark.parametrize("token", ["", "x", "a" * 43])
def test_a_pass_that_was_never_issued_names_nobody(passes: Passes, token: str) -> None:
    with pytest.raises(NotKnown):
        passes.who(token, NOON)


def test_no_pass_and_no_pin_can_be_read_from_the_disk(passes: Passes, tmp_path: Path) -> None:
    token, pin = passes.issue(ANA, NOON, 60), passes.give_pin("v1", "ana")
    for path in tmp_path.iterdir():
        assert token.encode() not in path.read_bytes()
        assert pin.encode() not in path.read_bytes()


def test_the_right_pin_opens_its_visit_and_no_other(passes: Passes) -> None:
    pin = passes.give_pin("v1", "ana")
    assert passes.by_pin("v1", pin, NOON) == "ana"
    with pytest.raises(NotKnown):
        passes.by_pin("v2", pin, NOON)


def test_five_wrong_pins_lock_the_visit_even_for_the_right_one(passes: Passes) -> None:
    pin = passes.give_pin("v1", "ana")
    for _ in range(4):
        with pytest.raises(NotKnown):
            passes.by_pin("v1", wrong(pin), NOON)
    with pytest.raises(TooManyTries) as caught:
        passes.by_pin("v1", wrong(pin), NOON)
    assert caught.value.retry_after_s == LOCK_S
    with pytest.raises(TooManyTries):
        passes.by_pin("v1", pin, NOON + timedelta(seconds=LOCK_S - 1))
    assert passes.by_pin("v1", pin, NOON + timedelta(seconds=LOCK_S + 1)) == "ana"


def test_a_right_pin_in_between_starts_the_count_anew(passes: Passes) -> None:
    pin = passes.give_pin("v1", "ana")
    for _ in range(3):
        for _ in range(4):
            with pytest.raises(NotKnown):
                passes.by_pin("v1", wrong(pin), NOON)
        assert passes.by_pin("v1", pin, NOON) == "ana"


def test_forgetting_and_taking_back_end_every_pass(passes: Passes) -> None:
    token, pin = passes.issue(ANA, NOON, 60), passes.give_pin("v1", "ana")
    staff = passes.issue(Caller(Role.STAFF, "ana"), NOON, 60)
    passes.forget("ana")
    with pytest.raises(NotKnown):
        passes.who(token, NOON)
    with pytest.raises(NotKnown):
        passes.by_pin("v1", pin, NOON)
    assert passes.who(staff, NOON).role is Role.STAFF  # another one of that name
    passes.take_back(Caller(Role.STAFF, "ana"))
    with pytest.raises(NotKnown):
        passes.who(staff, NOON)
