"""Bulk work on several threads, a bounded way ahead of whoever takes the results."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from itertools import islice
from typing import TypeVar

from index.embed import PICTURES_AT_ONCE
from index.row import Row

In = TypeVar("In")
Out = TypeVar("Out")
AHEAD = 2  # pieces in hand for each thread: none waits for work, and memory stays small


def on_threads(
    work: Callable[[In], Out], pieces: Iterable[In], threads: int
) -> Iterator[tuple[In, Out]]:
    """Each piece with its result, as they become ready; the first failure is raised.

    When the taker stops, what has begun is finished and the rest is never begun.
    """
    todo = iter(pieces)
    running: dict[Future[Out], In] = {}
    with ThreadPoolExecutor(threads, thread_name_prefix="bulk") as pool:
        try:
            while True:
                for piece in islice(todo, AHEAD * threads - len(running)):
                    running[pool.submit(work, piece)] = piece
                if not running:
                    return
                ready, _ = wait(running, return_when=FIRST_COMPLETED)
                for future in ready:
                    yield running.pop(future), future.result()
        finally:
            pool.shutdown(wait=True, cancel_futures=True)


def by_pictures(rows: Iterable[Row]) -> Iterator[list[Row]]:
    """Rows in pieces of about one batch of pictures."""
    piece: list[Row] = []
    pictures = 0
    for row in rows:
        if piece and pictures + len(row.images) > PICTURES_AT_ONCE:
            yield piece
            piece, pictures = [], 0
        piece.append(row)
        pictures += len(row.images)
    if piece:
        yield piece


def parts(things: Sequence[In], size: int) -> Iterator[Sequence[In]]:
    """`things` in runs of at most `size`."""
    for start in range(0, len(things), size):
        yield things[start : start + size]
