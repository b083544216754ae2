"""A recorded run played back up to any moment, and what a disk may hold if the power fails then.

What was synced is there. Of what was not, any part may be: some writes and not others, in any
order, a write torn at sectors of 512 bytes; a file's name comes and goes with its folder's sync,
not with its own, and a name may arrive before the bytes. That is more than any file system does.
"""

import random
import shutil
import struct
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath
from typing import Literal

HEAD = struct.Struct("<ciqII")
SECTOR_BYTES = 512
NOT_KEPT = "-shm"  # shared memory that happens to have a name; SQLite makes it anew
Fate = Literal["nothing", "everything", "some"]
"""What becomes of writes that were not synced."""


@dataclass(frozen=True, slots=True)
class Record:
    """One act of the recorded process, as `recording.c` describes it."""

    op: str
    fd: int
    number: int
    a: bytes
    b: bytes


def compile_recorder(folder: Path) -> Path | None:
    """The library to preload, or None where there is no C compiler."""
    compiler = shutil.which("cc") or shutil.which("gcc")
    if compiler is None:
        return None
    library = folder / "recording.so"
    source = Path(__file__).with_name("recording.c")
    subprocess.run(
        [compiler, "-O1", "-shared", "-fPIC", "-o", library, source, "-lpthread"], check=True
    )
    return library


def read_log(path: Path) -> list[Record]:
    """All records; a last one that was cut off is left out."""
    data, at, records = path.read_bytes(), 0, []
    while at + HEAD.size <= len(data):
        op, fd, number, a, b = HEAD.unpack_from(data, at)
        at += HEAD.size
        if at + a + b > len(data):
            break
        records.append(
            Record(op.decode(), fd, number, data[at : at + a], data[at + a : at + a + b])
        )
        at += a + b
    return records


@dataclass(eq=False)
class _File:
    """What of a file is surely on the disk, and what was done to it since."""

    synced: bytearray = field(default_factory=bytearray)
    pending: list[Record] = field(default_factory=list)

    def sync(self) -> None:
        for record in self.pending:
            _apply(self.synced, record)
        self.pending.clear()

    def after(self, fate: Fate, draw: random.Random) -> bytes:
        """What may be found in it."""
        content = bytearray(self.synced)
        for record in () if fate == "nothing" else self.pending:
            if fate == "everything" or (record.op == "T" and draw.random() < 0.5):
                _apply(content, record)
            elif fate == "some" and record.op == "W":
                for piece in _sectors(record):
                    if draw.random() < 0.5:
                        _apply(content, piece)
        return bytes(content)


@dataclass(frozen=True, slots=True)
class _Naming:
    """A name that came (`file`, or `folder`) or went (neither), in `parent`; `instead_of` the name
    that a rename took away in the same stroke."""

    parent: str
    path: str
    file: _File | None = None
    folder: bool = False
    instead_of: str = ""


class Disk:
    """What was done to the files under `root`, up to some record."""

    def __init__(self, root: Path) -> None:
        self._root = str(root.resolve())
        self._open: dict[int, tuple[str, _File | None]] = {}
        self._now: dict[str, _File | None] = {self._root: None}  # None: a folder
        self._synced: dict[str, _File | None] = {self._root: None}
        self._pending: list[_Naming] = []
        self.said = bytearray()

    def follow(self, record: Record) -> None:
        """Take over one record."""
        path = record.a.decode(errors="surrogateescape") if record.op in "ORUMD" else ""
        if record.op == "A":
            self.said += record.a
        elif record.op == "O":
            self._follow_open(record, path)
        elif record.op == "C":
            self._open.pop(record.fd, None)
        elif record.op in "WT":
            file = self._open[record.fd][1]
            if file is not None:
                file.pending.append(record)
        elif record.op == "S":
            self._follow_sync(*self._open[record.fd])
        elif record.op == "R":
            to = record.b.decode(errors="surrogateescape")
            file = self._now.pop(path, None)
            self._now[to] = file
            self._pending.append(_Naming(_parent(to), to, file, instead_of=path))
        elif record.op == "M":
            self._now[path] = None
            self._pending.append(_Naming(_parent(path), path, folder=True))
        else:
            self._now.pop(path, None)
            self._pending.append(_Naming(_parent(path), path))

    def _follow_open(self, record: Record, path: str) -> None:
        if record.number == 1:
            self._now[path] = made = _File()
            self._pending.append(_Naming(_parent(path), path, made))
        file = self._now.get(path)
        if record.number == 2 and file is not None:
            file.pending.append(Record("T", record.fd, 0, b"", b""))
        self._open[record.fd] = (path, file)

    def _follow_sync(self, path: str, file: _File | None) -> None:
        if file is not None:
            file.sync()
            return
        for naming in [n for n in self._pending if n.parent == path]:
            _take_name(self._synced, naming)
            self._pending.remove(naming)

    def write_to(self, target: Path, fate: Fate, draw: random.Random) -> None:
        """Lay out in `target` what may be found if the power fails now."""
        names = dict(self._synced)
        for naming in self._pending:
            if fate == "everything" or (fate == "some" and draw.random() < 0.5):
                _take_name(names, naming)
        contents: dict[int, bytes] = {}
        for path, file in sorted(names.items()):
            if not _is_reachable(path, names, self._root) or path.endswith(NOT_KEPT):
                continue
            place = target / PurePosixPath(path).relative_to(self._root)
            if file is None:
                place.mkdir(parents=True, exist_ok=True)
                continue
            if id(file) not in contents:
                contents[id(file)] = file.after(fate, draw)
            place.write_bytes(contents[id(file)])


def moments(records: list[Record], count: int, seed: int) -> list[int]:
    """`count` places to cut, drawn where something was at stake: between the first and last act."""
    acts = [n for n, record in enumerate(records) if record.op in "WTSRUMD"]
    return sorted(random.Random(seed).sample(acts, min(count, len(acts))))


def _take_name(names: dict[str, _File | None], naming: _Naming) -> None:
    if naming.file is not None or naming.folder:
        names[naming.path] = naming.file
        names.pop(naming.instead_of, None)
    else:
        names.pop(naming.path, None)


def _is_reachable(path: str, names: dict[str, _File | None], root: str) -> bool:
    while path != root:
        path = _parent(path)
        if names.get(path, ...) is not None:  # absent, or no folder
            return False
    return True


def _parent(path: str) -> str:
    return path.rpartition("/")[0]


def _apply(content: bytearray, record: Record) -> None:
    if record.op == "T":
        content[record.number :] = bytes(max(0, record.number - len(content)))
        return
    if len(content) < record.number:
        content.extend(bytes(record.number - len(content)))
    content[record.number : record.number + len(record.a)] = record.a


def _sectors(record: Record) -> Iterator[Record]:
    """The write in pieces that a disk writes wholly or not at all."""
    at, end = record.number, record.number + len(record.a)
    while at < end:
        stop = min(end, (at // SECTOR_BYTES + 1) * SECTOR_BYTES)
        piece = record.a[at - record.number : stop - record.number]
        yield Record("W", record.fd, at, piece, b"")
        at = stop
