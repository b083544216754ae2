"""Puts a camera's timestamps on the mirror's own clock, and repairs the odd ones.

Cameras jump (their clock is set), repeat, run backwards, drift, or send none at all. What leaves
here is on the monotonic clock, never decreases in decoding order, and no two frames share a tick.
"""

from collections import Counter, deque
from dataclasses import dataclass

from mirror.clip import Note
from mirror.clock import ticks

_JUMP_S = 1.0  # a camera's own buffer is shorter; a burst after connecting may be as long
_LATE_S = 0.1  # network jitter on a shop's cable
_SLEW_S = 0.002  # a frame: corrects 6 % of drift at 30 a second, and no eye sees it
_MAX_REORDER_S = 2.0  # 16 frames, H.264's limit, at 8 a second
_WINDOW = 60  # two seconds of frames: the least delayed one of them tells the drift
_TEXTS = {
    "timestamps_jumped": "The camera's clock jumped; the frames follow each other as they arrived.",
    "timestamps_missing": "The camera gave no time for some frames; their arrival counts.",
    "timestamps_drifted": "The camera's clock runs too fast or too slow; it was followed.",
    "timestamps_repeated": "The camera gave one time to two frames; one was moved by a tick.",
}


@dataclass(frozen=True, slots=True)
class Placed:
    """Where a frame lies on the mirror's clock, in 1/90,000 s."""

    shown_tick: int
    decoded_tick: int


class Timestamps:
    """The mapping from one camera's clock to the mirror's, as it is learnt frame by frame."""

    def __init__(self) -> None:
        self._offset_s: float | None = None
        self._last_s: float | None = None
        self._last_shown_s = float("-inf")
        self._last_camera_s: float | None = None
        self._lags_s: deque[float] = deque(maxlen=_WINDOW)
        self._recent: deque[int] = deque(maxlen=32)
        self._slewed_s = 0.0
        self._counts: Counter[str] = Counter()

    def restart(self) -> None:
        """The camera was opened anew: its clock means nothing any more."""
        self._offset_s = self._last_camera_s = None
        self._lags_s.clear()

    def place(self, pts_s: float | None, dts_s: float | None, arrived_s: float) -> Placed:
        """Place a frame by its camera times (None where it has none) and its moment of arrival."""
        camera_s = pts_s if dts_s is None else dts_s
        if camera_s is None or camera_s == self._last_camera_s == pts_s:
            self._counts["timestamps_missing"] += 1
            self._offset_s = None  # what comes next is anchored where it arrives
            decoded_s = self._after_last(arrived_s)
            shown_s = decoded_s
        else:
            decoded_s = self._decoded(camera_s, arrived_s)
            ahead_s = 0.0 if pts_s is None else pts_s - camera_s
            shown_s = decoded_s + (ahead_s if 0 <= ahead_s <= _MAX_REORDER_S else 0.0)
        self._last_camera_s, self._last_s = camera_s, decoded_s
        self._last_shown_s = max(self._last_shown_s, shown_s)
        shown = self._unique(ticks(shown_s))
        # Without a decoding time of its own a frame may be shown after frames still to come.
        decoded = ticks(decoded_s if dts_s is not None or pts_s is None else decoded_s - 0.5)
        return Placed(shown, min(decoded, shown))

    def notes(self) -> tuple[Note, ...]:
        """What was repaired so far."""
        if abs(self._slewed_s) >= 0.5:
            self._counts["timestamps_drifted"] = 1
        return tuple(Note(code, n, _TEXTS[code]) for code, n in sorted(self._counts.items()))

    def _decoded(self, camera_s: float, arrived_s: float) -> float:
        if self._offset_s is None:
            self._offset_s = self._after_last(arrived_s) - camera_s
        placed_s = camera_s + self._offset_s
        lag_s = arrived_s - placed_s
        backwards = self._last_s is not None and placed_s < self._last_s - _MAX_REORDER_S
        repeated = self._last_camera_s is not None and camera_s <= self._last_camera_s
        if backwards or abs(lag_s) > _JUMP_S or (repeated and placed_s < arrived_s - _JUMP_S):
            self._counts["timestamps_jumped"] += 1
            placed_s = self._after_last(arrived_s)
            self._offset_s = placed_s - camera_s
            self._lags_s.clear()
            return placed_s
        self._slew(lag_s)
        return placed_s

    def _slew(self, lag_s: float) -> None:
        """Follow a camera whose clock runs too fast or too slow, a little with every frame."""
        self._lags_s.append(lag_s)
        least_s = min(self._lags_s)
        step_s = 0.0
        if least_s > _LATE_S and len(self._lags_s) == _WINDOW:
            step_s = _SLEW_S
        elif lag_s < -_LATE_S / 2:
            step_s = -_SLEW_S
        if step_s and self._offset_s is not None:
            self._offset_s += step_s
            self._slewed_s += step_s
            self._lags_s = deque((lag - step_s for lag in self._lags_s), maxlen=_WINDOW)

    def _after_last(self, arrived_s: float) -> float:
        """The earliest place for a frame whose camera time means nothing: after all before it."""
        return max(arrived_s, self._last_shown_s + 1e-3)

    def _unique(self, tick: int) -> int:
        if tick in self._recent:
            self._counts["timestamps_repeated"] += 1
        while tick in self._recent:
            tick += 1
        self._recent.append(tick)
        return tick
