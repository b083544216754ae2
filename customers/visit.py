"""A visit: one customer before one mirror, from a moment to a moment."""

from dataclasses import dataclass
from datetime import datetime

from customers.errors import BadVisit


@dataclass(frozen=True, slots=True)
class Visit:
    """What joins a mirror and a customer; a clip meets a customer through it and never by face.

    `ended_at` is None while she stands there. Moments are aware UTC. Raises BadVisit.
    """

    id: str
    mirror_id: str
    customer_id: str
    started_at: datetime
    ended_at: datetime | None = None

    def __post_init__(self) -> None:
        if not (self.id and self.mirror_id and self.customer_id):
            raise BadVisit("it needs an id, a mirror and a customer")
        for moment in (self.started_at, self.ended_at):
            if moment is not None and moment.utcoffset() is None:
                raise BadVisit("its moments must be aware")
        if self.ended_at is not None and self.ended_at < self.started_at:
            raise BadVisit("it ends before it starts")

    @property
    def open(self) -> bool:
        """True until the visit has ended."""
        return self.ended_at is None
