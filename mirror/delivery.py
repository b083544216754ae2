"""Makes clips of finished takes and hands them over; recovers what a crash left.

Lives in a thread of its own: neither the camera nor the server's answers wait for it.
"""

import logging
import threading
from collections import deque
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path

from customers.errors import CustomerError
from mirror.clip import Note
from mirror.clock import Clock
from mirror.desk import Desk
from mirror.encode import EncoderMaker
from mirror.errors import BadStream, DeskAway, DeskRefused, NothingRecorded, UnknownClip
from mirror.finish import finish, recover
from mirror.spool import read_spool
from mirror.take import Take
from mirror.waiting import Waiting

_AGAIN_S = 1.0
_IDLE_S = 0.25
_MAX_REFUSALS = 100  # older ones have been reported long ago
# What the server says of a clip that nobody may have any more.
_FINAL = ("unknown-clip", "not-covered", "key-destroyed", "unknown-customer")
_log = logging.getLogger("vistazo.mirror")


class Delivery:
    """The way of a take from the recorder to the server, and why some never arrived."""

    def __init__(
        self,
        waiting: Waiting,
        desk: Desk,
        make_encoder: EncoderMaker,
        clock: Clock,
        retention_s: float,
    ) -> None:
        self._waiting, self._desk, self._make_encoder = waiting, desk, make_encoder
        self._clock, self._retention_s = clock, retention_s
        self._interrupted = waiting.spools()  # before any new one is written
        self._takes: deque[tuple[Take, tuple[Note, ...]]] = deque()
        self._refused: dict[str, str] = {}
        self._at_hand = ""
        self._lock = threading.Lock()
        self._work = threading.Event()

    @property
    def refused(self) -> Mapping[str, str]:
        """Why clips could not be made or were not taken, by id: the last hundred."""
        with self._lock:
            return dict(self._refused)

    @property
    def making(self) -> tuple[str, ...]:
        """The clips that are still to be made, also of what a crash left.

        Asked for before those that wait, it misses none that goes on meanwhile.
        """
        queued = [take.clip_id for take, _ in list(self._takes)]
        at_hand = [self._at_hand] if self._at_hand else []
        return (*queued, *at_hand, *(path.stem for path in list(self._interrupted)))

    def add(self, take: Take, notes: tuple[Note, ...]) -> None:
        """A take has ended: make a clip of it soon."""
        self._takes.append((take, notes))
        self._work.set()

    def refuse(self, clip_id: str, why: str) -> None:
        """Remember why there will be no such clip."""
        _log.warning("clip %s: %s", clip_id, why)
        with self._lock:
            self._refused[clip_id] = why
            while len(self._refused) > _MAX_REFUSALS:
                del self._refused[next(iter(self._refused))]

    def give_up(self) -> None:
        """Say that the clip at hand was not made, after what nobody foresaw; then go on.

        Its spool stays: the next start tries once more.
        """
        clip_id, self._at_hand = self._at_hand, ""
        if clip_id:
            self._interrupted = [path for path in self._interrupted if path.stem != clip_id]
            self.refuse(clip_id, "The mirror could not make a clip of it.")

    def destroy(self, clip_id: str) -> None:
        """Remove a waiting clip that nobody may have any more."""
        with suppress(UnknownClip):
            self._waiting.remove(clip_id)

    def loop(self, stop: threading.Event) -> None:
        """Make, recover and deliver until `stop` is set; what it cannot foresee leaves it."""
        while not stop.is_set():
            self._work.clear()
            pause_s = _IDLE_S
            try:
                self.make_all()
                self._recover_all()
                self._deliver_all(stop)
            except DeskAway:
                pause_s = _AGAIN_S
            self._expire()
            self._work.wait(pause_s)

    def wake(self) -> None:
        """Look at once, at the end too."""
        self._work.set()

    def make_all(self) -> None:
        """Make clips of all takes that have ended."""
        while self._takes:
            self._at_hand = self._takes[0][0].clip_id
            take, notes = self._takes.popleft()
            try:
                self._waiting.put(finish(take, notes, self._make_encoder))
            except (NothingRecorded, BadStream) as cause:
                self._waiting.remove(take.clip_id)
                self.refuse(take.clip_id, str(cause))
            except OSError as cause:
                # Its spool, if whole, makes the clip at the next start.
                self.refuse(take.clip_id, f"The disk cannot be written: {cause.strerror}.")
            self._at_hand = ""

    def _recover_all(self) -> None:
        while self._interrupted:
            path = self._interrupted[-1]
            if path.exists():
                self._recover(path)
            self._interrupted.pop()

    def _recover(self, path: Path) -> None:
        """Make the clip that a crash interrupted; only the server can open its spool."""
        clip_id = self._at_hand = path.stem
        try:
            spooled = read_spool(path, lambda wrapped: self._desk.unwrap(clip_id, wrapped))
            self._waiting.put(recover(spooled, self._make_encoder))
        except (CustomerError, NothingRecorded, BadStream, DeskRefused) as cause:
            self._waiting.remove(clip_id)
            self.refuse(clip_id, str(cause))
        except DeskAway:
            self._at_hand = ""  # it is asked again
            raise
        self._at_hand = ""

    def _deliver_all(self, stop: threading.Event) -> None:
        for clip, files in self._waiting.clips():
            if stop.is_set():
                return
            try:
                self._desk.deliver(clip, files)
            except DeskRefused as cause:
                self.refuse(clip.id, str(cause))
                if cause.code not in _FINAL:
                    continue  # it may be taken another time: nothing of hers is thrown away
            self._waiting.remove(clip.id)

    def _expire(self) -> None:
        """Destroy what the server did not take before the retention ended."""
        for clip_id in self._waiting.older_than(self._clock.now(), self._retention_s):
            self._waiting.remove(clip_id)
            self.refuse(clip_id, "The retention ended before the server took the clip.")
