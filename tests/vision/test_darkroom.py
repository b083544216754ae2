"""Decoding in processes apart: what a picture does there, it does to itself alone."""

import os
import signal
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from tests.fakes import drawn_picture
from vision.budget import PixelBudget
from vision.darkroom import Darkroom
from vision.decode import Limits
from vision.decoder import InPlace
from vision.errors import (
    BoxOutside,
    DecoderBroken,
    DecoderBusy,
    DecodingStopped,
    NotAPicture,
    PictureTooLarge,
)
from vision.photo import Box, Square

SIDE_PX = 32
LIMITS = Limits(max_bytes=2_000_000, max_pixels=30_000_000, budget=PixelBudget(30_000_000))
PLANTED = "tests.planted_decoder:planted"

pytestmark = pytest.mark.skipif(not hasattr(os, "memfd_create"), reason="workers need Linux")


def planted_room(decode_s: float) -> Iterator[Darkroom]:
    room = Darkroom(LIMITS, workers=2, decode_s=decode_s, memory_bytes=300_000_000, decode=PLANTED)
    assert works(room)  # loaded and warm: the limits below are for work alone
    yield room
    room.close()


@pytest.fixture(scope="module")
def darkroom() -> Iterator[Darkroom]:
    yield from planted_room(60.0)


@pytest.fixture(scope="module")
def hasty() -> Iterator[Darkroom]:
    """For pictures that never end."""
    yield from planted_room(0.6)


@pytest.fixture
def patient() -> Iterator[Darkroom]:
    room = Darkroom(LIMITS, workers=1, decode_s=30.0)
    yield room
    room.close()


@pytest.fixture
def unhurried(monkeypatch: pytest.MonkeyPatch) -> None:
    """On a busy machine any picture may take long, and its worker would be replaced for it."""
    monkeypatch.setattr("vision.darkroom.EASY_S", 60.0)


def square(room: Darkroom | InPlace, data: bytes, box: Box | None = None) -> Square:
    return room.square(data, box=box, side_px=SIDE_PX, resize="pad")


def works(room: Darkroom) -> bool:
    """Whether it decodes a picture; a busy machine may need longer than a hasty room waits."""
    for _ in range(100):
        try:
            return square(room, drawn_picture(5)).pixels.shape == (SIDE_PX, SIDE_PX, 3)
        except DecodingStopped as stopped:
            if "longer" not in stopped.reason:
                raise
    return False


def test_a_worker_sees_what_this_process_would_see(darkroom: Darkroom) -> None:
    here = InPlace(LIMITS)
    for kind in ("PNG", "JPEG", "WEBP", "BMP"):
        data = drawn_picture(3, kind, 90)
        for box in (None, Box(10, 5, 40, 60)):
            there = square(darkroom, data, box)
            assert np.array_equal(there.pixels, square(here, data, box).pixels)
            assert (there.width_px, there.height_px) == (90, 90)
            assert there.took_ms.keys() == {"decode", "preprocess"}
        assert darkroom.thumbnail(data, 48) == here.thumbnail(data, 48)


def test_what_is_wrong_with_a_picture_is_told_as_ever(darkroom: Darkroom) -> None:
    with pytest.raises(NotAPicture, match="HTML"):
        square(darkroom, b"<html>")
    with pytest.raises(NotAPicture, match="empty"):
        square(darkroom, b"")
    with pytest.raises(PictureTooLarge) as large:
        square(darkroom, bytes(LIMITS.max_bytes + 1))
    assert (large.value.what, large.value.limit) == ("bytes", LIMITS.max_bytes)
    with pytest.raises(BoxOutside) as outside:
        square(darkroom, drawn_picture(1), Box(0, 0, 500, 5))
    assert outside.value.box == (0, 0, 500, 5)
    assert works(darkroom)


@pytest.mark.parametrize("order", [b"LOOP ", b"SLEEP "])
def test_a_picture_that_never_ends_harms_no_other(hasty: Darkroom, order: bytes) -> None:
    for _ in range(3):  # more often than there are workers
        with pytest.raises(DecodingStopped, match=r"longer than 0.6 s"):
            square(hasty, order)
    assert works(hasty)


@pytest.mark.parametrize("order", [b"SEGV ", b"ABORT ", b"EXIT ", b"RAISE ", b"DUMB "])
def test_a_picture_that_ends_its_decoder_harms_no_other(darkroom: Darkroom, order: bytes) -> None:
    for _ in range(3):  # more often than there are workers
        with pytest.raises(DecodingStopped, match="crashed"):
            square(darkroom, order)
    assert works(darkroom)


def test_a_worker_that_keeps_asking_and_reads_no_answer_holds_no_thread(
    hasty: Darkroom,
) -> None:
    reasons: list[str] = []

    def ask() -> None:
        with pytest.raises(DecodingStopped) as stopped:
            square(hasty, b"ASKS ")
        reasons.append(stopped.value.reason)

    thread = threading.Thread(target=ask, daemon=True)
    thread.start()
    thread.join(60)
    assert len(reasons) == 1
    assert works(hasty)


@pytest.mark.usefixtures("unhurried")
def test_an_answer_left_waiting_is_not_taken_for_the_next_pictures() -> None:
    room = Darkroom(LIMITS, workers=1, decode_s=30.0, decode=PLANTED)
    try:
        with pytest.raises(NotAPicture, match="forged"):
            square(room, b"TWICE ")
        (worker,) = room._idle
        assert works(room)
        assert worker not in room._idle
        assert works(room)
    finally:
        room.close()


