"""Looking after a shop's vectors while it is open, without a search ever waiting for it.

Every second: follow what other processes changed, take over a base that one of them made; and when
so much came or went that searches feel it, have a new base made by a child process at the lowest
priority (`founding`). Processes on one shop agree by a lock who does it. Whoever is killed at any
moment leaves the old base in place.
"""

import os
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from itertools import islice
from pathlib import Path

import index
from index.base import Base
from index.choice import MEGABYTE
from index.database import Database
from index.errors import CatalogueError
from index.founding import BUSY_ELSEWHERE
from index.kept import drop
from index.replica import Replica
from index.report import report_on

EVERY_S = 1.0
AFTER_FAILURE_S = 60.0
BLOCKS_A_ROUND = 8  # of 8 MB, 60 ms: a million vectors are checked in a quarter of a minute
SAID_MOST = 300
ONE_THREAD = {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1", "MKL_NUM_THREADS": "1"}


class Tending:
    """Tends one replica; `state` says in a few words what it does or what went wrong.

    Never raises from its thread: what fails is tried again a minute later.
    """

    def __init__(
        self,
        folder: Path,
        replica: Replica,
        database: Database,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._folder = folder
        self._replica = replica
        self._database = database
        self._clock = clock
        self._stopping = threading.Event()
        self._thread: threading.Thread | None = None
        self._children: set[subprocess.Popen[bytes]] = set()
        self._children_lock = threading.Lock()
        self._not_before_s = clock()
        self._checked: Base | None = None
        self._blocks: Iterator[str | None] = iter(())
        self.state = "at rest"

    def start(self) -> None:
        """Tend from now on, in a thread, until `stop`; a second start does nothing."""
        if self._thread is None:
            self._thread = threading.Thread(target=self._run, name="tending", daemon=True)
            self._thread.start()

    def stop(self) -> None:
        """Stop, and let go of a child that is at work: its next run starts afresh."""
        self._stopping.set()
        with self._children_lock:
            for child in self._children:
                child.terminate()
        if self._thread is not None:
            self._thread.join()

    def _run(self) -> None:
        while not self._stopping.wait(EVERY_S):
            try:
                self.tend()
            except (CatalogueError, OSError) as refused:
                self._failed(str(refused))

    def tend(self) -> bool:
        """One round; True if a base was made or taken over."""
        with self._database.reading() as connection:
            adopted = self._replica.adopt(connection)
            self._replica.catch_up(connection)
        if self._is_damaged():
            self._make_do_without()
        if not self._replica.is_upkeep_due() or self._clock() < self._not_before_s:
            return adopted
        report = report_on(self._replica)
        if not report.has_room_for_upkeep:
            needed = (report.held_bytes + report.masks_bytes + report.upkeep_bytes) // MEGABYTE
            self._failed(f"it needs {needed:,} MB in all; raise VISTAZO_INDEX_MEMORY_MB")
            return adopted
        return self.make_base() or adopted

    def _is_damaged(self) -> bool:
        """Check some more of the base's file, whose largest array was opened mostly unchecked."""
        base = self._replica.tiered.base
        if base is not self._checked:
            self._checked = base
            file = None if base is None else base.file
            self._blocks = iter(()) if file is None else file.damaged()
        return any(islice(self._blocks, BLOCKS_A_ROUND))

    def _make_do_without(self) -> None:
        """Let go of a damaged base: all vectors are read from the catalogue, a new base follows."""
        drop(self._folder)
        with self._database.reading() as connection:
            self._replica.start_over(connection)
        self.state = "the base was damaged and is made again"

    def make_base(self, *, at_once: bool = False) -> bool:
        """Have a base made and take it over; False if another process is at it, or none was made.

        `at_once` is for who waits for it: the child has this process's own priority. Takes 15 s of
        one core for 60,000 pictures, some minutes for a million.
        """
        self.state = "making a base"
        code, said = self._run_child(["--at-once"] if at_once else [])
        if code == BUSY_ELSEWHERE:
            self.state = "another process is making a base"
            return False
        if code != 0:
            if not self._stopping.is_set():
                self._failed(said or f"making a base ended with {code}")
            return False
        self.state = "at rest"
        with self._database.reading() as connection:
            return self._replica.adopt(connection)

    def _run_child(self, options: list[str]) -> tuple[int, str]:
        places = [str(Path(index.__file__).parents[1]), os.environ.get("PYTHONPATH", "")]
        environment = {
            **os.environ, **ONE_THREAD, "PYTHONPATH": os.pathsep.join(p for p in places if p)
        }  # fmt: skip
        with self._children_lock:
            if self._stopping.is_set():
                return 1, ""
            child = subprocess.Popen(
                [sys.executable, "-m", "index.founding", str(self._folder), *options],
                stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE,
                env=environment,
            )  # fmt: skip
            self._children.add(child)
        _, said = child.communicate()
        with self._children_lock:
            self._children.discard(child)
        return child.returncode, said.decode("utf-8", "replace").strip()[-SAID_MOST:]

    def _failed(self, why: str) -> None:
        self.state = f"could not make a base: {why}"
        self._not_before_s = self._clock() + AFTER_FAILURE_S
