"""Which kind of index suits a shop, by its size and the memory it may take; and why.

Measured on two cores at 448 dimensions: comparing all takes 0.09 ms for each 1,000 vectors, so
up to 20,000 nothing is won by anything cleverer (1.8 ms, exact). Above, inverted lists with short
codes were preferred to graphs: at the recall that is asked for (.998 at 50,000) they are as quick
as the quickest of three HNSWs, hold two thirds of its memory (a tenth, if the system takes the
mapped pages back), forget what went, and let filters act inside them at full recall
(docs/index.md).
"""

from dataclasses import dataclass
from typing import Literal

Kind = Literal["flat", "lists"]
KindWanted = Literal["auto", "flat", "lists"]
FLAT_MOST = 20_000
LEAST_FOR_LISTS = 1_000  # training needs something to learn from
TABLES_BYTES = 16  # of each picture: its id and its product's
CODE_BYTES = 8  # of each vector besides its code: a row number
SAMPLE_PER_ROOT = 128  # vectors to train on for each of the root of the count
MEGABYTE = 1_000_000
BUDGET_BYTES = 2_000 * MEGABYTE


@dataclass(frozen=True, slots=True)
class Wish:
    """What an operator wants: a `kind` of index, or the one that suits; the memory it may take."""

    kind: KindWanted = "auto"
    budget_bytes: int = BUDGET_BYTES

    def __post_init__(self) -> None:
        if self.budget_bytes < MEGABYTE:
            raise ValueError(f"an index needs a megabyte at least, not {self.budget_bytes} bytes")


@dataclass(frozen=True, slots=True)
class Choice:
    """`kind` is `flat` (compare all) or `lists`; `why` says it in a sentence.

    `held_bytes` is what it takes for good, `mapped_bytes` what the system may cache besides.
    """

    kind: Kind
    why: str
    held_bytes: int
    mapped_bytes: int


def upkeep_bytes(count: int, dimension: int) -> int:
    """What making lists of `count` vectors takes in a process of its own, besides mapped files: the
    sample that it trains on (twice, when it is turned), the codes, and tables."""
    sample = 4 * dimension * min(count, SAMPLE_PER_ROOT * int(count**0.5))
    return 2 * sample + count * (dimension // 8 + CODE_BYTES + 5 * TABLES_BYTES)


def choose(count: int, dimension: int, budget_bytes: int, wanted: KindWanted = "auto") -> Choice:
    """The kind for `count` vectors within `budget_bytes`."""
    flat = Choice("flat", "", count * (4 * dimension + TABLES_BYTES), 0)
    lists = Choice(
        "lists", "", count * (dimension // 8 + CODE_BYTES + TABLES_BYTES), count * 2 * dimension
    )
    if wanted == "flat":
        return _because(flat, "it was set")
    if count < LEAST_FOR_LISTS:
        return _because(flat, f"{count:,} vectors are compared one by one in no time")
    if wanted == "lists":
        return _because(lists, "it was set")
    if count > FLAT_MOST:
        return _because(lists, f"{count:,} vectors are more than the {FLAT_MOST:,} that are "
                               "compared one by one in 2 ms")  # fmt: skip
    if flat.held_bytes > budget_bytes:
        return _because(lists, f"all vectors would take {flat.held_bytes // MEGABYTE:,} MB, over "
                               f"the budget of {budget_bytes // MEGABYTE:,} MB")  # fmt: skip
    return _because(flat, f"{count:,} vectors are compared one by one in 2 ms, exactly")


def _because(choice: Choice, why: str) -> Choice:
    return Choice(choice.kind, why, choice.held_bytes, choice.mapped_bytes)
