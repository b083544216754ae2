"""Who may do what at the door: roles of keys against acts, decided here and nowhere else.

What concerns people (visits, consents, clips) is decided by customers/access, whose callers a key's
holder may be: `caller_of` says which.
"""

from enum import StrEnum

from customers.access import Caller
from customers.access import Role as PeopleRole


class Role(StrEnum):
    """The five kinds of key."""

    SHOPPER = "shopper"  # the shopper's app or page; may be published, bound to origins
    MIRROR = "mirror"  # a mirror's search; what it records it hands over with its own pass
    ASSOCIATE = "associate"  # the tablets of people in the shop
    MERCHANDISER = "merchandiser"  # who keeps the catalogue
    ADMIN = "admin"  # who runs the installation


class Act(StrEnum):
    """Everything that can be done at the door."""

    ENTER = "enter"  # pages, health, signing in: open to everybody
    PEOPLE = "people"  # decided by customers/access, from the pass that comes along
    SEARCH = "search"
    SEE_PRODUCT = "see_product"
    SEE_SHOP = "see_shop"
    TELL_EVENT = "tell_event"
    KEEP_SAVED = "keep_saved"
    BROWSE = "browse"  # the whole catalogue, page by page, with what is wrong in it
    WRITE_PRODUCT = "write_product"
    DELETE_PRODUCT = "delete_product"
    WRITE_RULES = "write_rules"
    SEE_JOBS = "see_jobs"
    RUN_JOBS = "run_jobs"
    SWITCH_SPACE = "switch_space"
    SEE_DEMAND = "see_demand"
    SEE_AUDIT = "see_audit"
    SEE_METRICS = "see_metrics"
    MANAGE_KEYS = "manage_keys"


FREE = frozenset((Act.ENTER, Act.PEOPLE))
READING = frozenset((Act.SEARCH, Act.SEE_PRODUCT, Act.SEE_SHOP, Act.TELL_EVENT, Act.KEEP_SAVED))
"""Open to everybody unless the operator demands keys."""
WRITES = frozenset(
    (
        Act.WRITE_PRODUCT, Act.DELETE_PRODUCT, Act.WRITE_RULES, Act.RUN_JOBS, Act.SWITCH_SPACE,
        Act.MANAGE_KEYS,
    )
)  # fmt: skip
"""What the audit log tells of, where the method is not GET."""
_KEEPING = READING | {
    Act.BROWSE, Act.WRITE_PRODUCT, Act.DELETE_PRODUCT, Act.WRITE_RULES, Act.SEE_JOBS, Act.RUN_JOBS,
    Act.SWITCH_SPACE, Act.SEE_DEMAND,
}  # fmt: skip
LAW: dict[Role, frozenset[Act]] = {
    Role.SHOPPER: READING,
    Role.MIRROR: READING,
    Role.ASSOCIATE: READING | {Act.BROWSE},
    Role.MERCHANDISER: _KEEPING,
    Role.ADMIN: frozenset(Act) - FREE,
}
_PEOPLE = {Role.ASSOCIATE: PeopleRole.STAFF, Role.ADMIN: PeopleRole.OPERATOR}


def allowed(role: Role, act: Act) -> bool:
    """True where a key of `role` opens `act`."""
    return act in FREE or act in LAW[role]


def caller_of(role: Role, key_id: str) -> Caller | None:
    """Whom customers/access sees in the holder of a key: staff in an associate, the operator in an
    admin, nobody in the others. A mirror is known by its own pass, a customer by hers."""
    people_role = _PEOPLE.get(role)
    return None if people_role is None else Caller(people_role, f"key:{key_id}")
