import io
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import av
import pytest

from customers.consent import AgeStatement, Consent, Purpose
from customers.keys import Keys
from customers.seal import SealedFile
from mirror.attendant import Attendant, Place
from mirror.camera import Patience, VideoSource
from mirror.clip import Clip
from mirror.clips import Kind
from mirror.clock import SystemClock
from mirror.desk import MirrorState, Orders, Recording
from mirror.encode import X264
from mirror.errors import DeskAway, DeskRefused
from mirror.recorder import RecorderLimits
from mirror.session import Session
from tests.drawn_camera import Drawing, film, packets, read_counter
from tests.drawn_network import rtsp


class PaperDesk:
    """The server's side on paper: what it wants, and what it was given. Can be away."""

    def __init__(self, keys: Keys) -> None:
        self.keys = keys
        self.session: Session | None = None
        self.recording: Recording | None = None
        self.destroy: tuple[str, ...] = ()
        self.away = False
        self.refuses = ""
        self.kept: dict[str, tuple[Clip, dict[Kind, bytes]]] = {}
        self.deliveries = 0
        self.states: list[MirrorState] = []

    def visit(self, *, consented: bool) -> None:
        now = datetime.now(UTC)
        consent = Consent(
            "co1", "ana", "v1", "m1", frozenset({Purpose.RECORD}), "I agree.", "en", now,
            now + timedelta(hours=1), "Ana", AgeStatement.OF_AGE,
        )  # fmt: skip
        given = (consent,) if consented else ()
        self.session = Session("m1", "v1", "ana", self.keys.make("ana"), given)

    def record(self, clip_id: str, pre_roll_s: float = 0.0) -> None:
        self.recording = Recording(clip_id, datetime.now(UTC), pre_roll_s)

    def stop(self) -> None:
        assert self.recording is not None
        self.recording = replace(self.recording, stopped_at=datetime.now(UTC))

    def report(self, state: MirrorState) -> Orders:
        if self.away:
            raise DeskAway("paper", "away")
        self.states.append(state)
        return Orders(datetime.now(UTC), self.session, self.recording, self.destroy)

    def deliver(self, clip: Clip, files: Mapping[Kind, Path]) -> None:
        if self.away:
            raise DeskAway("paper", "away")
        if self.refuses:
            raise DeskRefused(self.refuses, "no")
        self.deliveries += 1
        self.kept[clip.id] = (clip, {kind: path.read_bytes() for kind, path in files.items()})

    def unwrap(self, clip_id: str, wrapped: bytes) -> bytes:
        if self.away:
            raise DeskAway("paper", "away")
        return self.keys.unwrap("ana", wrapped)

    def numbers(self, clip_id: str, tmp_path: Path) -> list[int]:
        """The counters burnt into a kept clip, opened with her key."""
        (tmp_path / "sealed").write_bytes(self.kept[clip_id][1]["video"])
        plain = SealedFile(tmp_path / "sealed", lambda w: self.keys.unwrap("ana", w)).read()
        with av.open(io.BytesIO(plain), "r", options={"ignore_editlist": "1"}) as container:
            return [read_counter(f.to_ndarray(format="bgr24")) for f in container.decode(video=0)]


def until(holds: Callable[[], object], limit_s: float = 30.0) -> None:
    end_s = time.monotonic() + limit_s
    while not holds():
        assert time.monotonic() < end_s, "it never came to be"
        time.sleep(0.02)


@contextmanager
def tending(
    address: str, desk: PaperDesk, folder: Path, clock: SystemClock | None = None
) -> Iterator[Attendant]:
    """An attendant before a real camera library, in threads as in a shop."""
    clock = clock or SystemClock()
    camera = VideoSource(address, clock, Patience(open_s=3, read_s=1))
    place = Place(folder, reserve_bytes=0, limits=RecorderLimits(camera_delay_s=0.1))
    attendant = Attendant(camera, desk, clock, place, X264)
    stop = threading.Event()
    thread = threading.Thread(target=attendant.run, args=(stop,))
    thread.start()
    try:
        yield attendant
    finally:
        stop.set()
        thread.join()


@pytest.fixture
def desk(tmp_path: Path) -> PaperDesk:
    return PaperDesk(Keys(tmp_path / "keys"))


@pytest.fixture(scope="module")
def address(tmp_path_factory: pytest.TempPathFactory) -> str:
    path = tmp_path_factory.mktemp("film") / "film.mp4"
    return str(film(path, range(900), Drawing(gop=10)))


