"""Progress for people: a bar on standard error, nothing at all for programs."""

import sys
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, TypeVar

if TYPE_CHECKING:
    from index.build import Progress

T = TypeVar("T")
STAGES = {
    "unpacking": "Unpacking",
    "reading": "Reading the catalogue",
    "fetching": "Fetching pictures",
    "comparing": "Comparing",
    "embedding": "Looking at products",
    "removing": "Removing",
    "file": "The catalogue's file",
    "rows": "Its rows",
    "vectors": "Vectors",
    "terms": "Filters and facets",
    "pictures": "Pictures",
    "memory": "Vectors in memory",
    "copying": "Copying the catalogue",
    "packing": "Packing",
    "verifying": "Verifying",
}


@contextmanager
def stage_bar(*, quiet: bool) -> Iterator[Callable[["Progress"], None]]:
    """A function that shows where a run stands; silent when `quiet` or nobody is looking."""
    with named_bar(quiet=quiet) as show:
        yield lambda progress: show(progress.stage, progress.done, progress.total)


@contextmanager
def named_bar(*, quiet: bool) -> Iterator[Callable[[str, int, int], None]]:
    """A function that takes a stage of STAGES, how much of it is done, and of how much (0: nobody
    knows); silent when `quiet` or nobody is looking."""
    if quiet or not sys.stderr.isatty():
        yield lambda stage, done, total: None
        return
    from rich.progress import (
        BarColumn,
        MofNCompleteColumn,
        TextColumn,
        TimeRemainingColumn,
    )
    from rich.progress import Progress as Bar

    from api.cli_options import aside

    columns = (TextColumn("{task.description:22}"), BarColumn(), MofNCompleteColumn())
    with Bar(*columns, TimeRemainingColumn(), console=aside(), transient=True) as bar:
        task = bar.add_task("Starting", total=None)

        def show(stage: str, done: int, total: int) -> None:
            bar.update(task, description=STAGES[stage], completed=done, total=total or None)

        yield show


@contextmanager
def following(*, quiet: bool) -> Iterator[Callable[[str, int, int], None]]:
    """A function that shows the stage of other people's work and how much of it is done."""
    with stage_bar(quiet=quiet) as show:

        def tell(stage: str, done: int, total: int) -> None:
            from index.build import Progress

            known: Any = stage if stage in STAGES else "embedding"
            show(Progress(known, done, total))

        yield tell


def steps(what: str, items: Iterable[T], total: int, *, quiet: bool) -> Iterator[T]:
    """`items`, counted on a bar of `total` while they pass."""
    if quiet or not sys.stderr.isatty():
        yield from items
        return
    from rich.progress import track

    from api.cli_options import aside

    yield from track(items, what, total=total, console=aside(), transient=True)
