"""Bulk work on threads: bounded, in any order, and over when the taker stops."""

import threading
from pathlib import Path

import pytest

from index.embed import PICTURES_AT_ONCE
from index.lanes import AHEAD, by_pictures, on_threads, parts
from index.product import Product
from index.row import Row


def rows(*pictures: int) -> list[Row]:
    return [
        Row(n, Product(f"p{n}"), tuple(Path(f"/{n}-{i}") for i in range(count)))
        for n, count in enumerate(pictures)
    ]


def test_every_piece_comes_back_with_its_result() -> None:
    assert dict(on_threads(lambda n: n * n, range(50), 3)) == {n: n * n for n in range(50)}
    assert list(on_threads(lambda n: n, [], 2)) == []


def test_no_more_is_begun_than_is_taken() -> None:
    begun: list[int] = []

    def work(n: int) -> int:
        begun.append(n)
        return n

    results = on_threads(work, range(1_000), 2)
    for _ in range(3):
        next(results)
    results.close()  # type: ignore[attr-defined] # a generator
    assert len(begun) <= 3 + 2 * AHEAD * 2


def test_the_first_failure_is_raised_and_the_rest_never_begun() -> None:
    begun = threading.Semaphore(0)

    def work(n: int) -> int:
        begun.release()
        raise ValueError(f"piece {n}")

    with pytest.raises(ValueError, match="piece"):
        list(on_threads(work, range(1_000), 2))
    count = 0
    while begun.acquire(blocking=False):
        count += 1
    assert count <= 2 * AHEAD


def test_rows_come_in_pieces_of_about_a_batch_of_pictures() -> None:
    pieces = list(by_pictures(rows(*[1] * 40, 50, 1, 1)))
    assert [len(p) for p in pieces] == [16, 16, 8, 1, 2]
    assert all(len(p) == 1 or sum(len(r.images) for r in p) <= PICTURES_AT_ONCE for p in pieces)
    assert list(by_pictures([])) == []


def test_parts_are_runs_of_at_most_so_many() -> None:
    assert [list(p) for p in parts(range(5), 2)] == [[0, 1], [2, 3], [4]]
