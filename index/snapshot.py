"""A shop in one file, taken while it is served.

A snapshot is a plain tar: `snapshot.json` (what it is), the pictures under `pictures/`, named by
their SHA-256, `catalogue.sqlite3`, `manifest.json`, and last `checksums.json` with the SHA-256 of
every other member. So one that was cut off has no end, and one bit that fell over is found. Memory
stays bounded: everything streams.

Promise: the catalogue is of one moment, and every uploaded picture that it names is in it: nothing
is unlinked meanwhile.
"""

import hashlib
import io
import json
import os
import sqlite3
import tarfile
from collections.abc import Callable
from contextlib import closing
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import IO

from index import catalogue
from index.database import DATABASE_NAME, Database
from index.disposal import Disposal, unlinking_waits
from index.examine import PICTURES_FOLDER
from index.manifest import MANIFEST_NAME, read_manifest, sync_folder

ABOUT_NAME, SUMS_NAME = "snapshot.json", "checksums.json"
FORMAT = 1
PAGES_AT_ONCE = 2_000  # 8 MB of the catalogue between two looks at the clock
BLOCK_BYTES = 1 << 20

Tell = Callable[[str, int, int], None]
"""Hears the stage, how much of it is done, and of how much."""


@dataclass(frozen=True, slots=True)
class About:
    """What a snapshot says of itself. `model` names the vectors' model, NAME@VERSION."""

    format: int
    identity: str
    model: str
    taken_at: str
    sequence: int
    products: int
    pictures: int
    whole: bool
    """Whether a merchant's own pictures are in it, too."""


@dataclass(frozen=True, slots=True)
class Taken:
    """A snapshot that was taken; `left_out` are pictures whose files are gone, or are not any more
    what they were when they were indexed."""

    about: About
    size_bytes: int
    left_out: list[str]


def silent(stage: str, done: int, total: int) -> None:
    """Tell nobody."""


def take_snapshot(
    folder: Path, target: Path, *, taken_at: str, whole: bool, on_stage: Tell = silent
) -> Taken:
    """Write the shop in `folder` to the file `target`, which appears when it is whole.

    With `whole`, pictures that a catalogue names are taken along, so that nothing outside of the
    snapshot is needed. `taken_at` is the moment, ISO 8601. Raises NoShop, ShopBroken, ShopBusy,
    OSError (a full disk: nothing is left behind then).
    """
    folder = folder.resolve()
    read_manifest(folder)  # or it is no shop
    part = target.with_name(f".{target.name}.{os.getpid()}.part")
    copy = target.with_name(f".{target.name}.{os.getpid()}.sqlite3.part")
    database = Database(folder)
    try:
        with unlinking_waits(folder):
            _copy_catalogue(database, copy, on_stage)
            with part.open("wb") as file:
                about, left_out = _pack(file, folder, copy, taken_at, whole, on_stage)
                file.flush()
                os.fsync(file.fileno())
        size_bytes = part.stat().st_size
        part.replace(target)
        sync_folder(target.parent)
    finally:
        Disposal(database, folder).run()  # what waited
        database.close()
        part.unlink(missing_ok=True)
        copy.unlink(missing_ok=True)
    return Taken(about, size_bytes, left_out)


def _copy_catalogue(database: Database, copy: Path, tell: Tell) -> None:
    """One moment of the catalogue, however much is written meanwhile."""
    copy.unlink(missing_ok=True)
    with database.reading() as connection, closing(sqlite3.connect(copy)) as into:
        catalogue.sequence_of(connection)  # from here on this connection sees one moment
        connection.backup(
            into,
            pages=PAGES_AT_ONCE,
            progress=lambda _, left, total: tell("copying", total - left, total),
        )
        into.execute("PRAGMA journal_mode=DELETE")  # one file, nothing beside it


