"""A customer: an id, and nothing else until she says more."""

from dataclasses import dataclass
from datetime import datetime

from customers.errors import BadVisit

LABEL_MAX_CHARS = 200


@dataclass(frozen=True, slots=True)
class Customer:
    """A person whom the shop remembers.

    `label` is how she wants to be called or reached ("" for an anonymous one); it is stored sealed
    with her key only. `created_at` is aware UTC.
    """

    id: str
    created_at: datetime
    label: str = ""

    def __post_init__(self) -> None:
        if not self.id or len(self.label) > LABEL_MAX_CHARS:
            raise BadVisit(f"a customer has an id and a label of at most {LABEL_MAX_CHARS} chars")
        if self.created_at.utcoffset() is None:
            raise BadVisit("its moments must be aware")

    @property
    def anonymous(self) -> bool:
        """True while she has given no name."""
        return not self.label
