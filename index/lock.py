"""One bulk writer at a time, also across processes."""

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
    with (folder / LOCK_NAME).open("ab") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as held:
            raise ShopBusy(str(folder)) from held
        yield
