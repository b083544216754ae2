"""The clips that are kept: sealed files and their rows.

Promises: every row has whole files of that size and hash; every file has a row or is on its way
out; after start-up nothing else exists. Keep = write `.part`, sync, rename, sync the folder, insert
the row. Remove = mark doomed, unlink, sync, delete the row. Opening the store finishes both. A clip
that was removed can never come back: its id stays in the list of the gone.
"""

import errno
import json
import os
import secrets
import shutil
import threading
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import asdict, dataclass
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from pathlib import Path
from sqlite3 import Row
from typing import Any, Literal

from customers.database import Database
from customers.files import PART, remove_whole, sync_folder
from customers.seal import SealedFile, Unwrap
from mirror.clip import Clip, Gap, Making, Note
from mirror.clock import Clock
from mirror.errors import ClipBroken, ClipConflict, NoRoom, UnknownClip

Kind = Literal["video", "thumbnail", "sprite"]
KINDS: tuple[Kind, ...] = ("video", "thumbnail", "sprite")
_SCHEMA = """
CREATE TABLE clips (
  id TEXT PRIMARY KEY, customer_id TEXT NOT NULL, visit_id TEXT NOT NULL, kept INTEGER NOT NULL,
  ended_at TEXT NOT NULL, doomed INTEGER NOT NULL DEFAULT 0, facts TEXT NOT NULL
);
CREATE INDEX clips_of_customer ON clips(customer_id);
CREATE TABLE files (
  clip_id TEXT NOT NULL REFERENCES clips(id), kind TEXT NOT NULL, name TEXT NOT NULL UNIQUE,
  size_bytes INTEGER NOT NULL, sha256 TEXT NOT NULL, PRIMARY KEY (clip_id, kind)
);
CREATE TABLE gone (id TEXT PRIMARY KEY, at TEXT NOT NULL)
"""
_VERSION = 1


@dataclass(frozen=True, slots=True)
class Received:
    """A sealed file that has arrived whole and synced, not yet kept."""

    kind: Kind
    part: Path
    size_bytes: int
    sha256: str


@dataclass(frozen=True, slots=True)
class Fault:
    """Something that contradicts the promises."""

    name: str
    reason: str


