"""Which index: by size, by memory, or because it was set."""

import pytest

from index.choice import MEGABYTE, Wish, choose

PLENTY = 2_000 * MEGABYTE


@pytest.mark.parametrize(
    ("count", "budget", "wanted", "kind", "why"),
    [
        (9_583, PLENTY, "auto", "flat", "exactly"),
        (20_001, PLENTY, "auto", "lists", "more than the 20,000"),
        (20_000, 20 * MEGABYTE, "auto", "lists", "over the budget of 20 MB"),
        (50, MEGABYTE, "auto", "flat", "in no time"),
        (1_000_000, PLENTY, "flat", "flat", "it was set"),
        (5_000, PLENTY, "lists", "lists", "it was set"),
        (999, PLENTY, "lists", "flat", "in no time"),
    ],
)
def test_the_kind_follows_from_size_and_memory(
    count: int, budget: int, wanted: str, kind: str, why: str
) -> None:
    choice = choose(count, 448, budget, wanted)  # type: ignore[arg-type] # from the table above
    assert choice.kind == kind
    assert why in choice.why


def test_a_million_take_less_than_six_tenths_of_comparing_all_even_with_every_page_in_memory() -> (
    None
):
    lists = choose(1_000_000, 448, PLENTY)
    flat = choose(1_000_000, 448, PLENTY, "flat")
    assert lists.held_bytes + lists.mapped_bytes <= 0.6 * flat.held_bytes
    assert lists.held_bytes <= 0.1 * flat.held_bytes


def test_a_budget_of_nothing_is_refused() -> None:
    with pytest.raises(ValueError, match="a megabyte at least"):
        Wish(budget_bytes=0)
