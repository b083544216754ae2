"""Whether somebody else is in the picture, told from how many were counted in sampled frames.

No person is told from another: there are numbers only. Whoever was confirmed is company until she
has been seen alone for a while; one more than were confirmed is somebody new.
"""

from collections import deque
from dataclasses import dataclass

from mirror.clock import ticks


@dataclass(frozen=True, slots=True)
class CompanyRule:
    """When counts mean company: `enough` of the last `window` samples say so. `gone_s`: seen alone
    for so long, whoever was there has left."""

    enough: int = 2
    window: int = 3
    gone_s: float = 3.0


class Company:
    """What the counts add up to."""

    def __init__(self, rule: CompanyRule | None = None) -> None:
        self._rule = rule or CompanyRule()
        self._samples: deque[tuple[int, int]] = deque(maxlen=self._rule.window + 1)
        self._accepted = 1
        self._alone_since: int | None = None
        self.present = False

    def see(self, tick: int, persons: int) -> None:
        """A sampled frame showed so many."""
        self._samples.append((tick, persons))
        if persons > 1:
            self._alone_since = None
        elif self._alone_since is None:
            self._alone_since = tick
        if self.alone_s_ticks(tick) >= ticks(self._rule.gone_s):
            self._accepted = 1
        recent = list(self._samples)[-self._rule.window :]
        if sum(count > self._accepted for _, count in recent) >= self._rule.enough:
            self.present = True

    def alone_s_ticks(self, tick: int) -> int:
        """For how long, in ticks, nobody else has been seen."""
        return 0 if self._alone_since is None else tick - self._alone_since

    def accept(self) -> None:
        """Those who are seen now are welcome."""
        self._accepted = max([2, *(count for _, count in self._samples)])
        self.present = False
        self._samples.clear()

    def dismiss(self) -> bool:
        """Nothing is being recorded: company that has left needs no confirmation. True if so."""
        newest = self._samples[-1][0] if self._samples else 0
        if self.present and self.alone_s_ticks(newest) >= ticks(self._rule.gone_s):
            self.present = False
        return not self.present

    def last_alone_tick(self) -> int | None:
        """The last sampled frame before company came; None where none is remembered."""
        before: int | None = None
        for tick, count in self._samples:
            if count > self._accepted:
                return before
            before = tick
        return before
