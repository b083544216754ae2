"""Is the service alive, and can it search? Promise: when encoding stops, ready is false within 1 s.

An encoder that was asked lately and answered is healthy. One that was not asked is asked now, on a
thread of its own and with a time-out, so that a hung encoder makes ready false instead of slow.
"""

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from api.errors import NotReady
from index.errors import CatalogueError
from vision.decoder import Decoder
from vision.encoder import Encoder
from vision.errors import EncoderBusy, VisionError

FRESH_S = 1.0
"""A successful run this young proves that encoding works."""
PROBE_TIMEOUT_S = 0.8
"""A probe takes 5 to 15 ms; at 0.8 s an answer still arrives within the promised second."""


@dataclass(slots=True)
class _Probe:
    """One tiny run of the encoder on its own thread."""

    done: threading.Event
    started_at: float
    fault: str = ""


class Heart:
    """Knows whether the encoder works. Thread-safe; at most one probe is under way at a time."""

    def __init__(
        self,
        encoder: Encoder,
        *,
        clock: Callable[[], float] = time.monotonic,
        timeout_s: float = PROBE_TIMEOUT_S,
    ) -> None:
        self._encoder, self._clock, self._timeout_s = encoder, clock, timeout_s
        self._lock = threading.Lock()
        self._probe: _Probe | None = None

    def fault(self) -> str:
        """Why encoding does not work, or "". Blocks for `timeout_s` at most."""
        pulse, now = self._encoder.pulse(), self._clock()
        if pulse.oldest_started_at is not None and now - pulse.oldest_started_at > FRESH_S:
            return f"the encoder has been on one run for {now - pulse.oldest_started_at:.1f} s"
        if pulse.ok_at is not None and now - pulse.ok_at <= FRESH_S and not pulse.failures:
            return ""
        probe = self._current_probe()
        if not probe.done.wait(self._timeout_s):
            return f"the encoder did not answer within {self._timeout_s} s"
        return probe.fault

    def _current_probe(self) -> _Probe:
        """The probe under way, or a new one. A hung probe is not joined by more of them."""
        with self._lock:
            if self._probe is None or self._probe.done.is_set():
                self._probe = _Probe(threading.Event(), self._clock())
                threading.Thread(
                    target=self._run, args=(self._probe,), name="heartbeat", daemon=True
                ).start()
            return self._probe

    def _run(self, probe: _Probe) -> None:
        side = self._encoder.spec.size_px
        try:
            self._encoder.pictures(np.full((1, side, side, 3), 127, np.uint8))
        except EncoderBusy:  # overloaded is not broken: the runs under way will show
            probe.fault = ""
        except VisionError as error:
            probe.fault = str(error)
        finally:
            probe.done.set()


def check_ready(heart: Heart, count_products: Callable[[], int], decoder: Decoder) -> int:
    """How many products can be searched; raises NotReady with every reason why none can."""
    reasons, products = [], 0
    try:
        products = count_products()
    except CatalogueError as error:
        reasons.append(f"the index does not open: {type(error).__name__}")
    reasons += filter(None, (heart.fault(), decoder.fault()))
    if reasons:
        raise NotReady(tuple(reasons))
    return products
