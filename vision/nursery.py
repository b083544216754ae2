"""The process that brings forth decoding workers: `python -m vision.nursery SOCKET DECODE MEMORY`.

It has loaded what workers need and does nothing else, so a new worker is a fork of some 10 ms
instead of half a second of imports. The server asks it over SOCKET (a file descriptor):

    {"born": true} with two descriptors, the worker's socket and memory   answered {"pid": …}
    {"bury": pid}                                                          answered {"status": …}

A worker is buried by its parent alone, so its id cannot have become somebody else's. The nursery
ends when the server hangs up, and its workers with it.
"""

import gc
import importlib
import os
import signal
import socket
import sys
from typing import Final

import cv2
import numpy as np
from PIL import Image

from vision.developing import Decode, work
from vision.photo import Photo
from vision.preprocess import preprocess
from vision.slips import MOST_SLIP_BYTES, read, written
from vision.thumbnail import thumbnail_of

DECODE: Final = "vision.decode:decode"
ENVIRONMENT: Final = {
    "OPENBLAS_NUM_THREADS": "1",  # no thread may live where processes are forked
    "OMP_NUM_THREADS": "1",
    "MALLOC_ARENA_MAX": "2",  # each arena claims 64 MB of the address space that is bounded
    # pages of up to 32 MB stay with a worker: finding them anew took 4 of 22 ms for a 12 MP JPEG
    "MALLOC_MMAP_THRESHOLD_": "33000000",
    "MALLOC_TRIM_THRESHOLD_": "33000000",
}


class Nursery:
    """Forks workers that use `decode` and may take `memory_bytes` each."""

    def __init__(self, control: socket.socket, decode: Decode, memory_bytes: int) -> None:
        self._control, self._decode, self._memory_bytes = control, decode, memory_bytes
        self._living: set[int] = set()

    def run(self) -> None:
        """Do what the server asks until it hangs up."""
        while True:
            data, descriptors, _, _ = socket.recv_fds(self._control, MOST_SLIP_BYTES, 2)
            if not data:
                return
            slip = read(data)
            if "bury" in slip:
                reply = {"status": self._bury(slip["bury"])}
            else:
                reply = {"pid": self._born(*descriptors)}
            self._control.send(written(reply))

    def _born(self, wire_fd: int, memory_fd: int) -> int:
        parent = os.getpid()
        pid = os.fork()
        if pid == 0:
            code = 1
            try:
                self._control.close()
                with socket.socket(fileno=wire_fd) as wire:
                    work(wire, memory_fd, self._decode, self._memory_bytes, parent)
                code = 0
            finally:
                os._exit(code)
        os.close(wire_fd)
        os.close(memory_fd)
        self._living.add(pid)
        return pid

    def _bury(self, pid: int) -> int:
        """End the worker, if it lives still; how it ended, as waitpid tells it."""
        if pid not in self._living:
            return 0
        self._living.discard(pid)
        os.kill(pid, signal.SIGKILL)
        return os.waitpid(pid, 0)[1]


def main() -> None:
    """Load everything once, then bring forth workers."""
    control, decode, memory_bytes = sys.argv[1:]
    module, _, name = decode.partition(":")
    Image.init()  # every plugin now: a worker can hardly open files
    cv2.setNumThreads(1)
    photo = Photo(np.zeros((64, 64, 3), np.uint8), 64, 64)
    preprocess(photo, 32, "squash")
    thumbnail_of(photo, 32)
    found: Decode = getattr(importlib.import_module(module), name)
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    quiet = os.open(os.devnull, os.O_RDWR)
    os.dup2(quiet, 2)  # what a codec complains of may quote the picture
    gc.freeze()  # what was loaded stays shared with every worker
    with socket.socket(fileno=int(control)) as wire:
        Nursery(wire, found, int(memory_bytes)).run()


if __name__ == "__main__":
    main()
