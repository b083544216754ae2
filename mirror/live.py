"""The live picture, handed on to whoever may see it, as the camera encoded it.

The camera's thread hands every packet in and never waits: each viewer has a line of its own. Where
that is full, or behind when a key comes, it is emptied and goes on with the key: so a page that was
held up for a moment is soon with the camera again. A viewer who comes late begins with
the group of pictures that is under way, so that she sees at once. All of it lives in memory only.
"""

import threading
from collections import deque
from collections.abc import Callable

from mirror.packet import Packet

MOST_WAITING = 15  # half a second: what comes later than that is no mirror any more
MOST_BEHIND = 5  # a sixth of a second: with more than that before it a key is gone on from at once
_MOST_GROUP_BYTES = 32 * 1024 * 1024  # a minute of 4 Mbit/s: longer groups are not kept for anybody


class Viewer:
    """One reader's line. `wake` is called, on the camera's thread, when something has come."""

    def __init__(self, wake: Callable[[], None], begun: list[Packet], lock: threading.Lock) -> None:
        self._wake, self._lock = wake, lock
        self._waiting: deque[Packet] = deque(begun)
        # What was under way when she came is read faster than it was filmed: it is no slowness.
        self._most = MOST_WAITING + len(begun)
        self._wants_key = not begun
        self.skipped = 0

    def take(self) -> Packet | None:
        """The next packet, None where none has come."""
        with self._lock:
            if len(self._waiting) <= MOST_WAITING // 2:
                self._most = MOST_WAITING
            return self._waiting.popleft() if self._waiting else None

    def offer(self, packet: Packet) -> None:
        """Hand a packet in; the lock is held."""
        if packet.resumes:  # what came between is lost: nothing may lean on it
            self._wants_key = True
        behind = packet.key and len(self._waiting) > MOST_BEHIND
        if behind or len(self._waiting) >= self._most:
            self.skipped += len(self._waiting)
            self._waiting.clear()
            self._wants_key = True
        if self._wants_key and not packet.key:
            self.skipped += 1
            return
        self._wants_key = False
        self._waiting.append(packet)
        self._wake()


class Live:
    """The picture that is seen now, and everybody who looks at it."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._viewers: list[Viewer] = []
        self._group: list[Packet] = []
        self._group_bytes = 0

    @property
    def viewers(self) -> int:
        """How many look on."""
        return len(self._viewers)

    def add(self, packet: Packet) -> None:
        """The camera's next packet; returns at once whatever the viewers do."""
        with self._lock:
            self._remember(packet)
            for viewer in self._viewers:
                viewer.offer(packet)

    def join(self, wake: Callable[[], None]) -> Viewer:
        """Look on from now."""
        with self._lock:
            viewer = Viewer(wake, list(self._group), self._lock)
            self._viewers.append(viewer)
        return viewer

    def leave(self, viewer: Viewer) -> None:
        """Look on no longer."""
        with self._lock:
            self._viewers.remove(viewer)

    def forget(self) -> None:
        """Somebody else stands before the mirror: who comes from here on never sees back."""
        with self._lock:
            self._group, self._group_bytes = [], 0

    def _remember(self, packet: Packet) -> None:
        if packet.key:
            self._group, self._group_bytes = [], 0
        elif not self._group or packet.resumes or self._group_bytes >= _MOST_GROUP_BYTES:
            self._group, self._group_bytes = [], 0
            return
        self._group.append(packet)
        self._group_bytes += len(packet.data)
