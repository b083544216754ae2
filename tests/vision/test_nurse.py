"""The server's side of a worker: nothing that a worker does, or leaves undone, holds it up."""

import errno
import mmap
import os
import signal
import socket
from collections.abc import Iterator
from pathlib import Path

import pytest

from vision import nurse
from vision.errors import DecoderBroken
from vision.nurse import Gone, Nurse, Worker
from vision.nursery import DECODE
from vision.slips import read, written

pytestmark = pytest.mark.skipif(not hasattr(os, "memfd_create"), reason="workers need Linux")


@pytest.fixture
def nursery(monkeypatch: pytest.MonkeyPatch) -> Iterator[Nurse]:
    monkeypatch.setattr(nurse, "TOLD_S", 0.05)
    nursery = Nurse(["vision.nursery", DECODE, "1000000000"], 100_000)
    try:
        yield nursery
    finally:
        nursery.end()


@pytest.fixture
def pair() -> Iterator[tuple[Worker, socket.socket]]:
    """A worker, and the end of its wire at which a worker would be."""
    ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    memory_fd = os.memfd_create("test")
    os.ftruncate(memory_fd, 4_096)
    worker = Worker(os.getpid(), ours, memory_fd, mmap.mmap(memory_fd, 4_096))
    with theirs:
        yield worker, theirs
    worker.close()


def test_who_reads_no_answer_is_given_up(nursery: Nurse) -> None:
    worker = nursery.born()
    os.kill(worker.pid, signal.SIGSTOP)  # it is there and reads nothing
    try:
        with pytest.raises(Gone) as gone:
            tell_on(worker)
        assert gone.value.late
    finally:
        nursery.bury(worker)


def tell_on(worker: Worker) -> None:
    for _ in range(100_000):
        worker.tell({"go": True})


def test_only_slips_about_the_picture_that_was_given_are_heard(
    pair: tuple[Worker, socket.socket],
) -> None:
    worker, theirs = pair
    worker.give({"op": "square"}, b"one")
    first = read(theirs.recv(8_192))["picture"]
    worker.give({"op": "square"}, b"two")
    second = read(theirs.recv(8_192))["picture"]
    for slip in ({"bytes": 1, "picture": first}, {}, {"bytes": 2, "picture": second}):
        theirs.send(written(slip))
    assert worker.hear() == {"bytes": 2, "picture": second}
    assert worker.spent
    theirs.close()
    with pytest.raises(Gone):
        worker.hear()


def test_a_worker_that_no_memory_can_be_mapped_for_leaks_nothing(
    nursery: Nurse, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*arguments: object) -> mmap.mmap:
        raise OSError(errno.ENOMEM, "Cannot allocate memory")

    def seen() -> tuple[int, int, str]:
        pid = nursery._process.pid
        children = Path(f"/proc/{pid}/task/{pid}/children").read_text("ascii")
        return len(list(Path("/proc/self/fd").iterdir())), pid, children

    nursery.bury(nursery.born())  # it has started
    before = seen()
    with monkeypatch.context() as patch:
        patch.setattr("vision.nurse.mmap.mmap", full)
        with pytest.raises(DecoderBroken, match="Cannot allocate memory"):
            nursery.born()
    assert seen() == before
    nursery.bury(nursery.born())
