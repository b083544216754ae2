"""Together when there is company, at once when there is none, and nobody harmed by a neighbour."""

import contextvars
import threading
from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any

import numpy as np
import pytest

from tests.fakes import FakeEncoder
from vision.batching import BatchingEncoder, caller_gone, patient, patiently
from vision.embedding import Embedding
from vision.errors import EncoderBroken, EncoderBusy, NotWords
from vision.photo import Pixels


class HeldEncoder(FakeEncoder):
    """Notes every run; runs wait while `gate` is closed. Refuses blank words and pure black."""

    def __init__(self) -> None:
        super().__init__()
        self.gate = threading.Event()
        self.gate.set()
        self.entered = threading.Semaphore(0)
        self.runs: list[tuple[str, int]] = []
        self.at_once = 0
        self.most_at_once = 0

    def pictures(self, batch: Pixels) -> list[Embedding]:
        return self._held("pictures", len(batch), lambda: self._see(batch))

    def words(self, texts: Sequence[str]) -> list[Embedding]:
        return self._held("words", len(texts), lambda: self._read(texts))

    def _see(self, batch: Pixels) -> list[Embedding]:
        if any(not picture.any() for picture in batch):
            raise EncoderBroken("it is too dark")
        return FakeEncoder.pictures(self, batch)

    def _read(self, texts: Sequence[str]) -> list[Embedding]:
        if "" in texts:
            raise NotWords("they are empty")
        return FakeEncoder.words(self, texts)

    def _held(self, kind: str, count: int, act: Callable[[], list[Embedding]]) -> list[Embedding]:
        self.at_once += 1
        self.most_at_once = max(self.most_at_once, self.at_once)
        self.runs.append((kind, count))
        self.entered.release()
        assert self.gate.wait(60)
        try:
            return act()
        finally:
            self.at_once -= 1


def test_nothing_to_encode_is_answered_with_nothing() -> None:
    encoder = BatchingEncoder(HeldEncoder())
    assert encoder.words([]) == []
    assert encoder.pictures(np.empty((0, 32, 32, 3), np.uint8)) == []


def picture(shade: int) -> Pixels:
    pixels = np.full((1, 32, 32, 3), shade, np.uint8)
    pixels[0, :10, :10] = 255 - shade // 2
    return pixels


def in_line(encoder: BatchingEncoder, count: int) -> None:
    """Return once `count` callers wait."""
    for _ in range(12_000):
        if encoder.pulse().waiting >= count:
            return
        threading.Event().wait(0.005)
    raise AssertionError(f"{encoder.pulse().waiting} wait, not {count}")


class Callers:
    """Sends requests from threads of their own, while a first one holds the encoder."""

    def __init__(self, pool: ThreadPoolExecutor, held: HeldEncoder, **limits: int) -> None:
        self.pool, self.held = pool, held
        self.encoder = BatchingEncoder(held, **limits)
        held.gate.clear()
        self.first = pool.submit(self.encoder.pictures, picture(9))
        assert held.entered.acquire(timeout=60)
        self.sent: list[Future[list[Embedding]]] = []

    def send(self, act: Callable[..., Any], *args: Any) -> Future[list[Embedding]]:
        future = self.pool.submit(contextvars.copy_context().run, act, *args)
        self.sent.append(future)
        in_line(self.encoder, len(self.sent))
        return future

    def let_go(self) -> None:
        self.held.gate.set()


@pytest.fixture
def pool() -> Any:
    with ThreadPoolExecutor(40) as made:
        yield made


def test_a_lone_request_runs_at_once_on_its_own_thread() -> None:
    held = HeldEncoder()
    encoder = BatchingEncoder(held)
    (found,) = encoder.pictures(picture(40))
    (wanted,) = FakeEncoder().pictures(picture(40))
    np.testing.assert_array_equal(found.vector, wanted.vector)
    assert held.runs == [("pictures", 1)]
    assert encoder.pulse().waiting == 0


def test_those_that_wait_share_one_run_and_each_gets_its_own_answer(
    pool: ThreadPoolExecutor,
) -> None:
    callers = Callers(pool, HeldEncoder())
    sent = [callers.send(callers.encoder.pictures, picture(20 * i + 20)) for i in range(6)]
    callers.let_go()
    for i, future in enumerate(sent):
        (wanted,) = FakeEncoder().pictures(picture(20 * i + 20))
        np.testing.assert_array_equal(future.result(60)[0].vector, wanted.vector)
    assert callers.held.runs == [("pictures", 1), ("pictures", 6)]


def test_a_batch_holds_no_more_than_the_most(pool: ThreadPoolExecutor) -> None:
    callers = Callers(pool, HeldEncoder(), most=4)
    two = np.concatenate([picture(50), picture(60)])
    sent = [callers.send(callers.encoder.pictures, two) for _ in range(5)]
    callers.let_go()
    assert [len(future.result(60)) for future in sent] == [2] * 5
    assert [count for _, count in callers.held.runs] == [1, 4, 4, 2]


def test_a_request_larger_than_the_most_goes_alone() -> None:
    held = HeldEncoder()
    many = np.concatenate([picture(10 + i) for i in range(12)])
    assert len(BatchingEncoder(held, most=4).pictures(many)) == 12
    assert held.runs == [("pictures", 12)]


