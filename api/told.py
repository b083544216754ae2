"""How a job's process and who watches it speak: steps out, wishes in, through the job's files."""

import fcntl
import os
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

from api.errors import JobCancelled
from api.job import Job, State, Status

STEP_S = 0.25  # steps are told four times a second; a page cannot show more
LOOK_S = 0.3  # so late a pause or a cancel is heard at most, between two steps
TURN = ".turn"


class Told:
    """One process's side of one job."""

    def __init__(
        self,
        job: Job,
        *,
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self._job, self._clock, self._sleep = job, clock, sleep
        before = job.read_state()
        self._state = State(tries=before.tries + 1, started_at=before.started_at or _now())
        self._told_at = self._heard_at = -STEP_S
        job.write_state(self._state)

    def step(self, stage: str, done: int, total: int) -> None:
        """Tell a step; rests here while the job is paused. Raises JobCancelled."""
        now = self._clock()
        fresh = stage != self._state.stage or now - self._told_at >= STEP_S
        self._state = replace(
            self._state, status=Status.RUNNING, stage=stage, done=done, total=total
        )
        if fresh:
            self._told_at = now
            self._job.write_state(self._state)
        if now - self._heard_at >= LOOK_S:
            self._heard_at = now
            self.obey()

    def obey(self) -> None:
        """Do what is wanted: go on, rest, or end. Raises JobCancelled."""
        while (wanted := self._job.wanted()) != "run":
            if wanted == "cancel":
                raise JobCancelled(self._job.id)
            if self._state.status is not Status.PAUSED:
                self._state = replace(self._state, status=Status.PAUSED)
                self._job.write_state(self._state)
            self._sleep(LOOK_S)

    def end(self, status: Status, said: str = "") -> None:
        """The job has ended; the last word about it."""
        self._state = replace(self._state, status=status, said=said, ended_at=_now())
        self._job.write_state(self._state)

    @contextmanager
    def turn(self, folder: Path) -> Iterator[None]:
        """One job at a time works on the shop whose jobs lie in `folder`: waits for it.

        Raises JobCancelled.
        """
        lock = os.open(folder / TURN, os.O_RDWR | os.O_CREAT, 0o600)
        try:
            while not _take(lock):
                self.obey()
                self._sleep(LOOK_S)
            self._state = replace(self._state, status=Status.RUNNING)
            self._job.write_state(self._state)
            yield
        finally:
            os.close(lock)


def _take(lock: int) -> bool:
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _now() -> str:
    return datetime.now(UTC).isoformat()
