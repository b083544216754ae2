"""Requests that arrive together are encoded together, behind the Encoder protocol.

Nobody waits for company: whoever finds a lane free runs at once, alone, on its own thread; so a
lone request pays nothing but a lock (some 20 µs). Those that arrive when no lane is free wait for
the next end of a run and then share a run. The busier, the larger the batches, up to `most`. Where
anybody waits at the end of a run, a carrier, a thread that ends with the line, goes on without a
pause: were it led by one of those who wait, it would have to wait its turn for the interpreter
behind all who have just been answered, and the lane would lie idle meanwhile.

Promises: words (short runs) go before pictures, but never twice while pictures wait; a search goes
before changes of products, which are patient; the line is bounded; one whose caller is gone is
dropped unseen; a bad input spoils nobody else's answer.
"""

import threading
from _thread import start_new_thread
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import replace
from typing import Any, Final, Literal

import numpy as np

from vision.embedding import Embedding
from vision.encoder import Encoder
from vision.errors import EncoderBroken, EncoderBusy, VisionError
from vision.photo import Pixels
from vision.spec import EncoderSpec
from vision.turnstile import Pulse

Kind = Literal["words", "pictures"]
MOST: Final = 8
"""Inputs of one run: past 8 the throughput of every tower we measured is flat, while each more
makes everybody in the batch wait longer."""
NEVER: Final[Callable[[], bool]] = lambda: False  # noqa: E731  # a constant, not a function's name
caller_gone: ContextVar[Callable[[], bool]] = ContextVar("caller_gone", default=NEVER)
"""Set by the door for the thread of a request: tells whether anybody still waits for the answer."""
patient: ContextVar[bool] = ContextVar("patient", default=False)
"""Set for who lets others go first: a shopper should not wait for a feed of new products. Searches
are worked on few at once, so batches keep room for the patient."""


@contextmanager
def patiently() -> Iterator[None]:
    """Whoever encodes within lets others go first; also decorates a function."""
    before = patient.set(True)
    try:
        yield
    finally:
        patient.reset(before)


class _Job:
    """One caller's inputs, and in time its answer. `wake` can be had once it is answered."""

    __slots__ = ("answer", "error", "gone", "inputs", "patient", "wake")

    def __init__(self, inputs: Any, gone: Callable[[], bool], is_patient: bool) -> None:
        self.inputs, self.gone, self.patient = inputs, gone, is_patient
        self.wake = threading.Lock()
        self.wake.acquire()
        self.answer: list[Embedding] | None = None
        self.error: BaseException | None = None


class BatchingEncoder:
    """An Encoder in front of another. Thread-safe; `lanes` runs at once, `max_waiting` in line."""

    def __init__(
        self, encoder: Encoder, *, lanes: int = 1, most: int = MOST, max_waiting: int = 64
    ) -> None:
        self._encoder = encoder
        self._lanes, self._most, self._max_waiting = lanes, most, max_waiting
        self._lock = threading.Lock()
        self._line: dict[Kind, deque[_Job]] = {"words": deque(), "pictures": deque()}
        self._running = 0
        self._last: Kind = "pictures"

    @property
    def spec(self) -> EncoderSpec:
        """The model's facts."""
        return self._encoder.spec

    def pictures(self, batch: Pixels) -> list[Embedding]:
        """Embed uint8 (N, size_px, size_px, 3); raises EncoderBusy when the line is full."""
        return self._ask("pictures", batch)

    def words(self, texts: Sequence[str]) -> list[Embedding]:
        """Embed texts; raises NotWords, EncoderBusy when the line is full."""
        return self._ask("words", list(texts))

    def pulse(self) -> Pulse:
        """Signs of life of the encoder behind; those in line here count as waiting."""
        inner = self._encoder.pulse()
        with self._lock:
            return replace(inner, waiting=inner.waiting + self._waiting())

    def _ask(self, kind: Kind, inputs: Any) -> list[Embedding]:
        job = _Job(inputs, caller_gone.get(), patient.get())
        with self._lock:
            leads = self._running < self._lanes
            if not leads and self._waiting() >= self._max_waiting:
                raise EncoderBusy(self._waiting(), retry_after_s=1.0)
            self._stand(self._line[kind], job)
            batch = self._next() if leads else None
            self._running += leads
        if batch is not None:
            try:
                self._serve(*batch)
            finally:
                self._hand_on()
        else:
            job.wake.acquire()
        if job.error is not None:
            raise job.error
        assert job.answer is not None  # `_serve` sees to one or the other
        return job.answer

    def _stand(self, line: deque[_Job], job: _Job) -> None:
        """Put the job at the end of the line, or before the first who is patient if it is not."""
        at = len(line)
        if not job.patient:
            at = next((n for n, other in enumerate(line) if other.patient), at)
        line.insert(at, job)

    def _hand_on(self) -> None:
        """Give the lane to a carrier if anybody waits."""
        with self._lock:
            batch = self._next()
            self._running -= batch is None
        if batch is not None:
            try:
                start_new_thread(self._carry, (batch,))
            except RuntimeError:  # the system has no thread left
                self._carry(batch)

    def _carry(self, batch: tuple[Kind, list[_Job]] | None) -> None:
        """Serve one batch after the other until nobody waits."""
        while batch is not None:
            try:
                self._serve(*batch)
            except BaseException:  # another goes on
                self._hand_on()
                raise
            with self._lock:
                batch = self._next()
                self._running -= batch is None

    def _next(self) -> tuple[Kind, list[_Job]] | None:
        """The batch whose turn it is, taken from the line; None where nobody waits."""
        kinds: tuple[Kind, Kind] = ("words", "pictures")
        for kind in kinds if self._last == "pictures" else kinds[::-1]:
            if self._line[kind]:
                self._last = kind
                return kind, self._take(kind)
        return None

    def _take(self, kind: Kind) -> list[_Job]:
        """The first of the line and as many more as fit; always at least one."""
        line = self._line[kind]
        batch = [line.popleft()]
        count = len(batch[0].inputs)
        while line and count + len(line[0].inputs) <= self._most:
            count += len(line[0].inputs)
            batch.append(line.popleft())
        return batch

    def _serve(self, kind: Kind, batch: list[_Job]) -> None:
        """Answer everybody in the batch, whatever happens."""
        try:
            self._run(kind, [job for job in batch if not _dropped(job)])
        finally:
            for job in batch:
                if job.answer is None and job.error is None:
                    job.error = EncoderBroken("its run ended in a fault of ours")
                job.wake.release()

    def _run(self, kind: Kind, jobs: list[_Job]) -> None:
        if not jobs:
            return
        try:
            answers = self._encode(kind, [job.inputs for job in jobs])
        except (VisionError, ValueError) as error:
            if len(jobs) == 1:
                jobs[0].error = error
                return
            for job in jobs:  # one of them is bad: find out which, answer the others
                self._run(kind, [job])
            return
        for job in jobs:
            job.answer, answers = answers[: len(job.inputs)], answers[len(job.inputs) :]

    def _encode(self, kind: Kind, inputs: list[Any]) -> list[Embedding]:
        if kind == "words":
            return self._encoder.words([text for texts in inputs for text in texts])
        return self._encoder.pictures(inputs[0] if len(inputs) == 1 else np.concatenate(inputs))

    def _waiting(self) -> int:
        return len(self._line["words"]) + len(self._line["pictures"])


def _dropped(job: _Job) -> bool:
    """Whether nobody waits for `job` any more; its thread then learns that it was too late."""
    if job.gone():
        job.error = EncoderBusy(0, retry_after_s=1.0)
    return job.error is not None