class Clips:
    """The store in `folder`. One process opens it for writing; opening finishes what a crash left.

    `reserve_bytes` are kept free on the disk: a clip that would take them is refused with NoRoom.
    """

    def __init__(
        self, folder: Path, clock: Clock, *, reserve_bytes: int = 256 * 1024 * 1024
    ) -> None:
        self._clock = clock
        self._lock = threading.RLock()  # one change of files and rows at a time
        self._files = folder / "files"
        self._files.mkdir(parents=True, exist_ok=True, mode=0o700)
        self._reserve_bytes = reserve_bytes
        self._database = Database(folder / "clips.db", _SCHEMA, _VERSION)
        self._finish()

    def receive(self, clip_id: str, kind: Kind, chunks: Iterable[bytes]) -> Received:
        """Write a sealed file beside its future place; raises NoRoom, and leaves nothing then."""
        # Two deliveries of one clip may arrive at once: each has a part of its own.
        part = self._files / f"{_name(clip_id, kind)}.{secrets.token_hex(4)}{PART}"
        digest, size = sha256(), 0
        try:
            with part.open("wb") as file:
                for chunk in chunks:
                    self.demand_room(len(chunk))
                    file.write(chunk)
                    digest.update(chunk)
                    size += len(chunk)
                file.flush()
                os.fsync(file.fileno())
        except OSError as cause:
            part.unlink(missing_ok=True)
            if cause.errno in (errno.ENOSPC, errno.EDQUOT, errno.EROFS):
                raise NoRoom(str(self._files), self._free_bytes(), size) from cause
            raise
        except BaseException:
            part.unlink(missing_ok=True)
            raise
        return Received(kind, part, size, digest.hexdigest())

    def keep(self, clip: Clip, received: Iterable[Received]) -> bool:
        """Keep a clip whose files have been received; False where this very clip is kept already.

        Raises ClipConflict (another clip has its id), UnknownClip (it was removed: never again) and
        ClipBroken (the video received is not the one that `clip` speaks of).
        """
        files = {file.kind: file for file in received}
        try:
            with self._lock:
                if not self._is_new(clip, files.get("video")):
                    return False
                for file in files.values():
                    file.part.replace(self._files / _name(clip.id, file.kind))
                sync_folder(self._files)
                self._insert(clip, files)
                return True
        finally:
            for file in files.values():
                file.part.unlink(missing_ok=True)

    def _is_new(self, clip: Clip, video: Received | None) -> bool:
        if self._database.row("SELECT 1 FROM gone WHERE id=?", clip.id):
            raise UnknownClip(clip.id)
        if not video or (video.size_bytes, video.sha256) != (clip.size_bytes, clip.sha256):
            raise ClipBroken(clip.id, "what arrived is not what was announced")
        known = self.find(clip.id)
        if known and known.sha256 != clip.sha256:
            raise ClipConflict(clip.id)
        return known is None

    def get(self, clip_id: str) -> Clip:
        """The clip; raises UnknownClip."""
        clip = self.find(clip_id)
        if clip is None:
            raise UnknownClip(clip_id)
        return clip

    def find(self, clip_id: str) -> Clip | None:
        """The clip, or None where it is unknown, doomed or gone."""
        row = self._database.row("SELECT * FROM clips WHERE id=? AND NOT doomed", clip_id)
        return _clip(row) if row else None

    def of_customer(self, customer_id: str) -> list[Clip]:
        """Her clips, oldest first."""
        sql = "SELECT * FROM clips WHERE customer_id=? AND NOT doomed ORDER BY ended_at, id"
        return [_clip(row) for row in self._database.rows(sql, customer_id)]

    def of_visit(self, visit_id: str) -> list[Clip]:
        """The clips of a visit, oldest first."""
        sql = "SELECT * FROM clips WHERE visit_id=? AND NOT doomed ORDER BY ended_at, id"
        return [_clip(row) for row in self._database.rows(sql, visit_id)]

    def open(self, clip_id: str, kind: Kind, unwrap: Unwrap) -> SealedFile:
        """One of a clip's files, open for reading ranges; raises UnknownClip and SealBroken."""
        self.get(clip_id)
        sql = "SELECT name FROM files WHERE clip_id=? AND kind=?"
        row = self._database.row(sql, clip_id, kind)
        if row is None:
            raise UnknownClip(f"{clip_id}/{kind}")
        return SealedFile(self._files / row["name"], unwrap)

    def choose(self, clip_id: str, kept: bool) -> Clip:
        """Keep a clip beyond the retention, or no longer; raises UnknownClip."""
        self.get(clip_id)
        with self._database.write() as connection:
            connection.execute("UPDATE clips SET kept=? WHERE id=?", (int(kept), clip_id))
        return self.get(clip_id)

    def remove(self, clip_id: str) -> None:
        """Destroy a clip; raises UnknownClip."""
        with self._lock:
            self.get(clip_id)
            self._doom("id=?", clip_id)
            self._bury()

    def expire(self, retention_s: float) -> list[str]:
        """Destroy what ended longer than `retention_s` ago and was not kept; their ids."""
        limit = (self._clock.now() - timedelta(seconds=retention_s)).astimezone(UTC).isoformat()
        with self._lock:
            self._doom("NOT kept AND ended_at < ?", limit)
            return self._bury()

    def inventory(self, customer_id: str) -> dict[str, str]:
        """Her files: SHA-256 by name."""
        sql = "SELECT name, sha256 FROM files JOIN clips ON id=clip_id WHERE customer_id=?"
        return {row["name"]: row["sha256"] for row in self._database.rows(sql, customer_id)}

    def forget(self, customer_id: str) -> None:
        """Destroy everything of hers, and every trace in the database's log."""
        with self._lock:
            self._doom("customer_id=?", customer_id)
            self._bury()
            self._database.scrub()

    def check(self) -> Iterator[Fault]:
        """Prove the promises: every row's files are whole, every file has its row."""
        return _faults(self._files, self._database)

    def close(self) -> None:
        """Close the database."""
        self._database.close()

    def _insert(self, clip: Clip, files: Mapping[Kind, Received]) -> None:
        with self._database.write() as connection:
            connection.execute(
                "INSERT INTO clips (id, customer_id, visit_id, kept, ended_at, facts)"
                " VALUES (?,?,?,?,?,?)",
                (clip.id, clip.customer_id, clip.visit_id, int(clip.kept),
                 clip.ended_at.astimezone(UTC).isoformat(), _facts(clip)),
            )  # fmt: skip
            connection.executemany(
                "INSERT INTO files VALUES (?,?,?,?,?)",
                [
                    (clip.id, file.kind, _name(clip.id, file.kind), file.size_bytes, file.sha256)
                    for file in files.values()
                ],
            )

    def _doom(self, where: str, value: str) -> None:
        with self._database.write() as connection:
            connection.execute(f"UPDATE clips SET doomed=1 WHERE {where}", (value,))

    def _bury(self) -> list[str]:
        """Finish the removal of all that is doomed."""
        ids = [row["id"] for row in self._database.rows("SELECT id FROM clips WHERE doomed")]
        sql = "SELECT name FROM files JOIN clips ON id=clip_id WHERE doomed"
        for row in self._database.rows(sql):
            (self._files / row["name"]).unlink(missing_ok=True)
        sync_folder(self._files)
        with self._database.write() as connection:
            for clip_id in ids:
                connection.execute("DELETE FROM files WHERE clip_id=?", (clip_id,))
                connection.execute("DELETE FROM clips WHERE id=?", (clip_id,))
                gone = (clip_id, self._clock.now().isoformat())
                connection.execute("INSERT OR IGNORE INTO gone VALUES (?,?)", gone)
        return ids

    def _finish(self) -> None:
        """What a crash left: doomed clips go, files without a row go."""
        self._bury()
        known = {row["name"] for row in self._database.rows("SELECT name FROM files")}
        for path in self._files.iterdir():
            if path.name not in known:
                remove_whole(path)

    def demand_room(self, wanted_bytes: int) -> None:
        """Raise NoRoom where `wanted_bytes` would take what is kept free."""
        free = self._free_bytes()
        if free - wanted_bytes < self._reserve_bytes:
            raise NoRoom(str(self._files), free, wanted_bytes + self._reserve_bytes)

    def _free_bytes(self) -> int:
        return shutil.disk_usage(self._files).free


