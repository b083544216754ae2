from itertools import product

import pytest

from customers.access import LAW, Act, Caller, Role, Thing, allowed, demand
from customers.errors import NotAllowed

HERS = Thing(customer_id="cu1", mirror_id="m1")


@pytest.mark.parametrize(("role", "act"), list(product(Role, Act)))
def test_the_law_holds_for_every_role_act_and_owner(role: Role, act: Act) -> None:
    own = "m1" if role is Role.MIRROR else "cu1"
    reach = LAW[role].get(act)
    assert allowed(Caller(role, own), act, HERS) is (reach is not None)
    assert allowed(Caller(role, "else"), act, HERS) is (reach == "any")
    # An empty id owns nothing, not even a thing that is nobody's.
    assert allowed(Caller(role, ""), act, Thing()) is (reach == "any")


@pytest.mark.parametrize("role", [Role.STAFF, Role.OPERATOR, Role.MIRROR])
@pytest.mark.parametrize(
    "act", [Act.WATCH_CLIP, Act.KEEP_CLIP, Act.LIST_CLIPS, Act.GIVE_CONSENT, Act.READ_LOG]
)
def test_only_she_herself_watches_keeps_lists_agrees_and_reads_her_log(
    role: Role, act: Act
) -> None:
    assert not allowed(Caller(role, "cu1"), act, HERS)
    with pytest.raises(NotAllowed):
        demand(Caller(role, "cu1"), act, HERS)


def test_a_mirror_never_starts_a_visit_at_another_mirror() -> None:
    assert not allowed(Caller(Role.MIRROR, "m2"), Act.START_VISIT, Thing(mirror_id="m1"))