def test_a_picture_that_eats_memory_is_refused_and_the_worker_lives(darkroom: Darkroom) -> None:
    with pytest.raises((NotAPicture, DecodingStopped)):
        square(darkroom, b"EAT ")
    assert works(darkroom)


def test_a_worker_cannot_write_a_file(darkroom: Darkroom, tmp_path: Path) -> None:
    written = tmp_path / "written"
    with pytest.raises(DecodingStopped):
        square(darkroom, b"WRITE " + str(written).encode())
    assert not written.exists() or written.stat().st_size == 0


def test_others_are_served_while_one_worker_hangs(hasty: Darkroom) -> None:
    stopped: list[str] = []

    def hang() -> None:
        try:
            square(hasty, b"LOOP ")
        except DecodingStopped as error:
            stopped.append(error.reason)

    thread = threading.Thread(target=hang)
    thread.start()
    while thread.is_alive():
        assert works(hasty)
    thread.join()
    assert len(stopped) == 1


class Full:
    """Places that are all taken; remembers how long one was waited for."""

    waited_s = 0.0

    def acquire(self, timeout: float) -> bool:
        self.waited_s = timeout
        return False


def test_waiting_for_a_place_and_decoding_take_two_seconds_together_at_most(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    room, full = Darkroom(LIMITS), Full()
    try:
        monkeypatch.setattr(room, "_places", full)
        with pytest.raises(DecoderBusy):
            square(room, drawn_picture(1))
        assert 0 < full.waited_s <= 2.0 - room._decode_s
    finally:
        room.close()


@pytest.mark.usefixtures("unhurried")
def test_who_takes_long_lets_others_go_first_and_is_replaced(
    patient: Darkroom, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert works(patient)
    before = children_of(nursery_of(patient))
    assert works(patient)
    assert children_of(nursery_of(patient)) == before
    monkeypatch.setattr("vision.darkroom.EASY_S", 0.0)
    square(patient, drawn_picture(2, "PNG", 1500))
    assert children_of(nursery_of(patient)) == []  # it was made to yield, and does not come back
    assert works(patient)


@pytest.mark.usefixtures("unhurried")
@pytest.mark.parametrize("padded_to", [1_000, 1_500_000, 9_000_000])
def test_nothing_of_a_picture_stays_in_the_memory_it_went_through(padded_to: int) -> None:
    room = Darkroom(Limits(max_bytes=10_000_000), workers=1, decode_s=30.0)
    try:
        data = drawn_picture(4, "JPEG", 90)
        data += b"watermark" * ((padded_to - len(data)) // 9)
        assert square(room, data).width_px == 90
        with pytest.raises(NotAPicture):
            square(room, b"watermark" * (padded_to // 9))
        (worker,) = room._idle
        memory = worker._memory[:]
        assert memory.count(b"\0") == len(memory) >= 10_000_000
        with pytest.raises(PermissionError):  # or a worker could end the server with it
            os.truncate(worker._memory_fd, 0)
    finally:
        room.close()


def test_a_busy_darkroom_is_not_a_broken_one(hasty: Darkroom) -> None:
    def hang() -> None:
        with pytest.raises(DecodingStopped):
            square(hasty, b"SLEEP ")

    threads = [threading.Thread(target=hang) for _ in range(2)]
    for thread in threads:
        thread.start()
    time.sleep(0.05)  # both have begun
    assert hasty.fault() == ""
    for thread in threads:
        thread.join()
    assert works(hasty)


def test_large_pictures_share_one_budget(patient: Darkroom) -> None:
    large = drawn_picture(2, "PNG", 3000)  # 9 million pixels
    assert LIMITS.budget is not None
    assert square(patient, large).width_px == 3000
    with LIMITS.budget.hold(25_000_000), pytest.raises(DecoderBusy) as busy:
        square(patient, large)
    assert busy.value.pixels == 25_000_000
    assert square(patient, large).width_px == 3000


def test_a_worker_killed_while_idle_is_replaced_unnoticed() -> None:
    room = Darkroom(LIMITS, workers=1, decode_s=30.0)
    try:
        assert works(room)
        for worker in children_of(nursery_of(room)):
            os.kill(worker, signal.SIGKILL)
        time.sleep(0.1)
        assert works(room)
        os.kill(nursery_of(room), signal.SIGKILL)
        time.sleep(0.1)
        assert works(room)
        assert room.fault() == ""
    finally:
        room.close()


def test_a_nursery_that_cannot_start_is_told_as_a_fault() -> None:
    room = Darkroom(LIMITS, workers=1, decode="no_such_module:decode")
    try:
        with pytest.raises(DecoderBroken):
            works(room)
        assert "no worker can be started" in room.fault()
    finally:
        room.close()


def test_closing_leaves_no_process_behind() -> None:
    room = Darkroom(LIMITS, workers=2, decode_s=30.0)
    assert works(room)
    nursery = nursery_of(room)
    workers = children_of(nursery)
    assert workers
    room.close()
    until = time.monotonic() + 60
    while any(Path(f"/proc/{pid}").exists() for pid in [nursery, *workers]):
        assert time.monotonic() < until
        time.sleep(0.02)


def nursery_of(room: Darkroom) -> int:
    return room._nurse._process.pid


def children_of(pid: int) -> list[int]:
    tasks = Path(f"/proc/{pid}/task/{pid}/children").read_text("ascii").split()
    return [int(task) for task in tasks]
