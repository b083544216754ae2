"""What applying a source would change."""

from pathlib import Path

import pytest

from index.errors import BadRow, EmptySource
from index.plan import Held, Plan, gather
from index.product import Product
from index.row import Row


def row(sku: str, line: int = 1) -> Row:
    return Row(line, Product(sku), (Path(f"/{sku}-{line}.jpg"),))


def plan(present: int, gone: int) -> Plan:
    held = {f"p{n}": Held(n, (), "", True, []) for n in range(present)}
    return Plan(held, present, unchanged=present - gone, gone=[f"p{n}" for n in range(gone)])


def test_rows_of_one_sku_are_gathered_into_one() -> None:
    bad = BadRow(3, None, "no_sku", "it has no SKU")
    rows, rejected = gather([row("a", 1), row("b", 2), bad, row("a", 4)], lambda count: None)
    assert [p.name for p in rows["a"].images] == ["a-1.jpg", "a-4.jpg"]
    assert list(rows) == ["a", "b"]
    assert rejected == [bad]


def test_progress_is_told_every_thousand_rows() -> None:
    told: list[int] = []
    gather((row(f"p{n}") for n in range(2_500)), told.append)
    assert told == [1_000, 2_000]


@pytest.mark.parametrize(
    ("present", "gone", "refused"),
    [(100, 30, False), (100, 31, True), (10, 5, False), (10, 6, True), (3, 2, False),
     (3, 3, True), (0, 0, False)],
)  # fmt: skip
def test_a_source_that_would_remove_too_much_is_asked_about(
    present: int, gone: int, refused: bool
) -> None:
    if not refused:
        plan(present, gone).require_meant()
        return
    with pytest.raises(EmptySource, match=f"remove {gone} of the shop's {present} "):
        plan(present, gone).require_meant()
