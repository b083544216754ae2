"""Who may do what to whose things: decided here and nowhere else.

The table below is the whole law. A caller is a role and an id; a thing has an owner (the customer),
a mirror and a visit. What the table does not allow is refused.
"""

from dataclasses import dataclass
from enum import StrEnum

from customers.errors import NotAllowed


class Role(StrEnum):
    """The four kinds of caller."""

    CUSTOMER = "customer"  # acts for herself, by PIN or link
    MIRROR = "mirror"  # one attendant, by its token
    STAFF = "staff"  # people of the shop
    OPERATOR = "operator"  # who runs the installation


class Act(StrEnum):
    """Everything that can be done to people and their things."""

    MAKE_MIRROR = "make_mirror"
    SEE_MIRROR = "see_mirror"
    TEND_MIRROR = "tend_mirror"  # report its state, take its orders
    LOOK_LIVE = "look_live"  # the picture as it is now, never kept
    START_VISIT = "start_visit"
    SEE_VISIT = "see_visit"
    END_VISIT = "end_visit"
    GIVE_CONSENT = "give_consent"
    SEE_CONSENT = "see_consent"
    REVOKE_CONSENT = "revoke_consent"
    RECORD = "record"  # start and stop a clip
    CONFIRM_COMPANY = "confirm_company"  # somebody else in the picture may stay in it
    DELIVER_CLIP = "deliver_clip"
    LIST_CLIPS = "list_clips"
    WATCH_CLIP = "watch_clip"
    KEEP_CLIP = "keep_clip"
    DELETE_CLIP = "delete_clip"
    READ_LOG = "read_log"
    SEE_SAVED = "see_saved"
    KEEP_SAVED = "keep_saved"  # bring what a device saved, delete some of it
    FORGET = "forget"


class Reach(StrEnum):
    """How far a role's right to an act reaches."""

    OWN = "own"  # things of the caller herself, or of the calling mirror
    ANY = "any"


_OWN, _ANY = Reach.OWN, Reach.ANY
_CUSTOMER_ACTS = (
    Act.SEE_VISIT, Act.END_VISIT, Act.GIVE_CONSENT, Act.SEE_CONSENT, Act.REVOKE_CONSENT,
    Act.RECORD, Act.CONFIRM_COMPANY, Act.LIST_CLIPS, Act.WATCH_CLIP, Act.KEEP_CLIP,
    Act.DELETE_CLIP, Act.READ_LOG, Act.FORGET, Act.LOOK_LIVE, Act.SEE_SAVED, Act.KEEP_SAVED,
)  # fmt: skip
# Nobody but she herself watches a clip, keeps one or agrees to one: not staff, not the operator.
# Into a mirror looks who stands before it, and nobody of the shop.
# Staff may delete and forget on her behalf (she asks at the till); each such act is in her log.
LAW: dict[Role, dict[Act, Reach]] = {
    Role.CUSTOMER: dict.fromkeys(_CUSTOMER_ACTS, _OWN),
    Role.MIRROR: {
        Act.SEE_MIRROR: _OWN, Act.TEND_MIRROR: _OWN, Act.START_VISIT: _OWN, Act.SEE_VISIT: _OWN,
        Act.END_VISIT: _OWN, Act.DELIVER_CLIP: _OWN, Act.LOOK_LIVE: _OWN,
    },
    Role.STAFF: {
        Act.SEE_MIRROR: _ANY, Act.START_VISIT: _ANY, Act.SEE_VISIT: _ANY, Act.END_VISIT: _ANY,
        Act.CONFIRM_COMPANY: _ANY, Act.REVOKE_CONSENT: _ANY, Act.DELETE_CLIP: _ANY,
        Act.FORGET: _ANY,
    },
    Role.OPERATOR: {
        Act.MAKE_MIRROR: _ANY, Act.SEE_MIRROR: _ANY, Act.END_VISIT: _ANY, Act.SEE_VISIT: _ANY,
        Act.SEE_CONSENT: _ANY, Act.REVOKE_CONSENT: _ANY, Act.DELETE_CLIP: _ANY, Act.FORGET: _ANY,
    },
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Caller:
    """Who asks: a role and the id of the customer, mirror or person behind it."""

    role: Role
    id: str


@dataclass(frozen=True, slots=True)
class Thing:
    """What is asked for: whose it is ("" for nobody's) and at which mirror it came to be."""

    customer_id: str = ""
    mirror_id: str = ""


def allowed(caller: Caller, act: Act, thing: Thing) -> bool:
    """True where the law lets `caller` do `act` to `thing`; an empty id owns nothing."""
    reach = LAW[caller.role].get(act)
    if reach is None:
        return False
    if reach is Reach.ANY:
        return True
    owner = thing.mirror_id if caller.role is Role.MIRROR else thing.customer_id
    return bool(caller.id) and caller.id == owner


def demand(caller: Caller, act: Act, thing: Thing) -> None:
    """Raise NotAllowed where the law does not let `caller` do `act` to `thing`."""
    if not allowed(caller, act, thing):
        mine = act in LAW[caller.role]
        reason = "it belongs to somebody else" if mine else "this role has no such right"
        raise NotAllowed(caller.role.value, act.value, reason)
