"""What merchandisers uploaded: tables, zips and pictures, each delivery in a folder of its own.

The shop's products show the pictures that lie here, so a folder stays as long as they do. A zip
that is sent again under the same name costs only what is new in it.
"""

import os
import re
import shutil
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import anyio.to_thread

from api.errors import BadParameter, BodyTooLarge, NoSuchUpload
from api.home import STOCKROOM
from index.archive import ARCHIVE_SUFFIXES
from index.source import PICTURES, TABLE_SUFFIXES

NAME = re.compile(r"[^\W_](?:[\w .+()-]{0,98}[\w+()-])?")
LEAST_FREE_BYTES = 1_000_000_000  # left on the disk, whatever is uploaded


@dataclass(frozen=True, slots=True)
class Delivery:
    """A folder of the stockroom: its tables and zips by name, how many pictures, their age."""

    name: str
    files: tuple[str, ...]
    pictures: int
    at: datetime


class Stockroom:
    """The stockroom of the shop whose home is `home`."""

    def __init__(self, home: Path, most_bytes: int) -> None:
        self._folder, self._most_bytes = home / STOCKROOM, most_bytes

    @property
    def folder(self) -> Path:
        """Where everything lies that was uploaded."""
        return self._folder

    def deliveries(self) -> list[Delivery]:
        """Everything that was delivered, youngest first."""
        folders = [p for p in self._folder.glob("*") if p.is_dir()]
        return sorted(map(_delivery, folders), key=lambda found: found.at, reverse=True)

    def find(self, source: str) -> Path:
        """The file or folder `source` (DELIVERY/FILE, as uploads and jobs name it).

        Raises NoSuchUpload, also for a name that would lead outside.
        """
        path = self._folder.joinpath(*source.split("/"))
        inside = source and ".." not in source.split("/") and "\0" not in source
        if not inside or not path.resolve().is_relative_to(self._folder.resolve()):
            raise NoSuchUpload(source)
        if path.resolve() == self._folder.resolve() or not path.exists():
            raise NoSuchUpload(source)
        return path

    def name_of(self, path: Path) -> str:
        """The other way round: `path` in the stockroom as uploads and jobs name it."""
        return path.resolve().relative_to(self._folder.resolve()).as_posix()

    async def take(self, delivery: str, file: str, pieces: AsyncIterator[bytes]) -> str:
        """Keep a file that arrives in pieces, whole or not at all; its name for jobs.

        Raises BadParameter for a name that cannot be, BodyTooLarge.
        """
        target = self._place(delivery, file)
        await anyio.to_thread.run_sync(lambda: target.parent.mkdir(parents=True, exist_ok=True))
        part = target.with_name(f".{target.name}.{os.urandom(4).hex()}.part")
        try:
            with part.open("wb") as out:
                room = shutil.disk_usage(target.parent).free - LEAST_FREE_BYTES
                most = min(self._most_bytes, max(0, room))
                size = 0
                async for piece in pieces:
                    size += len(piece)
                    if size > most:
                        raise BodyTooLarge(most)
                    await anyio.to_thread.run_sync(out.write, piece)
                await anyio.to_thread.run_sync(_sync(out.flush, out.fileno()))
            part.replace(target)
        finally:
            part.unlink(missing_ok=True)
        return self.name_of(target)

    def remove(self, source: str) -> None:
        """Remove a table or a zip; pictures that products show stay. Raises NoSuchUpload."""
        path = self.find(source)
        if not path.is_file():
            raise NoSuchUpload(source)
        path.unlink(missing_ok=True)

    def _place(self, delivery: str, file: str) -> Path:
        for what, name in (("delivery", delivery), ("file", file)):
            if not NAME.fullmatch(name) or ".." in name:
                raise BadParameter(what, "letters, digits, blanks and . + ( ) - _ make its name")
        suffix = Path(file).suffix.casefold()
        if suffix not in {*TABLE_SUFFIXES, *ARCHIVE_SUFFIXES, *PICTURES}:
            known = ", ".join(sorted({*TABLE_SUFFIXES, *ARCHIVE_SUFFIXES}))
            raise BadParameter("file", f"send a picture or one of {known}, not {suffix or 'this'}")
        return self._folder / delivery / file


def _sync(flush: Callable[[], None], descriptor: int) -> Callable[[], None]:
    def sync() -> None:
        flush()
        os.fsync(descriptor)

    return sync


def _delivery(folder: Path) -> Delivery:
    files, pictures = [], 0
    for root, folders, names in os.walk(folder):
        folders[:] = [name for name in folders if not name.startswith(".")]
        for name in names:
            suffix = Path(name).suffix.casefold()
            pictures += suffix in PICTURES
            if suffix in {*TABLE_SUFFIXES, *ARCHIVE_SUFFIXES} and not name.startswith("."):
                files.append(Path(root, name).relative_to(folder).as_posix())
    at = datetime.fromtimestamp(folder.stat().st_mtime, UTC)
    return Delivery(folder.name, tuple(sorted(files)), pictures, at)
