"""Many may look at once, or one may change things."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager


class Gate:
    """A lock for many readers or one writer; a waiting writer goes before new readers."""

    def __init__(self) -> None:
        self._turn = threading.Condition()
        self._readers = 0
        self._writers_waiting = 0
        self._writing = False

    @contextmanager
    def looking(self) -> Iterator[None]:
        """Hold the gate together with other readers."""
        with self._turn:
            while self._writing or self._writers_waiting:
                self._turn.wait()
            self._readers += 1
        try:
            yield
        finally:
            with self._turn:
                self._readers -= 1
                self._turn.notify_all()

    @contextmanager
    def changing(self) -> Iterator[None]:
        """Hold the gate alone."""
        with self._turn:
            self._writers_waiting += 1
            while self._writing or self._readers:
                self._turn.wait()
            self._writers_waiting -= 1
            self._writing = True
        try:
            yield
        finally:
            with self._turn:
                self._writing = False
                self._turn.notify_all()
