"""What a failed test left running must not keep the whole run from ending.

Python waits at its exit for every thread that is no daemon and for every thread of a pool, and
whoever reads the run's output waits for every process that may still write to it. All that would
stay is named and ended. A pool's thread that waits for work hangs in nothing: it is no fault.
"""

import contextlib
import os
import signal
import sys
import threading
import time
import traceback
from collections.abc import Collection
from concurrent.futures import thread as pools
from pathlib import Path

PATIENCE_S = 60.0
HUNG = 70
"""What a run ends with in which every test passed and a thread hangs: no status of pytest's own."""
POOL = ("concurrent.futures.thread", "_worker")
ANYIO = ("anyio._backends._asyncio", "run")


def waited_for() -> list[threading.Thread]:
    """The threads that keep the interpreter from ending, except those that end with it: an
    executor's threads, daemons too, which wait for work."""
    others = [t for t in threading.enumerate() if t is not threading.main_thread()]
    kept = [t for t in others if not t.daemon or t in pools._threads_queues]
    return [t for t in kept if t.is_alive() and _idle_in(t) != POOL]


def running_threads(
    patience_s: float, excused: Collection[threading.Thread] = ()
) -> list[threading.Thread]:
    """Those of `waited_for` that neither end nor come to rest in `patience_s`; no `excused` one
    keeps anybody waiting."""

    def at_work() -> list[threading.Thread]:
        return [thread for thread in waited_for() if _idle_in(thread) is None]

    until = time.monotonic() + patience_s
    while not set(at_work()) <= set(excused) and time.monotonic() < until:
        time.sleep(0.02)
    return at_work()


def _idle_in(thread: threading.Thread) -> tuple[str, str] | None:
    """The pool in which `thread` waits for work, None while it is at work: a pool's own function
    is the last on its stack, anyio's right before the queue that it waits at."""
    frame, waits = sys._current_frames().get(thread.ident or 0), False
    while frame is not None and frame.f_globals.get("__name__") in ("threading", "queue"):
        frame, waits = frame.f_back, True
    if frame is None:
        return None
    place = (str(frame.f_globals.get("__name__")), frame.f_code.co_name)
    return place if place == POOL or (waits and place == ANYIO) else None


def children_of(parent: int) -> list[int]:
    """Processes that `parent` started and that have not ended (Linux; elsewhere none are found)."""
    found = []
    for entry in Path("/proc").glob("[0-9]*/stat"):
        with contextlib.suppress(OSError):
            state, owner = entry.read_text().rpartition(")")[2].split()[:2]
            if int(owner) == parent and state != "Z":
                found.append(int(entry.parent.name))
    return found


def end_all(
    status: int, patience_s: float = PATIENCE_S, excused: Collection[threading.Thread] = ()
) -> None:
    """Name and end what still runs; leaves the process at once if a thread cannot be ended, with
    `status`, or HUNG where that is 0 and a thread is at work that is not `excused`."""
    threads, children = running_threads(patience_s, excused), children_of(os.getpid())
    for child in children:
        with contextlib.suppress(OSError):
            command = Path(f"/proc/{child}/cmdline").read_bytes().replace(b"\0", b" ").decode()
            if "multiprocessing.resource_tracker" in command:
                continue  # Python's own; it ends with this process
            sys.stderr.write(f"left running: process {child}: {command[:200]}\n")
            os.kill(child, signal.SIGKILL)
    frames = sys._current_frames()
    for thread in threads:
        sys.stderr.write(f"left running: thread {thread.name}\n")
        traceback.print_stack(frames.get(thread.ident or 0), file=sys.stderr)
    sys.stdout.flush()
    sys.stderr.flush()
    if not set(threads) <= set(excused):
        os._exit(status or HUNG)
    if waited_for():  # anyio's idle threads end with their loop, which may have ended without them
        os._exit(status)
