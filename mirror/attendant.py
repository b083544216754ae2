"""The attendant: owns the camera, records what is asked and covered, hands clips over.

Three threads that wait for each other no longer than a lock: one reads the camera, one talks with
the server, one makes and delivers clips. Each survives whatever happens to the others. Where the
server has been away for `AWAY_LIMIT_S` a running clip is ended: a revocation could not be heard.
"""

import logging
import shutil
import threading
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

from customers.errors import NotCovered
from customers.files import Hold
from mirror.camera import Camera
from mirror.clock import Clock, Timeline, seconds
from mirror.delivery import Delivery
from mirror.desk import Desk, MirrorState, Orders, Recording
from mirror.encode import EncoderMaker
from mirror.errors import BadOrder, DeskAway, DeskRefused, MirrorError, NoRoom, UnknownClip
from mirror.finish import About
from mirror.guard import Sight, Watch
from mirror.live import Live
from mirror.recorder import Recorder
from mirror.spool import SpoolWriter
from mirror.take import RecorderLimits, Take
from mirror.waiting import Waiting
from mirror.watcher import Watcher

AWAY_LIMIT_S = 30.0
_REPORT_S = 0.25
_CAMERA_AGAIN_S = (0.2, 0.5, 1.0)
_DESK_AGAIN_S = 1.0
_log = logging.getLogger("vistazo.mirror")


@dataclass(frozen=True, slots=True)
class Place:
    """Where an attendant keeps what waits, how long, and how much of the disk it leaves free."""

    folder: Path
    reserve_bytes: int = 256 * 1024 * 1024
    retention_s: float = 72 * 3600.0
    limits: RecorderLimits = field(default_factory=RecorderLimits)
    watch: Watch = Watch.OFF
    encoder: str = ""


