"""Putting a shop back from a snapshot: verified before anything is replaced.

Promise: what is put back is, byte for byte, what was taken, and passes a check; until then the shop
that is there stays, and after that it lies beside, under another name. A tar can hold anything, so
nothing but plain files under the names that we give is taken out of one.
"""

import fcntl
import hashlib
import json
import os
import re
import shutil
import tarfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

from index.check import check_shop
from index.database import DATABASE_NAME, OPEN_NAME
from index.errors import BadSnapshot, ShopBusy
from index.examine import PICTURES_FOLDER
from index.manifest import MANIFEST_NAME, sync_folder
from index.snapshot import ABOUT_NAME, BLOCK_BYTES, FORMAT, SUMS_NAME, About, Tell, silent

PICTURE_NAME = re.compile(rf"{PICTURES_FOLDER}/([0-9a-f]{{64}})(\.[a-z0-9]+)?")
NOT_OURS = frozenset(("picture-missing",))
"""Faults that a snapshot without a merchant's own pictures may well have."""


def restore_snapshot(
    file: Path,
    folder: Path,
    *,
    now_s: float,
    beside: str,
    finish: Callable[[Path, About], None] = lambda unpacked, about: None,
    on_stage: Tell = silent,
) -> Path | None:
    """Make `folder` the shop of the snapshot; where the shop lies that was there, None for none.

    That is `folder` with `beside` behind its name. `finish` may add to the unpacked shop before it
    takes its place; `now_s` is the time of day. Raises BadSnapshot, ShopBusy (somebody has the shop
    open), OSError: in all these cases the shop that was there is untouched.
    """
    folder = folder.absolute()
    folder.parent.mkdir(parents=True, exist_ok=True)
    fresh = folder.with_name(f".{folder.name}.{os.getpid()}.part")
    shutil.rmtree(fresh, ignore_errors=True)
    try:
        fresh.mkdir()
        about = unpack_snapshot(file, fresh, on_stage)
        checked = check_shop(fresh, now_s=now_s, read_pictures=False, on_stage=on_stage)
        if wrong := [found for found in checked.found if found.code not in NOT_OURS]:
            told = f"what is in it is no sound shop ({wrong[0].code}: {wrong[0].kind.says})"
            raise BadSnapshot(str(file), told)
        finish(fresh, about)
        with _unused(folder):
            old = _swap(fresh, folder, folder.with_name(folder.name + beside))
    finally:
        shutil.rmtree(fresh, ignore_errors=True)
    return old


def _swap(fresh: Path, folder: Path, aside: Path) -> Path | None:
    was_there = folder.exists()
    if was_there:
        folder.rename(aside)
    try:
        fresh.rename(folder)
    except OSError:
        if was_there:
            aside.rename(folder)
        raise
    sync_folder(folder.parent)
    if was_there and not any(aside.iterdir()):  # an empty folder is nothing to keep
        aside.rmdir()
        return None
    return aside if was_there else None


@contextmanager
def _unused(folder: Path) -> Iterator[None]:
    """Raise ShopBusy if a server or a command has the shop open."""
    try:
        with (folder / OPEN_NAME).open("rb") as file:
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError as held:
                raise ShopBusy(str(folder)) from held
            yield
    except FileNotFoundError:
        yield


def read_about(file: Path) -> About:
    """What the snapshot says of itself; raises BadSnapshot."""
    with _unpacking(file) as tar:
        first = tar.next()
        member = None if first is None or first.name != ABOUT_NAME else tar.extractfile(first)
        if member is None:
            raise BadSnapshot(str(file), "it does not begin as one")
        about = About(**json.loads(member.read(BLOCK_BYTES)))
    if about.format != FORMAT:
        raise BadSnapshot(str(file), f"its format is {about.format}, this Vistazo reads {FORMAT}")
    return about


def unpack_snapshot(file: Path, target: Path, on_stage: Tell = silent) -> About:
    """Unpack the snapshot into the new folder `target`, every byte verified on the way.

    Raises BadSnapshot (then `target` is no shop: its manifest comes last), OSError.
    """
    about = read_about(file)
    size = file.stat().st_size
    found: dict[str, str] = {}
    sums: dict[str, str] | None = None
    held_back = b""
    with _unpacking(file) as tar:
        for member in tar:
            on_stage("verifying", member.offset, size)
            data = _plain(file, tar, member)
            if member.name == SUMS_NAME:
                sums = json.loads(data.read())
            elif member.name in (ABOUT_NAME, MANIFEST_NAME):
                content = data.read(BLOCK_BYTES)
                held_back = content if member.name == MANIFEST_NAME else held_back
                found[member.name] = hashlib.sha256(content).hexdigest()
            else:
                found[member.name] = _write_out(data, target / member.name)
    if sums is None:
        raise BadSnapshot(str(file), "its end is missing")
    if wrong := sorted(n for n in found.keys() | sums.keys() if found.get(n) != sums.get(n)):
        raise BadSnapshot(str(file), f"{wrong[0]} is not what was packed")
    for name, sha256 in found.items():  # a picture that was another file when it was packed
        picture = PICTURE_NAME.fullmatch(name)
        if picture is not None and picture[1] != sha256:
            (target / name).unlink()
    (target / MANIFEST_NAME).write_bytes(held_back)
    for folder in (target / PICTURES_FOLDER, target):
        if folder.is_dir():
            sync_folder(folder)
    return about


def _write_out(data: IO[bytes], path: Path) -> str:
    path.parent.mkdir(parents=True, exist_ok=True)
    summed = hashlib.sha256()
    with path.open("xb") as out:
        while block := data.read(BLOCK_BYTES):
            summed.update(block)
            out.write(block)
        out.flush()
        os.fsync(out.fileno())
    return summed.hexdigest()


def _plain(file: Path, tar: tarfile.TarFile, member: tarfile.TarInfo) -> IO[bytes]:
    """What is in the member; raises BadSnapshot for one that no snapshot has."""
    known = member.name in (ABOUT_NAME, MANIFEST_NAME, DATABASE_NAME, SUMS_NAME)
    data = tar.extractfile(member) if known or PICTURE_NAME.fullmatch(member.name) else None
    if data is None or not member.isfile():
        raise BadSnapshot(str(file), f"it holds {member.name[:80]!r}, which no snapshot does")
    return data


@contextmanager
def _unpacking(file: Path) -> Iterator[tarfile.TarFile]:
    try:
        with tarfile.open(file, mode="r|") as tar:
            yield tar
    except (tarfile.TarError, EOFError, ValueError, TypeError) as damaged:
        if isinstance(damaged, BadSnapshot):
            raise
        raise BadSnapshot(str(file), f"it cannot be read ({damaged})") from damaged