def prove(folder: Path) -> list[Fault]:
    """What `Clips.check` finds in `folder`, without opening it for writing: nothing is changed."""
    if not (folder / "clips.db").exists():
        return [Fault(str(folder), "there is no store of clips here")]
    database = Database(folder / "clips.db", _SCHEMA, _VERSION)
    try:
        return list(_faults(folder / "files", database))
    finally:
        database.close()


def _faults(files: Path, database: Database) -> Iterator[Fault]:
    known = set()
    for row in database.rows("SELECT * FROM files"):
        known.add(row["name"])
        path = files / row["name"]
        if not path.exists():
            yield Fault(row["name"], "its file is missing")
        elif path.stat().st_size != row["size_bytes"] or _digest(path) != row["sha256"]:
            yield Fault(row["name"], "its file is torn or altered")
    for row in database.rows(
        "SELECT id FROM clips WHERE id NOT IN (SELECT clip_id FROM files WHERE kind='video')"
    ):
        yield Fault(row["id"], "its row has no video")
    for path in sorted(files.iterdir()):
        if path.name in known or path.suffix == PART:
            continue
        if not database.row("SELECT 1 FROM files WHERE name=?", path.name):  # kept meanwhile
            yield Fault(path.name, "it has no row")


def _name(clip_id: str, kind: Kind) -> str:
    return f"{clip_id}.{kind}"


def _digest(path: Path) -> str:
    with path.open("rb") as file:
        digest = sha256()
        while chunk := file.read(1 << 20):
            digest.update(chunk)
    return digest.hexdigest()


def _facts(clip: Clip) -> str:
    fields = asdict(clip)
    fields |= {"started_at": clip.started_at.isoformat(), "ended_at": clip.ended_at.isoformat()}
    return json.dumps(fields)


def _clip(row: Row) -> Clip:
    return clip_from_fields(json.loads(row["facts"]) | {"kept": bool(row["kept"])})


def clip_from_fields(fields: Mapping[str, Any]) -> Clip:
    """A clip from the plain fields that `asdict` and JSON made of it."""
    values = dict(fields)
    values["started_at"] = datetime.fromisoformat(values["started_at"])
    values["ended_at"] = datetime.fromisoformat(values["ended_at"])
    values["making"] = Making(values["making"])
    values["gaps"] = tuple(Gap(**gap) for gap in values["gaps"])
    values["notes"] = tuple(Note(**note) for note in values["notes"])
    return Clip(**values)
