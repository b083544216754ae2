"""Files that are whole or absent, whatever happens in between."""

import fcntl
import os
from pathlib import Path

from customers.errors import PeopleBusy

PART = ".part"
LOCK = ".lock"


def write_whole(path: Path, data: bytes, *, mode: int = 0o640) -> None:
    """Write `data` under another name, sync it, rename it, sync the folder.

    After a crash at any moment `path` holds all of `data` or does not exist (or still what it held
    before); a left-over `.part` means nothing and may be removed.
    """
    part = path.with_name(path.name + PART)
    descriptor = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, mode)
    with os.fdopen(descriptor, "wb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())
    part.replace(path)
    sync_folder(path.parent)


def remove_whole(path: Path) -> None:
    """Unlink and sync the folder; nothing happens where it is gone already."""
    path.unlink(missing_ok=True)
    sync_folder(path.parent)


class Hold:
    """A folder for this process alone, until `release` or its death; raises PeopleBusy."""

    def __init__(self, folder: Path) -> None:
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        self._file = (folder / LOCK).open("wb")
        try:
            fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as cause:
            self._file.close()
            raise PeopleBusy(str(folder)) from cause

    def release(self) -> None:
        """Let others in."""
        self._file.close()


def sync_folder(folder: Path) -> None:
    """Make renames and removals in `folder` last."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
