"""What an index is, why it is that, how well it answers and what it takes: for `doctor` and health.

The self-test asks what shoppers would ask (`reach.some_questions`), once by comparing all and once
as searches do, so its recall is that of this shop, now, with everything that came and went.
"""

import sqlite3
import time
from dataclasses import dataclass

import numpy as np

from index.choice import Choice, upkeep_bytes
from index.reach import CANDIDATES, some_questions
from index.replica import Replica

TOP = 10
ASKED = 24  # pictures; and as many titles where there are some
SEED = 5


@dataclass(frozen=True, slots=True)
class SelfTest:
    """Recall@10 against comparing all, and how long a search takes in the middle."""

    recall: float
    median_ms: float
    queries: int


@dataclass(frozen=True, slots=True)
class IndexReport:
    """The vectors of a shop in this process.

    `beside` were added since the base was made and are compared one by one; `dead` went and still
    take room in it. `held_bytes` are kept, `mapped_bytes` may be cached by the system besides,
    `upkeep_bytes` are taken for a while by the process that makes a base.
    """

    choice: Choice
    kind: str
    pictures: int
    beside: int
    dead: int
    held_bytes: int
    mapped_bytes: int
    masks_bytes: int
    budget_bytes: int
    upkeep_bytes: int
    is_upkeep_due: bool

    @property
    def has_room_for_upkeep(self) -> bool:
        """Whether a base can be made within the budget, or frees more than making it takes."""
        held = self.held_bytes + self.masks_bytes
        return self.kind == "flat" or held + self.upkeep_bytes <= self.budget_bytes

    @property
    def is_over_budget(self) -> bool:
        """Whether it holds more memory than the operator gave it."""
        return self.held_bytes + self.masks_bytes > self.budget_bytes


def report_on(replica: Replica) -> IndexReport:
    """What `replica` is now."""
    tiered = replica.tiered
    base = tiered.base
    return IndexReport(
        choice=replica.choice(),
        kind="flat" if base is None else "lists",
        pictures=len(tiered),
        beside=0 if base is None else tiered.added,
        dead=tiered.slots.dead_in_base,
        held_bytes=tiered.held_bytes,
        mapped_bytes=0 if base is None else base.mapped_bytes,
        masks_bytes=replica.masks_bytes,
        budget_bytes=replica.wish.budget_bytes,
        upkeep_bytes=upkeep_bytes(len(tiered), tiered.dimension),
        is_upkeep_due=replica.is_upkeep_due(),
    )


def self_test(connection: sqlite3.Connection, replica: Replica) -> SelfTest | None:
    """Ask and compare, some 50 questions; None for a shop without pictures."""
    replica.catch_up(connection)
    tiered = replica.tiered
    living = tiered.slots.living()
    if not len(living):
        return None
    chance = np.random.default_rng(SEED)
    chosen = chance.choice(living, min(CANDIDATES, len(living)), replace=False)
    pictures = tiered.slots.pictures[chosen]
    questions = some_questions(connection, pictures, ASKED, tiered.dimension)
    shares, times = [], []
    for vector in questions.vectors:
        started = time.perf_counter()
        found, _ = tiered.search_among(vector, TOP, None)
        times.append(1e3 * (time.perf_counter() - started))
        exact, _ = tiered.search_among(vector, TOP, None, exact=True)
        shares.append(len(np.intersect1d(found, exact)) / len(exact))
    if not shares:
        return None
    return SelfTest(float(np.mean(shares)), float(np.median(times)), len(shares))
