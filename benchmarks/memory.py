"""How much memory a server and the processes it started hold."""

import resource
from contextlib import suppress
from pathlib import Path


def family(pid: int) -> list[int]:
    """`pid` and all its descendants."""
    found = [pid]
    for task in Path(f"/proc/{pid}/task").glob("*/children"):
        with suppress(OSError):  # the thread, or the process, ended meanwhile
            children = task.read_text("ascii").split()
            found += [one for child in children for one in family(int(child))]
    return found


def family_mb(pid: int) -> float:
    """Memory of the whole family in MB, what they share counted once (proportional set size)."""
    total = 0
    for one in family(pid):
        try:
            rollup = Path(f"/proc/{one}/smaps_rollup").read_text("ascii")
        except OSError:  # it ended, or lets nobody but root look into it (no core dumps)
            total += _own_kb(one)
            continue
        total += next(int(line.split()[1]) for line in rollup.splitlines() if line[:4] == "Pss:")
    return total / 1000


def _own_kb(pid: int) -> int:
    """What a process holds alone, which everybody may know; 0 once it ended."""
    try:
        pages = Path(f"/proc/{pid}/statm").read_text("ascii").split()
    except OSError:
        return 0
    return (int(pages[1]) - int(pages[2])) * resource.getpagesize() // 1000
