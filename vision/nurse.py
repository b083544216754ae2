"""The server's side of decoding workers: bringing them forth, giving them pictures, burying them.

Nothing that a worker says is believed beyond what can be checked here.
"""

import fcntl
import mmap
import os
import select
import socket
import struct
import subprocess
import sys
import threading
from contextlib import ExitStack, suppress
from pathlib import Path
from typing import Final

from vision.errors import DecoderBroken
from vision.nursery import ENVIRONMENT
from vision.slips import MOST_SLIP_BYTES, Slip, number, read, written

START_S: Final = 30.0  # a nursery loads in 0.5 s; on a busy machine several times that
KEPT_BYTES: Final = 8_000_000  # memory that stays with a worker, so that pages are not found anew
SMALL_BYTES: Final = 1_000_000  # copied in a tenth of a millisecond
TOLD_S: Final = 1.0  # whoever reads nothing for so long has been taken over
LEFT_OVER: Final = 1_000  # slips of earlier pictures that are passed over; a wire holds 280
YIELDING: Final = 10  # niceness: a tenth of the processor where others want it
NOTHING: Final = memoryview(bytes(1_000_000))
SEALS: Final = fcntl.F_SEAL_SHRINK | fcntl.F_SEAL_GROW | fcntl.F_SEAL_SEAL
"""A worker that was taken over cannot cut the memory short, which would end whoever maps it."""


class Gone(Exception):
    """The worker did not answer, or not in words that we know; `late`: not in time.

    The darkroom turns it into an error of the eye."""

    def __init__(self, *, late: bool = False) -> None:
        self.late = late
        super().__init__(late)


class Worker:
    """The server's side of one worker.

    Every call of the system lets go of the interpreter's lock, and in a busy server all threads
    want it: so ordinary pictures are copied through mapped memory, and each slip is one call.
    """

    def __init__(self, pid: int, wire: socket.socket, memory_fd: int, memory: mmap.mmap) -> None:
        self.pid, self._wire = pid, wire
        self._memory_fd, self._memory = memory_fd, memory
        self._picture = 0
        self.spent = False
        """Whether it has said that this picture was its last, or spoke unasked."""

    def demand_life(self) -> None:
        """Raise Gone if it went away, or spoke, while it had nothing to do."""
        poll = select.poll()
        poll.register(self._wire, select.POLLIN)
        if poll.poll(0):
            raise Gone

    def step_back(self) -> None:
        """Let everybody else go first, for as long as the worker lives, which is this picture."""
        self.spent = True
        with suppress(OSError):  # it ended meanwhile
            os.setpriority(os.PRIO_PROCESS, self.pid, YIELDING)

    def give(self, slip: Slip, data: bytes) -> None:
        """Put the picture before the worker; raises Gone.

        The slip gets a number, which all that is said of this picture bears."""
        self._picture += 1
        if len(data) <= SMALL_BYTES:
            self._memory[: len(data)] = data
        else:  # others may go on while it is copied
            view, at = memoryview(data), 0
            while at < len(data):
                at += os.pwrite(self._memory_fd, view[at:], at)
        self.tell({**slip, "picture": self._picture})

    def wait_at_most(self, wait_s: float) -> None:
        """How long `hear` waits from now on."""
        _wait_at_most(self._wire, socket.SO_RCVTIMEO, wait_s)

    def hear(self) -> Slip | None:
        """What the worker says next of the picture that it was given, None when it says nothing in
        time; raises Gone when it went away or says no slip.

        A slip of an earlier picture, left waiting, is the answer to nobody: who leaves one is
        replaced after this picture."""
        for _ in range(LEFT_OVER):
            try:
                data = self._wire.recv(MOST_SLIP_BYTES)
                slip = read(data) if data else None
            except BlockingIOError:
                return None
            except (OSError, ValueError) as lost:
                raise Gone from lost
            if slip is None:
                raise Gone
            if slip.get("picture") == self._picture:
                return slip
            self.spent = True
        raise Gone

    def tell(self, slip: Slip) -> None:
        """Answer what the worker asked; raises Gone."""
        try:
            self._wire.send(written(slip))
        except BlockingIOError as full:
            raise Gone(late=True) from full
        except OSError as lost:
            raise Gone from lost

    def take(self, reply: Slip) -> bytes:
        """What the worker made; raises Gone for nonsense."""
        try:
            return self._memory[: number(reply, "bytes", len(self._memory))]
        except ValueError as nonsense:
            raise Gone from nonsense

    def wipe(self, given_bytes: int, made_bytes: int) -> None:
        """Leave nothing of what it made; what it was given the worker wiped before it began. Of
        much, no memory either."""
        if max(given_bytes, made_bytes) > KEPT_BYTES:
            self._memory.madvise(mmap.MADV_REMOVE)
            return
        for at in range(0, made_bytes, len(NOTHING)):
            until = min(made_bytes, at + len(NOTHING))
            self._memory[at:until] = NOTHING[: until - at]

    def close(self) -> None:
        self._memory.close()
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
        with ExitStack() as undone:
            try:  # what fails here is this process's own, and no new nursery mends it
                ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
                undone.callback(ours.close)
                undone.enter_context(theirs)
                _wait_at_most(ours, socket.SO_SNDTIMEO, TOLD_S)
                flags = os.MFD_CLOEXEC | os.MFD_ALLOW_SEALING
                memory_fd = os.memfd_create("vistazo-picture", flags)
                undone.callback(os.close, memory_fd)
                os.ftruncate(memory_fd, self._memory_bytes)
                fcntl.fcntl(memory_fd, fcntl.F_ADD_SEALS, SEALS)
                memory = mmap.mmap(memory_fd, self._memory_bytes)
                undone.callback(memory.close)
            except OSError as short:
                raise DecoderBroken(f"no worker can be started ({short})") from short
            socket.send_fds(self._control, [written({"born": True})], [theirs.fileno(), memory_fd])
            reply = read(self._control.recv(MOST_SLIP_BYTES))
            worker = Worker(number(reply, "pid", 1 << 31), ours, memory_fd, memory)
            undone.pop_all()
            theirs.close()
        return worker

    def _end(self) -> None:
        self._control.close()
        try:
            self._process.wait(5)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()


def _wait_at_most(wire: socket.socket, which: int, wait_s: float) -> None:
    seconds, fraction = divmod(max(wait_s, 0.0001), 1.0)  # 0 would be for ever
    wire.setsockopt(socket.SOL_SOCKET, which, struct.pack("@ll", int(seconds), int(fraction * 1e6)))
