"""Keeps frames in memory from reaching a disk by the back door: core dumps and swap (Linux)."""

import ctypes
import logging
import resource
import sys
from pathlib import Path

_PR_SET_DUMPABLE = 4
_MCL_CURRENT_AND_FUTURE = 3
_log = logging.getLogger("vistazo.mirror")


def forbid_dumps() -> None:
    """No core dump of this process, and no debugger of another user's, from here on."""
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_PR_SET_DUMPABLE, 0, 0, 0, 0)


def lock_memory() -> bool:
    """Keep all of this process's memory out of swap; False where the system does not let us.

    It needs CAP_IPC_LOCK or a memlock limit above the process's size (docs/mirror.md).
    """
    if sys.platform != "linux":
        return False
    if not can_lock():
        return False
    locked: bool = ctypes.CDLL(None).mlockall(_MCL_CURRENT_AND_FUTURE) == 0
    return locked


def can_lock() -> bool:
    """Whether `lock_memory` may lock all there is and all there will be.

    Under a limit, locking what is to come would make allocations fail instead of swapping.
    """
    if sys.platform != "linux":
        return False
    return resource.getrlimit(resource.RLIMIT_MEMLOCK)[0] == resource.RLIM_INFINITY


def open_swaps(
    swaps: Path = Path("/proc/swaps"), sys_block: Path = Path("/sys/block")
) -> list[str]:
    """Swap areas that are neither in memory (zram) nor encrypted (dm-crypt), by name."""
    try:
        lines = swaps.read_text().splitlines()[1:]
    except OSError:
        return []  # no swap where there is no such file
    names = [line.split()[0] for line in lines if line.split()]
    return [name for name in names if not _is_safe(Path(name), sys_block)]


def _is_safe(device: Path, sys_block: Path) -> bool:
    real = device.resolve().name
    if real.startswith("zram"):
        return True
    try:
        return (sys_block / real / "dm" / "uuid").read_text().startswith("CRYPT")
    except OSError:
        return False
