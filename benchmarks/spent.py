"""How much of the processors a server and the processes it started have used."""

import os
import time
from pathlib import Path

from benchmarks.memory import family


def family_spent_s(pid: int) -> float:
    """Processor seconds of the whole family so far, also of children that ended meanwhile."""
    return sum(_spent_s(one) for one in family(pid))


def own_spent_s() -> float:
    """Processor seconds of this very process so far."""
    return time.process_time()


def _spent_s(pid: int) -> float:
    try:
        text = Path(f"/proc/{pid}/stat").read_text("ascii", "replace")
    except OSError:  # it ended; whoever waited for it has its time
        return 0.0
    user, system, childrens_user, childrens_system = text.rpartition(")")[2].split()[11:15]
    ticks = int(user) + int(system) + int(childrens_user) + int(childrens_system)
    return ticks / os.sysconf("SC_CLK_TCK")