def test_words_go_first_but_pictures_are_not_starved(pool: ThreadPoolExecutor) -> None:
    callers = Callers(pool, HeldEncoder(), most=2)
    encoder = callers.encoder
    sent = [callers.send(encoder.pictures, picture(20 + i)) for i in range(4)]
    sent += [callers.send(encoder.words, [f"word {i}"]) for i in range(4)]
    callers.let_go()
    assert all(future.result(60) for future in sent)
    kinds = [kind for kind, _ in callers.held.runs[1:]]
    assert kinds == ["words", "pictures", "words", "pictures"]


class NotingEncoder(HeldEncoder):
    """Notes the shades of the pictures of each run."""

    def __init__(self) -> None:
        super().__init__()
        self.shades: list[list[int]] = []

    def _see(self, batch: Pixels) -> list[Embedding]:
        self.shades.append(batch[:, -1, -1, 0].tolist())
        return super()._see(batch)


def test_a_search_goes_before_changes_that_wait_and_all_are_answered(
    pool: ThreadPoolExecutor,
) -> None:
    noting = NotingEncoder()
    callers = Callers(pool, noting, most=2)
    feed = contextvars.copy_context()
    feed.run(patient.set, True)
    assert not patient.get()
    look = callers.encoder.pictures
    sent = [feed.run(callers.send, look, picture(shade)) for shade in (21, 22, 23)]
    sent += [callers.send(look, picture(shade)) for shade in (90, 91, 92)]
    callers.let_go()
    for shade, future in zip((21, 22, 23, 90, 91, 92), sent, strict=True):
        (wanted,) = FakeEncoder().pictures(picture(shade))
        np.testing.assert_array_equal(future.result(60)[0].vector, wanted.vector)
    assert noting.shades[1:] == [[90, 91], [92, 21], [22, 23]]


def test_patience_ends_with_the_work_that_was_patient() -> None:
    @patiently()
    def fail() -> None:
        assert patient.get()
        raise NotWords("they are empty")

    with pytest.raises(NotWords):
        fail()
    assert not patient.get()


def test_one_bad_input_spoils_no_neighbours_answer(pool: ThreadPoolExecutor) -> None:
    callers = Callers(pool, HeldEncoder())
    dark = np.zeros((1, 32, 32, 3), np.uint8)
    good = callers.send(callers.encoder.pictures, picture(70))
    bad = callers.send(callers.encoder.pictures, dark)
    also = callers.send(callers.encoder.words, ["a red shirt"])
    blank = callers.send(callers.encoder.words, [""])
    callers.let_go()
    assert len(good.result(60)) == len(also.result(60)) == 1
    with pytest.raises(EncoderBroken):
        bad.result(60)
    with pytest.raises(NotWords):
        blank.result(60)
    assert len(callers.encoder.pictures(picture(80))) == 1


@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
def test_a_fault_of_ours_in_a_run_is_told_and_stops_no_other(
    pool: ThreadPoolExecutor, monkeypatch: pytest.MonkeyPatch
) -> None:
    callers = Callers(pool, HeldEncoder(), most=2)
    see = callers.held._see

    def fault(batch: Pixels) -> list[Embedding]:
        if 33 in batch[:, -1, -1, 0]:
            raise MemoryError
        return see(batch)

    monkeypatch.setattr(callers.held, "_see", fault)
    sent = [callers.send(callers.encoder.pictures, picture(s)) for s in (33, 34, 35, 36)]
    callers.let_go()
    for future in sent[:2]:  # they shared the run
        with pytest.raises(EncoderBroken):
            future.result(60)
    assert [len(future.result(60)) for future in sent[2:]] == [1, 1]
    with pytest.raises(MemoryError):
        callers.encoder.pictures(picture(33))
    assert len(callers.encoder.pictures(picture(37))) == 1


def test_the_line_is_bounded(pool: ThreadPoolExecutor) -> None:
    callers = Callers(pool, HeldEncoder(), max_waiting=2)
    sent = [callers.send(callers.encoder.pictures, picture(20 + i)) for i in range(2)]
    with pytest.raises(EncoderBusy):
        callers.encoder.pictures(picture(30))
    with pytest.raises(EncoderBusy):
        callers.encoder.words(["red"])
    callers.let_go()
    assert all(future.result(60) for future in sent)


def test_a_request_whose_caller_is_gone_is_dropped_unseen(pool: ThreadPoolExecutor) -> None:
    callers = Callers(pool, HeldEncoder())
    gone = threading.Event()
    token = caller_gone.set(gone.is_set)
    left = callers.send(callers.encoder.pictures, picture(90))
    caller_gone.reset(token)
    stays = callers.send(callers.encoder.pictures, picture(100))
    gone.set()
    callers.let_go()
    assert len(stays.result(60)) == 1
    with pytest.raises(EncoderBusy):
        left.result(60)
    assert callers.held.runs == [("pictures", 1), ("pictures", 1)]


@pytest.mark.parametrize("lanes", [1, 2])
def test_a_rush_from_many_threads_loses_and_mixes_nothing(
    pool: ThreadPoolExecutor, lanes: int
) -> None:
    held = HeldEncoder()
    encoder = BatchingEncoder(held, lanes=lanes, max_waiting=100)
    reference = FakeEncoder()

    def ask(i: int) -> bool:
        if i % 3 == 0:
            found, wanted = encoder.words([f"w{i}"]), reference.words([f"w{i}"])
        else:
            shade = 5 + i % 200
            found, wanted = encoder.pictures(picture(shade)), reference.pictures(picture(shade))
        return bool(np.array_equal(found[0].vector, wanted[0].vector))

    assert all(pool.map(ask, range(600)))
    assert held.most_at_once <= lanes
    assert sum(count for _, count in held.runs) == 600
    assert encoder.pulse().waiting == 0
