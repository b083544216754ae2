"""Fetching pictures within what the operator allows."""

from api.settings import Settings
from index.address import Allowed
from index.fetch import FetchLimits
from index.fetching import Fetching


def allowed_hosts(settings: Settings) -> Allowed:
    """The operator's own hosts. Raises ValueError, in words that name the setting."""
    try:
        return Allowed.of(settings.fetch_hosts.split(","))
    except ValueError as strange:
        raise ValueError(f"VISTAZO_FETCH_HOSTS cannot be used: {strange}") from strange


def of_catalogues(settings: Settings) -> Fetching:
    """How the pictures of a catalogue are fetched."""
    return Fetching(
        FetchLimits(
            max_bytes=settings.max_upload_bytes,
            total_s=2 * settings.fetch_wait_s,
            allowed=allowed_hosts(settings),
        )
    )


def of_queries(settings: Settings) -> FetchLimits | None:
    """How the picture of a search is fetched; None where the operator does not want it."""
    if not settings.fetch_queries:
        return None
    return FetchLimits(
        max_bytes=settings.max_upload_bytes,
        total_s=settings.fetch_wait_s,
        allowed=allowed_hosts(settings),
    )