def test_from_camera_to_server_a_clip_holds_what_was_asked(
    desk: PaperDesk, address: str, tmp_path: Path
) -> None:
    folder = tmp_path / "mirror"
    with tending(address, desk, folder) as attendant:
        until(lambda: attendant.state().frames_per_s > 20)
        desk.visit(consented=True)
        until(lambda: attendant.state().ring_s > 1.0)
        desk.record("c1", pre_roll_s=0.5)
        until(lambda: attendant.state().indicator == "recording")
        time.sleep(0.7)
        desk.stop()
        until(lambda: "c1" in desk.kept)
        assert attendant.state().waiting == ()
    found = desk.numbers("c1", tmp_path)
    assert found == list(range(found[0], found[0] + len(found)))
    clip = desk.kept["c1"][0]
    asked = desk.recording
    assert asked is not None
    assert asked.stopped_at is not None
    # To the frame: the first one at or after the asked start, the last one at or before the stop.
    lead_s = (clip.started_at - (asked.asked_at - timedelta(seconds=0.5))).total_seconds()
    tail_s = (asked.stopped_at - clip.ended_at).total_seconds()
    assert -0.02 <= lead_s <= 0.06
    assert -0.06 <= tail_s <= 0.06
    assert set(desk.kept["c1"][1]) == {"video", "thumbnail", "sprite"}
    assert list((folder / "waiting").iterdir()) == []
    assert desk.deliveries == 1


def test_without_consent_no_byte_of_a_frame_reaches_the_disk(
    desk: PaperDesk, address: str, tmp_path: Path
) -> None:
    folder = tmp_path / "mirror"
    with tending(address, desk, folder) as attendant:
        desk.visit(consented=False)
        until(lambda: attendant.state().ring_s > 0.5)
        desk.record("c1", pre_roll_s=5)
        until(lambda: "c1" in attendant.state().refused)
        assert attendant.state().indicator == "ready"
        assert list((folder / "waiting").iterdir()) == []
    assert desk.kept == {}


def test_a_clip_stopped_before_the_mirror_heard_of_it_comes_from_the_ring(
    desk: PaperDesk, address: str, tmp_path: Path
) -> None:
    with tending(address, desk, tmp_path / "mirror") as attendant:
        desk.visit(consented=True)
        until(lambda: attendant.state().ring_s > 1)
        now = datetime.now(UTC)
        start = now - timedelta(seconds=0.6)
        desk.recording = Recording("c1", start, 0.2, now - timedelta(seconds=0.2))
        until(lambda: "c1" in desk.kept)
        desk.recording = Recording("c2", now - timedelta(hours=1), 0.0, now - timedelta(minutes=59))
        until(lambda: "c2" in attendant.state().refused)  # before this mirror was there
    assert 17 <= len(desk.numbers("c1", tmp_path)) <= 19
    assert list((tmp_path / "mirror" / "waiting").iterdir()) == []


def test_a_revoked_consent_destroys_the_running_clip(
    desk: PaperDesk, address: str, tmp_path: Path
) -> None:
    folder = tmp_path / "mirror"
    with tending(address, desk, folder) as attendant:
        desk.visit(consented=True)
        until(lambda: attendant.state().ring_s > 0.5)
        desk.record("c1")
        until(lambda: list((folder / "waiting").glob("*.spool")))
        assert desk.session is not None
        revoked = replace(desk.session.consents[0], revoked_at=datetime.now(UTC))
        desk.session = replace(desk.session, consents=(revoked,))
        until(lambda: "c1" in attendant.state().refused)
        until(lambda: not list((folder / "waiting").iterdir()))
    assert desk.kept == {}


def test_a_server_that_is_away_gets_its_clips_later_once_each_sealed_meanwhile(
    desk: PaperDesk, address: str, tmp_path: Path
) -> None:
    folder = tmp_path / "mirror"
    with tending(address, desk, folder) as attendant:
        desk.visit(consented=True)
        until(lambda: attendant.state().ring_s > 0.5)
        desk.record("c1", pre_roll_s=0.3)
        until(lambda: attendant.state().indicator == "recording")
        time.sleep(0.3)
        desk.stop()
        desk.refuses = "server_error"
        until(lambda: attendant.state().waiting == ("c1",))
        desk.away = True
        for path in (folder / "waiting").iterdir():
            assert b"ftyp" not in path.read_bytes()
    assert desk.kept == {}
    desk.away, desk.refuses = False, ""
    with tending(address, desk, folder):  # a new start of the mirror finds what waits
        until(lambda: "c1" in desk.kept)
    assert desk.deliveries == 1
    assert len(desk.numbers("c1", tmp_path)) >= 15


def test_what_she_had_forgotten_is_destroyed_on_the_mirror_too(
    desk: PaperDesk, address: str, tmp_path: Path
) -> None:
    folder = tmp_path / "mirror"
    with tending(address, desk, folder) as attendant:
        desk.visit(consented=True)
        until(lambda: attendant.state().ring_s > 0.5)
        desk.refuses = "server_error"
        desk.record("c1")
        until(lambda: attendant.state().indicator == "recording")
        time.sleep(0.4)
        desk.stop()
        until(lambda: attendant.state().waiting == ("c1",))
        desk.destroy = ("c1",)
        until(lambda: not list((folder / "waiting").iterdir()))
    assert desk.kept == {}


