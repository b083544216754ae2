"""What a failed test left running must not keep the whole run from ending.

Python waits at its exit for every thread that is no daemon, and whoever reads the run's output
waits for every process that may still write to it. Both are named and ended.
"""

import contextlib
import os
import signal
import sys
import threading
import time
import traceback
from pathlib import Path

PATIENCE_S = 10.0


def running_threads(patience_s: float) -> list[threading.Thread]:
    """Threads that would keep the interpreter from ending and do not end in `patience_s`."""
    until = time.monotonic() + patience_s
    others = [t for t in threading.enumerate() if t is not threading.main_thread() and not t.daemon]
    for thread in others:
        thread.join(max(0.0, until - time.monotonic()))
    return [thread for thread in others if thread.is_alive()]


def children_of(parent: int) -> list[int]:
    """Processes that `parent` started and that have not ended (Linux; elsewhere none are found)."""
    found = []
    for entry in Path("/proc").glob("[0-9]*/stat"):
        with contextlib.suppress(OSError):
            state, owner = entry.read_text().rpartition(")")[2].split()[:2]
            if int(owner) == parent and state != "Z":
                found.append(int(entry.parent.name))
    return found


def end_all(status: int, patience_s: float = PATIENCE_S) -> None:
    """Name and end what still runs; leaves the process at once if a thread cannot be ended."""
    threads, children = running_threads(patience_s), children_of(os.getpid())
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
    if threads:
        os._exit(status or 1)
