"""What a mirror knows of the visit before it."""

from dataclasses import dataclass
from datetime import datetime

from customers.consent import Consent, Coverage, Purpose, Want, coverage


@dataclass(frozen=True, slots=True)
class Session:
    """A visit as the server told it to the mirror: who, whose public key, which consents.

    `public_key` seals for her (customers/keys); the mirror never holds the private half.
    """

    mirror_id: str
    visit_id: str
    customer_id: str
    public_key: bytes
    consents: tuple[Consent, ...] = ()

    def covers(self, from_at: datetime, until_at: datetime) -> Coverage:
        """Whether frames of [from_at, until_at] may be recorded: customers/consent decides."""
        return coverage(
            self.consents,
            Want(
                Purpose.RECORD,
                self.customer_id,
                self.visit_id,
                self.mirror_id,
                from_at,
                until_at,
            ),
        )
