"""Holds the recording where somebody else may be in the picture, or where nobody can tell.

Promise: a second person who is seen ends what is recorded with the last frame that showed one
person; it goes on only once it was confirmed. Where no count comes for `PATIENCE_S` of filmed time
it is held as well, unless the operator chose otherwise.
"""

from dataclasses import dataclass
from enum import StrEnum

from mirror.clock import ticks
from mirror.company import Company
from mirror.hole import Hole

PATIENCE_S = 2.0  # eight samples: a detector that is only slow is not missed


class Watch(StrEnum):
    """What the operator wants where a second person comes into the picture."""

    PAUSE = "pause"  # pause until it is confirmed; where nobody can be counted, pause as well
    LENIENT = "lenient"  # the same, but record where nobody can be counted, and say so
    OFF = "off"  # count nobody


@dataclass(frozen=True, slots=True)
class Sight:
    """How many persons a sampled frame showed; None where they could not be counted."""

    tick: int
    persons: int | None


class Guard:
    """The state between sights: why and from which tick the recording is held."""

    def __init__(self, watch: Watch) -> None:
        self._watch = watch
        self._company = Company()
        self._newest_tick: int | None = None
        self.held: Hole | None = None

    @property
    def watching(self) -> bool:
        """False where the operator wants nobody to be counted."""
        return self._watch is not Watch.OFF

    def restart(self) -> None:
        """Another visit, or a new consent: who was seen before is nobody's business."""
        self._company, self._newest_tick, self.held = Company(), None, None

    def resume_at(self, tick: int) -> None:
        """The picture comes back after a gap: the watch has as long as ever to count anew."""
        self._newest_tick = tick

    def see(self, sight: Sight, recording: bool) -> None:
        """A count has come, or could not be made."""
        if not self.watching or sight.persons is None:
            return  # what could not be counted is missed by `miss`
        self._company.see(sight.tick, sight.persons)
        fine = self._company.last_alone_tick()
        if self.held is None:
            if self._company.present:
                self.held = Hole(sight.tick if fine is None else fine + 1, "second_person")
        elif self.held.reason == "unwatched":
            self.held = (
                Hole(self.held.from_tick, "second_person") if self._company.present else None
            )
        elif not recording and self._company.dismiss():
            self.held = None
        self._newest_tick = sight.tick

    def miss(self, tick: int) -> None:
        """The newest frame is of `tick`: hold where it is too long that anybody was counted."""
        if self._newest_tick is None:
            self._newest_tick = tick
        late = tick - self._newest_tick > ticks(PATIENCE_S)
        if late and self._watch is Watch.PAUSE and self.held is None:
            self.held = Hole(self._newest_tick + 1, "unwatched")

    def confirm(self) -> None:
        """Whoever is in the picture is welcome, says who answers for it."""
        self._company.accept()
        self.held, self._newest_tick = None, None
