"""What a decoding worker may not do, set in the worker itself before it sees a stranger's byte.

It may write no file (RLIMIT_FSIZE 0: the kernel ends it), leave no core dump with a picture in it,
take no more memory than it is allowed, open only a handful of files, gain no rights, and it dies
with its parent. Linux; elsewhere pictures are decoded in the server's own process.
"""

import ctypes
import os
import resource
import signal
from pathlib import Path
from typing import Final

PR_SET_PDEATHSIG: Final = 1
PR_SET_DUMPABLE: Final = 4
PR_SET_NO_NEW_PRIVS: Final = 38
FILES: Final = 16  # its socket, its memory, three standard ones, and what a codec may look up


def confine(memory_bytes: int, parent: int) -> None:
    """Confine this process to `memory_bytes` more than it holds; ends it if `parent` is gone."""
    libc = ctypes.CDLL(None)
    for option, value in (
        (PR_SET_PDEATHSIG, signal.SIGKILL),
        (PR_SET_DUMPABLE, 0),
        (PR_SET_NO_NEW_PRIVS, 1),
    ):
        libc.prctl(option, value, 0, 0, 0)
    if os.getppid() != parent:  # it went before the first line took hold
        raise SystemExit
    pages = int(Path("/proc/self/statm").read_text("ascii").split()[0])
    allowed = pages * resource.getpagesize() + memory_bytes
    for what, most in (
        (resource.RLIMIT_CORE, 0),
        (resource.RLIMIT_FSIZE, 0),
        (resource.RLIMIT_NOFILE, FILES),
        (resource.RLIMIT_AS, allowed),
    ):
        resource.setrlimit(what, (most, most))
    signal.signal(signal.SIGPROF, signal.SIG_DFL)
    signal.signal(signal.SIGXFSZ, signal.SIG_DFL)  # Python ignores it: a write would merely fail
    signal.signal(signal.SIGINT, signal.SIG_IGN)


def allow_cpu(cpu_s: float) -> None:
    """End this process (SIGPROF) once it has worked `cpu_s` more seconds; 0 takes that back."""
    signal.setitimer(signal.ITIMER_PROF, cpu_s)
