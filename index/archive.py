"""A zip of pictures, with or without a table, unpacked where nothing of it can do harm.

Promises: nothing is ever written outside of the folder it is unpacked into, whatever the names in
the archive; no more bytes are written than the limits allow, whatever its headers say; a file that
lies there already with the same content is left as it is, so that the same zip, sent again with a
few new pictures, costs those; killed half-way, it is unpacked by the next try.
"""

import os
import stat
import zipfile
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from index.errors import BadSource
from index.source import PICTURES, TABLE_SUFFIXES, TABLES

ARCHIVE_SUFFIXES = (".zip",)
NESTED = (".zip", ".rar", ".7z", ".tar", ".gz", ".tgz", ".bz2", ".xz", ".zst", ".jar")
NAME_MAX_BYTES = 255  # what file systems take
PATH_MAX_CHARS = 1_000
DEPTH_MAX = 32
BLOCK = 1 << 20
LITTER = ("__macosx", "thumbs.db", "desktop.ini")
SQUEEZED = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED, zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA)


@dataclass(frozen=True, slots=True)
class ArchiveLimits:
    """How much an archive may hold: files, bytes of all together, of a picture, of a table; and how
    many times larger than itself it may become, once it is more than `small_bytes`."""

    files: int = 500_000
    total_bytes: int = 100_000_000_000
    picture_bytes: int = 20_000_000
    table_bytes: int = 2_000_000_000
    ratio: float = 50.0  # pictures do not shrink; a table of text does, by ten or so
    small_bytes: int = 100_000_000
    free_bytes: int = 1_000_000_000  # left on the disk, whatever else


@dataclass(frozen=True, slots=True)
class Unpacked:
    """Where the catalogue lies now (its table, or the folder of pictures), how many pictures came
    out of the archive, their bytes, and what was passed over, by name."""

    source: Path
    pictures: int
    size_bytes: int
    passed_over: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class _Member:
    info: zipfile.ZipInfo
    path: PurePosixPath


def is_archive(path: Path) -> bool:
    """Whether `path` is named like an archive that can be a catalogue."""
    return path.suffix.casefold() in ARCHIVE_SUFFIXES


def unpack(
    archive: Path,
    into: Path,
    limits: ArchiveLimits,
    on_progress: Callable[[int, int], None] = lambda done, total: None,
) -> Unpacked:
    """Unpack the pictures and the table of `archive` into the folder `into`, and nothing else.

    Files that were there and are not in the archive stay: call `prune` once no product needs them.
    Raises BadSource for an archive that is damaged, encrypted, nested or a bomb, that names files
    outside of itself or one file twice, or that holds neither pictures nor one table.
    """
    with _opened(archive) as opened:
        members, passed_over = _judged(archive, opened, limits)
        _require_room(archive, into, members, limits)
        into.mkdir(parents=True, exist_ok=True)
        for done, member in enumerate(members):
            _place(archive, opened, member, into)
            on_progress(done + 1, len(members))
    pictures = [m for m in members if m.path.suffix.casefold() in PICTURES]
    return Unpacked(
        into / _source_within(archive, members),
        len(pictures),
        sum(m.info.file_size for m in members),
        tuple(passed_over),
    )


def prune(archive: Path, into: Path, limits: ArchiveLimits) -> int:
    """Remove what lies in `into` and not in `archive`; how many files went."""
    with _opened(archive) as opened:
        members, _ = _judged(archive, opened, limits)
    wanted = {into / member.path for member in members}
    gone = 0
    for folder, _, names in os.walk(into, topdown=False):
        for name in names:
            path = Path(folder, name)
            if path not in wanted:
                path.unlink(missing_ok=True)
                gone += 1
        if not any(os.scandir(folder)) and Path(folder) != into:
            Path(folder).rmdir()
    return gone


@contextmanager
def _opened(archive: Path) -> Iterator[zipfile.ZipFile]:
    """The archive; what the library raises on damaged ones as BadSource."""
    try:
        with zipfile.ZipFile(archive) as opened:
            yield opened
    except (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError) as damaged:
        raise BadSource(str(archive), f"its zip is damaged ({damaged})"[:300]) from damaged
    except (RuntimeError, ValueError) as refused:  # bz2 and lzma raise these on damaged streams
        if isinstance(refused, BadSource):
            raise
        raise BadSource(str(archive), f"its zip is damaged ({refused})"[:300]) from refused
    except OSError as unreadable:
        reason = unreadable.strerror or str(unreadable)
        raise BadSource(str(archive), f"it cannot be unpacked ({reason})") from unreadable


def _judged(
    archive: Path, opened: zipfile.ZipFile, limits: ArchiveLimits
) -> tuple[list[_Member], list[str]]:
    """What is to be unpacked, judged by the archive's directory, and what is passed over."""
    infos = opened.infolist()
    if len(infos) > limits.files:
        raise BadSource(str(archive), f"it holds more than {limits.files:,} files")
    members: list[_Member] = []
    passed_over: list[str] = []
    taken: set[str] = set()
    for info in infos:
        path = _safe_path(archive, info)
        if info.is_dir():
            continue
        _require_plain(archive, info)
        suffix = path.suffix.casefold()
        if any(p.startswith(".") or p.casefold() in LITTER for p in path.parts):
            continue
        if suffix not in PICTURES and suffix not in TABLE_SUFFIXES:
            passed_over.append(str(path))
            continue
        _require_small(archive, info, suffix, limits)
        if (folded := str(path).casefold()) in taken:
            raise BadSource(str(archive), f"it holds {_shown(info)} twice")
        taken.add(folded)
        members.append(_Member(info, path))
    return members, passed_over


