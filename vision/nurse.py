"""The server's side of decoding workers: bringing them forth, giving them pictures, burying them.

Nothing that a worker says is believed beyond what can be checked here.
"""

import os
import select
import socket
import subprocess
import sys
import threading
import time
from contextlib import suppress
from pathlib import Path
from typing import Final

from vision.errors import DecoderBroken
from vision.nursery import ENVIRONMENT
from vision.slips import MOST_SLIP_BYTES, Slip, number, read, written

START_S: Final = 30.0  # a nursery loads in 0.5 s; on a busy machine several times that
KEPT_BYTES: Final = 8_000_000  # memory that stays with a worker, so that pages are not found anew
YIELDING: Final = 10  # niceness: a tenth of the processor where others want it
NOTHING: Final = bytes(1_000_000)


class Gone(Exception):
    """The worker did not answer, or not in words that we know; `late`: not in time.

    The darkroom turns it into an error of the eye."""

    def __init__(self, *, late: bool = False) -> None:
        self.late = late
        super().__init__(late)


class Worker:
    """The server's side of one worker."""

    def __init__(self, pid: int, wire: socket.socket, memory_fd: int, memory_bytes: int) -> None:
        self.pid, self._wire = pid, wire
        self._memory_fd, self._memory_bytes = memory_fd, memory_bytes
        self.spent = False
        """Whether it has said that this picture was its last."""

    def lives(self) -> bool:
        """False if it went away while it had nothing to do."""
        return not self.speaks(0.0)

    def speaks(self, until: float) -> bool:
        """Whether it has something to say, or is gone, before `until` (monotonic, s)."""
        poll = select.poll()
        poll.register(self._wire, select.POLLIN)
        return bool(poll.poll(max(0.0, until - time.monotonic()) * 1000))

    def step_back(self) -> None:
        """Let everybody else go first, for as long as the worker lives, which is this picture."""
        self.spent = True
        with suppress(OSError):  # it ended meanwhile
            os.setpriority(os.PRIO_PROCESS, self.pid, YIELDING)

    def give(self, slip: Slip, data: bytes) -> None:
        """Put the picture before the worker; raises Gone."""
        view, at = memoryview(data), 0
        while at < len(data):
            at += os.pwrite(self._memory_fd, view[at:], at)
        self.tell(slip)

    def hear(self, until: float) -> Slip:
        """What the worker says next; raises Gone when nothing comes, or no slip."""
        self._wire.settimeout(max(0.001, until - time.monotonic()))
        try:
            data = self._wire.recv(MOST_SLIP_BYTES)
            if data:
                return read(data)
        except TimeoutError as late:
            raise Gone(late=True) from late
        except (OSError, ValueError) as lost:
            raise Gone from lost
        raise Gone

    def tell(self, slip: Slip) -> None:
        """Answer what the worker asked; raises Gone."""
        try:
            self._wire.send(written(slip))
        except OSError as lost:
            raise Gone from lost

    def take(self, reply: Slip) -> bytearray:
        """What the worker made, wiped from the memory both share; raises Gone for nonsense."""
        try:
            made = bytearray(number(reply, "bytes", self._memory_bytes))
        except ValueError as nonsense:
            raise Gone from nonsense
        at = 0
        while at < len(made):
            at += os.preadv(self._memory_fd, [memoryview(made)[at:]], at)
        return made

    def wipe(self, used_bytes: int) -> None:
        """Leave nothing of `used_bytes` in the memory; the worker wiped the picture itself."""
        if used_bytes > KEPT_BYTES:
            os.ftruncate(self._memory_fd, 0)
            os.ftruncate(self._memory_fd, self._memory_bytes)
        else:
            for at in range(0, used_bytes, len(NOTHING)):
                os.pwrite(self._memory_fd, NOTHING[: used_bytes - at], at)

    def close(self) -> None:
        self._wire.close()
        os.close(self._memory_fd)


class Nurse:
    """The server's side of the nursery. Thread-safe."""

    def __init__(self, command: list[str], memory_bytes: int) -> None:
        self._command, self._memory_bytes = command, memory_bytes
        self._lock = threading.Lock()
        self._process, self._control = self._started()

    def born(self) -> Worker:
        """A new worker; a nursery that died is started again, once. Raises DecoderBroken."""
        with self._lock:
            try:
                return self._born()
            except (OSError, ValueError):
                self._end()
                self._process, self._control = self._started()
            try:
                return self._born()
            except (OSError, ValueError) as error:
                raise DecoderBroken(f"no worker can be started ({error})") from error

    def bury(self, worker: Worker) -> int:
        """End the worker; how it ended, as waitpid tells it, 0 if nobody knows."""
        worker.close()
        with self._lock:
            try:
                self._control.send(written({"bury": worker.pid}))
                return int(read(self._control.recv(MOST_SLIP_BYTES))["status"])
            except (OSError, ValueError, KeyError):
                return 0  # the nursery is gone, and all its workers with it

    def end(self) -> None:
        """Hang up and wait until it is gone."""
        with self._lock:
            self._end()

    def _started(self) -> tuple["subprocess.Popen[bytes]", socket.socket]:
        ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        module, *arguments = self._command
        root = str(Path(__file__).parents[1])
        found = os.pathsep.join(filter(None, [root, os.environ.get("PYTHONPATH", "")]))
        with theirs:
            process = subprocess.Popen(
                [sys.executable, "-m", module, str(theirs.fileno()), *arguments],
                pass_fds=[theirs.fileno()],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                env=os.environ | ENVIRONMENT | {"PYTHONPATH": found},
                start_new_session=True,  # Ctrl-C is the server's to hear: it may be answering yet
            )
        ours.settimeout(START_S)
        return process, ours

    def _born(self) -> Worker:
        ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        memory_fd = os.memfd_create("vistazo-picture")
        try:
            os.ftruncate(memory_fd, self._memory_bytes)
            socket.send_fds(self._control, [written({"born": True})], [theirs.fileno(), memory_fd])
            reply = read(self._control.recv(MOST_SLIP_BYTES))
            pid = number(reply, "pid", 1 << 31)
        except BaseException:
            ours.close()
            os.close(memory_fd)
            raise
        finally:
            theirs.close()
        return Worker(pid, ours, memory_fd, self._memory_bytes)

    def _end(self) -> None:
        self._control.close()
        try:
            self._process.wait(5)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
