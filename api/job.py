"""A job: what was wished, and where it stands. Kept as small files in a folder of its own.

job.json       what was wished, by whom and when
state.json     where it stands; replaced as a whole, so a reader sees the old one or the new one
wanted         what somebody wants of it now: run, pause or cancel
report.json    what it did, or would do
rejected.csv   the rows that could not be taken, with their reasons
lock           held by the process that works on it, for as long as it lives
log.txt        what that process said on its standard error
"""

import json
import os
import secrets
from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields, replace
from datetime import UTC, datetime
from enum import StrEnum
from pathlib import Path
from typing import Any

from api.errors import NoSuchJob
from index.manifest import write_atomically

ID_CHARS = 16


class Kind(StrEnum):
    """What a job does."""

    INDEX = "index"  # make the shop hold what was uploaded
    UNPACK = "unpack"  # lay out what a zip holds, so that its table can be looked at
    REINDEX = "reindex"  # fill another model's space beside the live one, and flip if wished
    COMPARE = "compare"  # how different two spaces answer


class Status(StrEnum):
    """Where a job stands."""

    WAITING = "waiting"
    RUNNING = "running"
    PAUSED = "paused"
    DONE = "done"
    FAILED = "failed"
    CANCELLED = "cancelled"
    INTERRUPTED = "interrupted"  # its process is gone; it can go on where it stopped


ENDED = frozenset((Status.DONE, Status.FAILED, Status.CANCELLED))


@dataclass(frozen=True, slots=True)
class State:
    """Where a job stands: `done` of `total` steps of `stage` (`total` 0 while unknown), `said` why
    it failed or what it wants, `tries` how often a process took it up."""

    status: Status = Status.WAITING
    stage: str = ""
    done: int = 0
    total: int = 0
    said: str = ""
    tries: int = 0
    started_at: str = ""
    ended_at: str = ""

    @property
    def ended(self) -> bool:
        """Whether nothing more will come of it."""
        return self.status in ENDED


@dataclass(frozen=True, slots=True)
class Job:
    """A job as it was wished; `wish` holds what its kind needs, `named` the name that its request
    gave itself, or ""."""

    id: str
    kind: Kind
    wish: Mapping[str, Any]
    by: str
    created_at: str
    folder: Path
    named: str = ""

    def read_state(self) -> State:
        """Where it stands by its own account."""
        try:
            told = json.loads((self.folder / "state.json").read_bytes())
        except (FileNotFoundError, ValueError):
            return State()
        known = {field.name for field in fields(State)}
        state = State(**{name: value for name, value in told.items() if name in known})
        return replace(state, status=Status(state.status))

    def write_state(self, state: State) -> None:
        """Make `state` its state. An end is on the disk when this returns; a step may be lost."""
        data = json.dumps(asdict(state)).encode()
        if state.ended:
            write_atomically(self.folder / "state.json", data)
            return
        part = self.folder / f".state-{os.getpid()}"
        part.write_bytes(data)
        part.replace(self.folder / "state.json")

    def want(self, what: str) -> None:
        """Tell the process that works on it: run, pause or cancel."""
        write_atomically(self.folder / "wanted", what.encode())

    def wanted(self) -> str:
        """What it was told last."""
        try:
            return (self.folder / "wanted").read_text("utf-8")
        except FileNotFoundError:
            return "run"

    def read_report(self) -> dict[str, Any]:
        """What it did; {} while there is nothing to tell."""
        try:
            told: dict[str, Any] = json.loads((self.folder / "report.json").read_bytes())
        except (FileNotFoundError, ValueError):
            return {}
        return told

    def write_report(self, told: Mapping[str, Any]) -> None:
        """Keep what it did, durably."""
        write_atomically(self.folder / "report.json", json.dumps(told).encode())


def new_job(folder: Path, kind: Kind, wish: Mapping[str, Any], by: str, named: str = "") -> Job:
    """A job in a folder of its own below `folder`, durable when this returns."""
    now = datetime.now(UTC)
    # by the moment first, so that names sort by age
    job_id = f"{int(now.timestamp() * 1000):011x}"[-11:] + secrets.token_hex(3)[: ID_CHARS - 11]
    job = Job(job_id, kind, dict(wish), by, now.isoformat(), folder / job_id, named)
    told = {"kind": kind, "wish": job.wish, "by": by, "created_at": job.created_at, "named": named}
    write_atomically(job.folder / "job.json", json.dumps(told).encode())
    return job


def read_job(folder: Path, job_id: str) -> Job:
    """The job of this id below `folder`; raises NoSuchJob."""
    if not job_id.isalnum() or not job_id.isascii() or len(job_id) > 40:
        raise NoSuchJob(job_id)
    try:
        told = json.loads((folder / job_id / "job.json").read_bytes())
        kind = Kind(told["kind"])
    except (OSError, ValueError, KeyError) as absent:
        raise NoSuchJob(job_id) from absent
    named, made = told.get("named", ""), told["created_at"]
    return Job(job_id, kind, told["wish"], told["by"], made, folder / job_id, named)
