"""How much one caller may ask: a bucket of tokens for each key and each address.

Only the time since the last request is counted, so that nothing has to run in between. The buckets
of at most MOST_CALLERS are held; a flood of addresses throws out those that were quiet longest.
"""

import ipaddress
import time
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache

from api.errors import TooManyRequests

MOST_CALLERS = 20_000


@dataclass(frozen=True, slots=True)
class Rate:
    """`per_s` requests a second in the long run, and up to `burst` at once."""

    per_s: float
    burst: float


class Buckets:
    """A bucket for each caller's name. Used by one event loop."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._held: OrderedDict[str, tuple[float, float]] = OrderedDict()

    def take(self, caller: str, rate: Rate) -> None:
        """Count one request of `caller`; raises TooManyRequests when its bucket is empty."""
        now = self._clock()
        tokens, at = self._held.get(caller, (rate.burst, now))
        tokens = min(rate.burst, tokens + (now - at) * rate.per_s)
        if tokens < 1:
            self._keep(caller, tokens, now)
            raise TooManyRequests((1 - tokens) / rate.per_s)
        self._keep(caller, tokens - 1, now)

    def __len__(self) -> int:
        """How many callers are remembered."""
        return len(self._held)

    def _keep(self, caller: str, tokens: float, now: float) -> None:
        self._held[caller] = (tokens, now)
        self._held.move_to_end(caller)
        if len(self._held) > MOST_CALLERS:
            self._held.popitem(last=False)


@lru_cache(maxsize=1_000)  # every request asks thrice, and a page sends twenty
def neighbourhood(address: str) -> str:
    """Whose bucket an address draws from: an IPv6 caller has a /64 of them to choose from."""
    try:
        found = ipaddress.ip_address(address.partition("%")[0])
    except ValueError:
        return address
    if isinstance(found, ipaddress.IPv6Address):
        if found.ipv4_mapped is not None:
            return str(found.ipv4_mapped)
        return str(ipaddress.ip_network((found, 64), strict=False))
    return str(found)


@lru_cache(maxsize=1_000)
def is_loopback(address: str) -> bool:
    """Whether `address` is this machine's own."""
    try:
        return ipaddress.ip_address(neighbourhood(address).partition("/")[0]).is_loopback or (
            address == "::1"
        )
    except ValueError:
        return False
