"""A shop's jobs: begun, watched, paused, gone on with and cancelled, one after the other.

Promise: each runs in a process of its own at the lowest priority, which outlives the server that
began it. A job whose process died is told as interrupted; taken up again it goes on where it
stopped, because what it had written counts.
"""

import fcntl
import os
import shutil
import subprocess
import sys
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from api.errors import BadJob, KeyReused
from api.home import JOBS
from api.job import Job, Kind, State, Status, new_job, read_job
from api.repeats import KEPT_S

MOST_WAITING = 8
MOST_KEPT = 200
MOST_TRIES = 3  # of a job that is taken up again by itself: one that kills its process stops


class Jobs:
    """The jobs of the shop whose home is `home`; `environment` is what their processes get to know
    beside the server's own (its settings)."""

    def __init__(self, home: Path, environment: Mapping[str, str] | None = None) -> None:
        self._home, self._folder = home, home / JOBS
        self._environment = dict(environment or {})
        self._children: list[subprocess.Popen[bytes]] = []

    def begin(self, kind: Kind, wish: Mapping[str, Any], by: str, named: str = "") -> Job:
        """Begin a job; it runs at once, or when those before it have ended. The one that a request
        of the same name began in the last day is told again instead, and begun where its server
        died before it could; one that somebody paused rests on. Raises BadJob, KeyReused."""
        before = next((job for job in self.all() if named and job.named == named), None)
        if before is not None and _age_s(before) < KEPT_S:
            if (before.kind, before.wish) != (kind, dict(wish)):
                raise KeyReused
            was_lost = self.state(before).status is Status.INTERRUPTED
            if was_lost and before.wanted() == "run":
                self._start(before)
            return before
        unended = [job for job in self.all() if not self.state(job).ended]
        if len(unended) >= MOST_WAITING:
            raise BadJob(f"{len(unended)} are under way or waiting; cancel one, or come back")
        self._prune()
        job = new_job(self._folder, kind, wish, by, named)
        self._start(job)
        return job

    def get(self, job_id: str) -> Job:
        """The job of this id; raises NoSuchJob."""
        return read_job(self._folder, job_id)

    def all(self) -> list[Job]:
        """Every job, youngest first."""
        names = sorted((p.parent.name for p in self._folder.glob("*/job.json")), reverse=True)
        return [read_job(self._folder, name) for name in names]

    def state(self, job: Job) -> State:
        """Where it stands, by its own account and by whether its process lives."""
        state = job.read_state()
        if state.ended:
            return state
        if not _is_worked_on(job):
            state = job.read_state()  # it may have ended between the two looks
            return state if state.ended else replace(state, status=Status.INTERRUPTED)
        return state

    def pause(self, job_id: str) -> Job:
        """Let it rest after its present step; raises NoSuchJob, BadJob."""
        job = self._unended(job_id)
        job.want("pause")
        return job

    def resume(self, job_id: str) -> Job:
        """Go on, also after its process died; raises NoSuchJob, BadJob."""
        job = self._unended(job_id)
        job.want("run")
        if self.state(job).status is Status.INTERRUPTED:
            self._start(job)
        return job

    def cancel(self, job_id: str) -> Job:
        """End it after its present step; what it has written stays. Raises NoSuchJob, BadJob."""
        job = self._unended(job_id)
        job.want("cancel")
        state = self.state(job)
        if state.status is Status.INTERRUPTED:
            job.write_state(replace(state, status=Status.CANCELLED))
        return job

    def revive(self) -> list[Job]:
        """Take up again what a crash or a restart of the machine interrupted."""
        revived = []
        for job in reversed(self.all()):
            state = self.state(job)
            left = state.status is Status.INTERRUPTED and state.tries < MOST_TRIES
            if left and job.wanted() == "run":
                self._start(job)
                revived.append(job)
        return revived

    def close(self) -> None:
        """Let go of the processes; they go on by themselves."""
        for child in self._children:
            child.poll()
            child.returncode = child.returncode or 0  # it is nobody's to wait for any more

    def _unended(self, job_id: str) -> Job:
        job = self.get(job_id)
        state = self.state(job)
        if state.ended:
            raise BadJob(f"it has ended already ({state.status})")
        return job

    def _start(self, job: Job) -> None:
        """Start its process, which inherits the lock: held as long as it lives, and no longer."""
        self._children = [child for child in self._children if child.poll() is None]
        lock = os.open(job.folder / "lock", os.O_RDWR | os.O_CREAT, 0o600)
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            with (job.folder / "log.txt").open("ab") as log:
                child = subprocess.Popen(
                    [sys.executable, "-m", "api.job_run", str(self._home), job.id],
                    stdin=subprocess.DEVNULL, stdout=log, stderr=log, pass_fds=(lock,),
                    start_new_session=True, env=os.environ | self._environment,
                )  # fmt: skip
            self._children.append(child)
        except BlockingIOError:
            return  # another server of this shop was faster
        finally:
            os.close(lock)

    def _prune(self) -> None:
        for job in self.all()[MOST_KEPT:]:
            if self.state(job).ended:
                shutil.rmtree(job.folder, ignore_errors=True)


def _age_s(job: Job) -> float:
    return (datetime.now(UTC) - datetime.fromisoformat(job.created_at)).total_seconds()


def _is_worked_on(job: Job) -> bool:
    try:
        lock = os.open(job.folder / "lock", os.O_RDWR)
    except FileNotFoundError:
        return False
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    finally:
        with suppress(OSError):
            os.close(lock)
    return False
