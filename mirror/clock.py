"""Time, as an argument: a wall clock that may jump and a monotonic one that may not."""

import time
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Protocol

JUMP_S = 0.5  # NTP slews at most 0.5 ms a second: half a second apart is somebody's hand
TICKS_PER_S = 90_000  # of H.264's own transport clock: integers, so that frames compare exactly


class Clock(Protocol):
    """The seam: a test moves it by hand."""

    def now(self) -> datetime:
        """The wall's moment, aware UTC; may jump."""
        ...

    def monotonic_s(self) -> float:
        """Seconds since some fixed instant; never goes back and never jumps."""
        ...


class SystemClock:
    """The machine's own two clocks."""

    def now(self) -> datetime:
        """The wall's moment, aware UTC."""
        return datetime.now(UTC)

    def monotonic_s(self) -> float:
        """Seconds of CLOCK_MONOTONIC."""
        return time.monotonic()


@dataclass(frozen=True, slots=True)
class Timeline:
    """Moments that cannot jump: the wall was read once, the rest is monotonic time.

    A mirror that hears its server's moment anchors there, so that consents and frames are compared
    on one clock even where the mirror's own wall clock is wrong.
    """

    anchor_at: datetime
    anchor_s: float

    @classmethod
    def start(cls, clock: Clock) -> "Timeline":
        """A timeline anchored at this very instant."""
        return cls(clock.now(), clock.monotonic_s())

    def at(self, monotonic_s: float) -> datetime:
        """The moment, aware UTC, of an instant of the monotonic clock."""
        return self.anchor_at + timedelta(seconds=monotonic_s - self.anchor_s)

    def instant_s(self, moment: datetime) -> float:
        """The instant of the monotonic clock at which `moment` is or will be."""
        return self.anchor_s + (moment - self.anchor_at).total_seconds()

    def jump_s(self, clock: Clock) -> float:
        """How far the wall has moved against this timeline; 0.0 while under JUMP_S."""
        apart = (clock.now() - self.at(clock.monotonic_s())).total_seconds()
        return apart if abs(apart) >= JUMP_S else 0.0


def ticks(seconds: float) -> int:
    """Seconds as whole ticks of 1/90,000 s."""
    return round(seconds * TICKS_PER_S)


def seconds(ticks_: int) -> float:
    """Ticks of 1/90,000 s as seconds."""
    return ticks_ / TICKS_PER_S