def _pack(
    file: IO[bytes], folder: Path, copy: Path, taken_at: str, whole: bool, tell: Tell
) -> tuple[About, list[str]]:
    manifest = read_manifest(folder)
    sums: dict[str, str] = {}
    with tarfile.open(fileobj=file, mode="w|", format=tarfile.PAX_FORMAT) as tar:
        with closing(sqlite3.connect(copy)) as connection:
            about = _about(connection, f"{manifest.model}@{manifest.version}", taken_at, whole)
            _add_bytes(tar, ABOUT_NAME, json.dumps(asdict(about), indent=1).encode(), sums)
            left_out = _pack_pictures(tar, connection, folder, whole, sums, tell)
            connection.commit()
        _add_file(tar, DATABASE_NAME, copy, sums)
        _add_bytes(tar, MANIFEST_NAME, (folder / MANIFEST_NAME).read_bytes(), sums)
        _add_bytes(tar, SUMS_NAME, json.dumps(sums).encode(), {})
    return about, left_out


def _pack_pictures(
    tar: tarfile.TarFile,
    connection: sqlite3.Connection,
    folder: Path,
    whole: bool,
    sums: dict[str, str],
    tell: Tell,
) -> list[str]:
    """Pack the shop's own pictures, or all; the rows of what is packed name it within the shop."""
    left_out: list[str] = []
    rows = connection.execute("SELECT id, path, sha256 FROM pictures").fetchall()
    for done, (picture_id, path, sha256) in enumerate(rows):
        tell("packing", done, len(rows))
        file = folder / path
        name = f"{PICTURES_FOLDER}/{sha256}{file.suffix.lower()[:10]}"
        if not (whole or file.resolve().is_relative_to(folder)):
            continue
        try:
            if name not in sums:
                _add_file(tar, name, file, sums, as_begun=True)
        except OSError:
            left_out.append(str(file))
            continue
        if sums[name] != sha256:  # another file by now: unpacking drops it
            left_out.append(str(file))
        elif name != path:
            connection.execute(
                "UPDATE pictures SET path = ?, stamp = '' WHERE id = ?", (name, picture_id)
            )
    return left_out


def _about(connection: sqlite3.Connection, model: str, taken_at: str, whole: bool) -> About:
    (products,) = connection.execute("SELECT count(*) FROM products").fetchone()
    (pictures,) = connection.execute("SELECT count(*) FROM pictures").fetchone()
    identity, _, _ = catalogue.identity_of(connection)
    sequence = catalogue.sequence_of(connection)
    return About(FORMAT, identity, model, taken_at, sequence, products, pictures, whole)


def _add_bytes(tar: tarfile.TarFile, name: str, data: bytes, sums: dict[str, str]) -> None:
    info = tarfile.TarInfo(name)
    info.size = len(data)
    tar.addfile(info, io.BytesIO(data))
    sums[name] = hashlib.sha256(data).hexdigest()


def _add_file(
    tar: tarfile.TarFile, name: str, path: Path, sums: dict[str, str], *, as_begun: bool = False
) -> None:
    """Pack a file; one that may be changed meanwhile is packed `as_begun`: in its first length."""
    with path.open("rb") as file:
        info = tarfile.TarInfo(name)
        info.size = os.fstat(file.fileno()).st_size
        summing = _Summing(file, info.size if as_begun else 0)
        tar.addfile(info, summing)
        sums[name] = summing.digest()


class _Summing:
    """A file that is hashed while it is read, filled up to `least_bytes`.

    Zeros stand for what somebody cut off meanwhile, or the disk cannot give: the tar has promised
    the length, and everything after it would be lost. The sum tells that it is not the picture.
    """

    def __init__(self, file: IO[bytes], least_bytes: int) -> None:
        self._file, self._missing, self._sum = file, least_bytes, hashlib.sha256()

    def read(self, size: int = -1) -> bytes:
        """The next bytes."""
        try:
            data = self._file.read(size)
        except OSError:
            if not self._missing:
                raise
            data = b""
        if size > 0:
            data += bytes(max(0, min(size, self._missing) - len(data)))
        self._missing = max(0, self._missing - len(data))
        self._sum.update(data)
        return data

    def digest(self) -> str:
        """SHA-256 in hex of all that was read."""
        return self._sum.hexdigest()