class Attendant:
    """Tends one camera for one server until it is stopped.

    Its folder is its own: a second attendant there is refused with PeopleBusy.
    """

    def __init__(
        self,
        camera: Camera,
        desk: Desk,
        clock: Clock,
        place: Place,
        make_encoder: EncoderMaker,
        watcher: Watcher | None = None,
    ) -> None:
        self._watcher = watcher
        self._camera, self._desk, self._clock, self._place = camera, desk, clock, place
        self.live = Live()
        self._hold = Hold(place.folder)
        self._waiting = Waiting(place.folder / "waiting")
        self._delivery = Delivery(self._waiting, desk, make_encoder, clock, place.retention_s)
        self._recorder = Recorder(place.limits, Timeline.start(clock), self._spool, place.watch)
        self._lock = threading.Lock()  # guards the recorder and what follows
        # A clip that a crash interrupted is recovered, not begun again.
        self._done = {path.stem for path in self._waiting.spools()} | set(self._waiting.ids())
        self._arrivals_s: deque[float] = deque(maxlen=60)
        self._camera_ok, self._camera_says = False, ""
        self._last_gap_at: datetime | None = None
        self._heard_s, self._server_ok = clock.monotonic_s(), False

    def run(self, stop: threading.Event) -> None:
        """Tend until `stop` is set; a running clip is ended, made, and left waiting."""
        loops: tuple[Callable[[threading.Event], None], ...] = (
            self._watch,
            self._listen,
            self._hand_over,
            self._count,
        )
        threads = [threading.Thread(target=loop, args=(stop,), daemon=True) for loop in loops]
        for thread in threads:
            thread.start()
        stop.wait()
        self._delivery.wake()
        if self._watcher:
            self._watcher.stop()
        for thread in threads:
            thread.join()
        with self._lock:
            now_s = self._clock.monotonic_s()
            if self._recorder.recording:
                self._recorder.stop(now_s, why="shut_down")
                self._recorder.check(now_s + 3600.0)
            self._collect()
        self._delivery.make_all()
        self._hold.release()

    def state(self) -> MirrorState:
        """How the mirror is now."""
        with self._lock:
            recorder, take = self._recorder, self._recorder.take
            ready = recorder.session is not None
            return MirrorState(
                indicator=(
                    ("paused" if recorder.held else "recording")
                    if take
                    else ("ready" if ready else "off")
                ),
                camera=self._camera.name,
                camera_ok=self._camera_ok,
                camera_says=self._camera_says,
                frames_per_s=self._frames_per_s(),
                ring_s=round(seconds(recorder.ring.span_ticks), 2),
                ring_bytes=recorder.ring.size_bytes,
                recording_clip=take.clip_id if take else "",
                making=self._delivery.making,  # before those that wait: a clip goes this way
                waiting=tuple(self._waiting.ids()),
                disk_free_bytes=shutil.disk_usage(self._place.folder).free,
                server_ok=self._server_ok,
                last_gap_at=self._last_gap_at,
                refused=self._delivery.refused,
                held=recorder.held,
                watch=self._watch_state(),
                encoder=self._place.encoder,
            )

    @property
    def visit_id(self) -> str:
        """The visit before this mirror, "" for none."""
        session = self._recorder.session
        return session.visit_id if session else ""

    def _watch(self, stop: threading.Event) -> None:
        """The camera's thread: read it, and look for it when it is lost."""
        failures = 0
        while not stop.is_set():
            try:
                for packet in self._camera.packets(stop):
                    failures = 0
                    with self._lock:
                        self._camera_ok, self._camera_says = True, ""
                        self._arrivals_s.append(self._clock.monotonic_s())
                        self._recorder.add(packet)
                        self._collect()
                        counts = self._recorder.watched(self._clock.monotonic_s())
                    self.live.add(packet)
                    if self._watcher:
                        self._watcher.offer(packet) if counts else self._watcher.rest()
            except Exception as cause:  # noqa: BLE001  no camera may end the attendant
                if not isinstance(cause, MirrorError):
                    _log.exception("the camera's thread met something unknown")
                with self._lock:
                    self._camera_ok, self._camera_says = False, str(cause)
                    self._last_gap_at = self._clock.now()
            stop.wait(_CAMERA_AGAIN_S[min(failures, len(_CAMERA_AGAIN_S) - 1)])
            failures += 1

    def _count(self, stop: threading.Event) -> None:
        """The watch's thread: count persons; the recorder misses counts that do not come."""
        while self._watcher and not stop.is_set():
            try:
                self._watcher.watch(self._seen)
            except Exception:  # noqa: BLE001  no picture may end the watch
                _log.exception("the watch met something unknown")
                stop.wait(_DESK_AGAIN_S)

    def _seen(self, sight: Sight) -> None:
        with self._lock:
            self._recorder.see(sight, self._clock.monotonic_s())

    def _watch_state(self) -> str:
        if self._place.watch is Watch.OFF:
            return "off"
        if self._watcher is None:
            return "not installed"
        counts = self._recorder.watched(self._clock.monotonic_s())
        return self._watcher.says or ("on" if counts else "resting")

    def _hand_over(self, stop: threading.Event) -> None:
        """The clips' thread: make them and deliver them, whatever happens to one."""
        while not stop.is_set():
            try:
                self._delivery.loop(stop)
            except Exception:  # noqa: BLE001  one odd clip must not end the others
                _log.exception("a clip could not be handed over")
                self._delivery.give_up()
                stop.wait(_DESK_AGAIN_S)

    def _listen(self, stop: threading.Event) -> None:
        """The server's thread: report, hear what is wanted, do it."""
        while not stop.is_set():
            pause_s = _REPORT_S
            try:
                orders = self._desk.report(self.state())
                with self._lock:
                    self._obey(orders)
            except Exception as cause:  # noqa: BLE001  a deaf mirror would record on for ever
                if not isinstance(cause, DeskAway | DeskRefused):
                    _log.exception("the server said something unknown")
                pause_s = _DESK_AGAIN_S
                self._miss(str(cause))
            with self._lock:
                self._recorder.check(self._clock.monotonic_s())
                self._collect()
            stop.wait(pause_s)

    def _miss(self, says: str) -> None:
        with self._lock:
            now_s = self._clock.monotonic_s()
            if self._server_ok:
                _log.warning("%s", says)
            self._server_ok = False
            take = self._recorder.take
            away = now_s - self._heard_s > AWAY_LIMIT_S
            if away and take is not None and take.until_tick is None:
                self._recorder.stop(now_s, why="server_away")

    def _obey(self, orders: Orders) -> None:
        now_s = self._clock.monotonic_s()
        self._server_ok, self._heard_s = True, now_s
        old = self._recorder.session
        if self._recorder.take is None and (old is None or old != orders.session):
            # Frames and consents are compared on one clock: the server's, as just heard.
            self._recorder.timeline = Timeline(orders.now_at, now_s)
        stopped = orders.recording is not None and orders.recording.stopped_at is not None
        self._recorder.meet(orders.session, now_s, keeps=stopped)
        if (old.visit_id if old else "") != self.visit_id:
            self.live.forget()
        if orders.confirmed_at:
            self._recorder.confirm(self._recorder.timeline.instant_s(orders.confirmed_at), now_s)
        for clip_id in orders.destroy:
            self._delivery.destroy(clip_id)
        if orders.recording:
            self._record(orders.recording, now_s)
        elif self._recorder.take is not None and self._recorder.take.until_tick is None:
            self._recorder.stop(now_s)

    def _record(self, wanted: Recording, now_s: float) -> None:
        """Bring the recorder to what is wanted; a wish that is done already changes nothing."""
        instant_s = self._recorder.timeline.instant_s
        take = self._recorder.take
        if take is not None:
            if take.until_tick is None and take.clip_id != wanted.clip_id:
                self._recorder.stop(now_s)
            elif take.until_tick is None and wanted.stopped_at:
                self._recorder.stop(now_s, instant_s(wanted.stopped_at))
        elif wanted.clip_id not in self._done:
            self._done.add(wanted.clip_id)
            self._begin(wanted, now_s)

    def _begin(self, wanted: Recording, now_s: float) -> None:
        """Start what is wanted, also what was stopped before we heard of it: the ring holds it."""
        instant_s = self._recorder.timeline.instant_s
        try:
            asked_s = instant_s(wanted.asked_at)
            self._recorder.start(wanted.clip_id, wanted.pre_roll_s, now_s, asked_s)
            if wanted.stopped_at:
                self._recorder.stop(now_s, instant_s(wanted.stopped_at))
        except (NotCovered, BadOrder, NoRoom, UnknownClip) as cause:
            self._delivery.refuse(wanted.clip_id, str(cause))
        except OSError as cause:  # it counts as done: unsaid, she would wait for it for ever
            why = f"The disk cannot be written: {cause.strerror}."
            self._delivery.refuse(wanted.clip_id, why)

    def _spool(self, take: Take) -> SpoolWriter:
        free = shutil.disk_usage(self._place.folder).free
        if free < self._place.reserve_bytes + take.size_bytes:
            raise NoRoom(str(self._place.folder), free, self._place.reserve_bytes)
        path = self._waiting.spool_path(take.clip_id)
        return SpoolWriter(path, take.session.public_key, About.of(take).fields())

    def _collect(self) -> None:
        """Hand finished takes to the thread that makes clips of them; the lock is held."""
        for take in self._recorder.finished():
            if take.ended == "revoked":
                self._delivery.refuse(take.clip_id, "The consent was revoked: it is destroyed.")
            else:
                self._delivery.add(take, self._camera.notes())

    def _frames_per_s(self) -> float:
        if len(self._arrivals_s) < 2 or not self._camera_ok:
            return 0.0
        span_s = self._arrivals_s[-1] - self._arrivals_s[0]
        return round((len(self._arrivals_s) - 1) / span_s, 1) if span_s > 0 else 0.0