def _safe_path(archive: Path, info: zipfile.ZipInfo) -> PurePosixPath:
    """The member's path inside; raises BadSource for one that could lead outside."""
    name = info.orig_filename  # the library cuts `filename` at a NUL
    path = PurePosixPath(name)
    outside = path.is_absolute() or ".." in path.parts or "\\" in name or ":" in name
    if outside or not path.parts or not name.isprintable():
        raise BadSource(str(archive), f"it holds a file that would lie outside: {_shown(info)}")
    too_long = len(name) > PATH_MAX_CHARS or len(path.parts) > DEPTH_MAX
    if too_long or any(len(part.encode(errors="replace")) > NAME_MAX_BYTES for part in path.parts):
        raise BadSource(str(archive), f"it holds a name that is too long: {_shown(info)}")
    return path


def _require_plain(archive: Path, info: zipfile.ZipInfo) -> None:
    mode = info.external_attr >> 16
    if mode and not stat.S_ISREG(mode) and stat.S_IFMT(mode):
        raise BadSource(str(archive), f"it holds a link or a device: {_shown(info)}")
    if info.flag_bits & 0x41:  # encrypted, or strongly so
        raise BadSource(str(archive), f"it is encrypted ({_shown(info)}): send it without password")
    if PurePosixPath(info.filename).suffix.casefold() in NESTED:
        raise BadSource(str(archive), f"it holds another archive: {_shown(info)}; unpack it first")
    if info.compress_type not in SQUEEZED:
        raise BadSource(str(archive), f"{_shown(info)} is packed in a way that is not read here")


def _require_small(
    archive: Path, info: zipfile.ZipInfo, suffix: str, limits: ArchiveLimits
) -> None:
    most = limits.picture_bytes if suffix in PICTURES else limits.table_bytes
    if info.file_size > most:
        raise BadSource(str(archive), f"{_shown(info)} is larger than {most:,} bytes")


def _require_room(archive: Path, into: Path, members: list[_Member], limits: ArchiveLimits) -> None:
    """Raise BadSource for a bomb, and for more than the disk has room for."""
    total = sum(member.info.file_size for member in members)
    if total > limits.total_bytes:
        raise BadSource(str(archive), f"it holds more than {limits.total_bytes:,} bytes")
    if total > limits.small_bytes and total > limits.ratio * archive.stat().st_size:
        raise BadSource(str(archive), f"it would become {total:,} bytes: that is no catalogue")
    there = next(p for p in (into, *into.parents) if p.exists())
    space = os.statvfs(there)
    if total + limits.free_bytes > space.f_bavail * space.f_frsize:
        raise BadSource(str(archive), f"the disk has no room for its {total:,} bytes")


def _place(archive: Path, opened: zipfile.ZipFile, member: _Member, into: Path) -> None:
    """Write one file whole or not at all, unless it lies there already."""
    target = into / member.path
    if _lies_there(target, member.info):
        return
    target.parent.mkdir(parents=True, exist_ok=True)
    part = target.with_name(f".{member.info.CRC:08x}-{member.info.header_offset}.part")
    written = 0
    try:
        with opened.open(member.info) as packed, part.open("wb") as file:
            while block := packed.read(BLOCK):
                written += len(block)
                if written > member.info.file_size:  # the directory lied
                    raise BadSource(
                        str(archive), f"{_shown(member.info)} is larger than it says it is"
                    )
                file.write(block)
        part.replace(target)
    finally:
        part.unlink(missing_ok=True)


def _lies_there(target: Path, info: zipfile.ZipInfo) -> bool:
    try:
        if target.is_symlink() or target.stat().st_size != info.file_size:
            return False
        crc = 0
        with target.open("rb") as file:
            while block := file.read(BLOCK):
                crc = zlib.crc32(block, crc)
    except OSError:
        return False
    return crc == info.CRC


def _source_within(archive: Path, members: list[_Member]) -> PurePosixPath:
    """The table, if there is one; else the folder that all pictures lie in."""
    tables = [m.path for m in members if m.path.suffix.casefold() in TABLE_SUFFIXES]
    pictures = [m.path for m in members if m.path.suffix.casefold() in PICTURES]
    named = [path for path in tables if path.name.casefold() in TABLES]
    if len(named) == 1:
        return named[0]
    if len(tables) > 1:
        shown = ", ".join(str(path)[:60] for path in tables[:5])
        raise BadSource(
            str(archive), f"it holds several tables ({shown}): name the one catalogue.csv"
        )
    if tables:
        return tables[0]
    if not pictures:
        raise BadSource(str(archive), "it holds neither pictures nor a table")
    folder = pictures[0].parent
    while not all(path.is_relative_to(folder) for path in pictures):
        folder = folder.parent
    return PurePosixPath(*folder.parts[:1])  # a single folder around all of it is not a category


def _shown(info: zipfile.ZipInfo) -> str:
    return repr(info.orig_filename[:100])