def test_a_camera_that_comes_back_is_recorded_on_and_the_gap_is_in_the_clip(
    desk: PaperDesk, tmp_path: Path
) -> None:
    sent = packets(300, Drawing(gop=10))
    camera = rtsp(sent)
    with tending(f"rtsp://127.0.0.1:{camera.port}/live", desk, tmp_path / "mirror") as attendant:
        desk.visit(consented=True)
        until(lambda: attendant.state().ring_s > 0.5)
        desk.record("c1")
        until(lambda: attendant.state().indicator == "recording")
        time.sleep(0.5)
        camera.kill()
        until(lambda: not attendant.state().camera_ok)
        assert attendant.state().last_gap_at is not None
        camera = rtsp(sent, port=camera.port)
        until(lambda: attendant.state().camera_ok)
        time.sleep(0.7)
        desk.stop()
        until(lambda: "c1" in desk.kept)
    camera.kill()
    clip = desk.kept["c1"][0]
    assert "camera_lost" in [gap.reason for gap in clip.gaps]
    assert len(desk.numbers("c1", tmp_path)) == clip.frames


class WrongClock(SystemClock):
    """A wall clock that is an hour off and is set by another day every second."""

    def now(self) -> datetime:
        return super().now() + timedelta(hours=1, days=int(self.monotonic_s()) % 3)


def test_a_mirror_whose_wall_clock_is_wrong_and_jumps_records_what_was_asked(
    desk: PaperDesk, address: str, tmp_path: Path
) -> None:
    with tending(address, desk, tmp_path / "mirror", WrongClock()) as attendant:
        desk.visit(consented=True)
        until(lambda: attendant.state().ring_s > 0.5)
        desk.record("c1", pre_roll_s=0.2)
        until(lambda: attendant.state().indicator == "recording")
        time.sleep(1.2)
        desk.stop()
        until(lambda: "c1" in desk.kept)
    clip, asked = desk.kept["c1"][0], desk.recording
    assert asked is not None
    assert asked.stopped_at is not None
    lead_s = (clip.started_at - (asked.asked_at - timedelta(seconds=0.2))).total_seconds()
    assert -0.02 <= lead_s <= 0.06
    assert abs((asked.stopped_at - clip.ended_at).total_seconds()) <= 0.06
    assert clip.gaps == ()


def test_a_full_disk_refuses_the_clip_and_says_so(
    desk: PaperDesk, address: str, tmp_path: Path
) -> None:
    clock = SystemClock()
    place = Place(tmp_path / "mirror", reserve_bytes=2**62)
    attendant = Attendant(VideoSource(address, clock), desk, clock, place, X264)
    stop = threading.Event()
    thread = threading.Thread(target=attendant.run, args=(stop,))
    thread.start()
    desk.visit(consented=True)
    until(lambda: attendant.state().ring_s > 0.5)
    desk.record("c1")
    until(lambda: "no room" in attendant.state().refused.get("c1", ""))
    assert attendant.state().indicator == "ready"
    stop.set()
    thread.join()
    assert list((tmp_path / "mirror" / "waiting").iterdir()) == []


@pytest.mark.parametrize("clip_id", ["../escape", "a/b", "", "x" * 65])
def test_an_id_that_is_no_id_reaches_no_file(
    desk: PaperDesk, address: str, tmp_path: Path, clip_id: str
) -> None:
    (tmp_path / "escape.json").write_text("not ours")
    with tending(address, desk, tmp_path / "mirror") as attendant:
        desk.visit(consented=True)
        desk.destroy = (clip_id,)
        until(lambda: attendant.state().ring_s > 0.3)
        desk.record(clip_id)
        until(lambda: clip_id in attendant.state().refused)
    assert (tmp_path / "escape.json").read_text() == "not ours"
    assert desk.kept == {}


@pytest.mark.soak
@pytest.mark.timeout(3600)
def test_fifty_losses_of_the_camera(desk: PaperDesk, tmp_path: Path) -> None:
    sent = packets(300, Drawing(gop=10))
    camera = rtsp(sent)
    missed_s, back_s = [], []
    with tending(f"rtsp://127.0.0.1:{camera.port}/live", desk, tmp_path / "mirror") as attendant:
        desk.visit(consented=True)
        until(lambda: attendant.state().ring_s > 0.5)
        for turn in range(50):
            clip_id = f"c{turn}"
            desk.record(clip_id)
            until(lambda: attendant.state().indicator == "recording")
            time.sleep(0.4)
            start_s = time.monotonic()
            camera.kill()
            until(lambda: not attendant.state().camera_ok)
            missed_s.append(time.monotonic() - start_s)
            start_s = time.monotonic()
            camera = rtsp(sent, port=camera.port)
            until(lambda: attendant.state().camera_ok)
            back_s.append(time.monotonic() - start_s)
            time.sleep(0.4)
            desk.stop()
            until(lambda name=clip_id: name in desk.kept)
            clip = desk.kept[clip_id][0]
            assert "camera_lost" in [gap.reason for gap in clip.gaps]
            assert len(desk.numbers(clip_id, tmp_path)) == clip.frames
    camera.kill()
    assert max(missed_s) <= 2
    assert max(back_s) <= 3
