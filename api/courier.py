"""The courier: fetches the picture of a search from the address that a shopper gave."""

from api.entrance import Entrance
from api.errors import BadParameter
from index.errors import BadLink
from index.fetch import FetchLimits, fetch_picture

AT_ONCE = 4
WAITING = 8
"""Fetches wait for other people's hosts: they have places of their own, and few, so that nobody can
fill the shop's with them, or make it a nuisance to others."""

NOT_PUBLIC = ("private_address", "unknown_host")
NO_PUBLIC_ADDRESS = (
    "it leads to no address on the public internet; an operator can allow hosts of his own with "
    "VISTAZO_FETCH_HOSTS"
)
"""One sentence for both: else a stranger learns which names the shop's own network knows."""


class Courier:
    """Fetches pictures within `limits`; None: this shop does not."""

    def __init__(self, limits: FetchLimits | None) -> None:
        self._limits = limits
        self._entrance = Entrance(AT_ONCE, WAITING)

    async def fetch(self, url: str) -> bytes:
        """The bytes of the picture, held in memory only. Raises BadLink, BadParameter,
        Overloaded."""
        return await self._entrance.run(lambda: self.bring(url))

    def bring(self, url: str) -> bytes:
        """The same for one who may wait; blocks. Raises BadLink, BadParameter."""
        if self._limits is None:
            raise BadParameter("url", "this shop fetches no pictures: send the picture itself")
        try:
            found = fetch_picture(url, self._limits)
        except BadLink as bad:
            if bad.code not in NOT_PUBLIC:
                raise
            raise BadLink(url, bad.code, NO_PUBLIC_ADDRESS) from bad
        if found.data is None:  # nothing was said of a copy, so there is none to fall back on
            raise BadLink(url, "http_304", "the host answers 304 to a first question")
        return found.data
