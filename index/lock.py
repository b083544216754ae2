"""One bulk writer at a time, and one upkeep, also across processes."""

import fcntl
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from index.errors import ShopBusy

LOCK_NAME = "writer.lock"


@contextmanager
def bulk_writer(folder: Path) -> Iterator[None]:
    """Be the only bulk writer of the shop in `folder`; raises ShopBusy if there is another.

    The kernel lets go of the lock when its holder dies, however it dies.
    """
    with alone(folder / LOCK_NAME) as is_alone:
        if not is_alone:
            raise ShopBusy(str(folder))
        yield


@contextmanager
def alone(path: Path) -> Iterator[bool]:
    """Hold the lock file `path`; False if another process does. Raises OSError."""
    with path.open("ab") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            yield False
            return
        yield True
