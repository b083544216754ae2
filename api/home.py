"""Where a shop keeps what is not one space's: keys, the audit log, jobs, what was uploaded.

A shop's own folder is its home, whichever of its spaces is live.
"""

from pathlib import Path

from api.live import SPACES

DOOR = "door"
"""Keys, the audit log and what shoppers looked for."""
JOBS = "jobs"
STOCKROOM = "stockroom"
"""What merchandisers uploaded: tables, and the pictures that they name."""


def home_of(folder: Path) -> Path:
    """The home of the shop one of whose spaces lies in `folder`."""
    return folder.parent.parent if folder.parent.name == SPACES else folder
