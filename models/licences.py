"""Which licences of weights let a shop earn money with them."""

from typing import Final

from models.errors import LicenceRefused

COMMERCIAL: Final = frozenset(
    {"apache-2.0", "mit", "bsd-2-clause", "bsd-3-clause", "isc", "cc0-1.0", "cc-by-4.0",
     "unlicense", "none: random weights"}
)  # fmt: skip
"""As hubs spell them. Whatever is not here (cc-by-nc, apple-amlr, unknown, other …) is asked about:
a licence that we do not know is no permission."""


def require_commercial(name: str, licence: str, *, accepted: bool) -> None:
    """Raise LicenceRefused unless the licence allows commercial use or somebody `accepted` it."""
    if not accepted and licence.strip().lower() not in COMMERCIAL:
        raise LicenceRefused(name, licence)
