"""How far adapting is: a bar on standard error, nothing at all for programs."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager

from models.adapt_sense import Told


@contextmanager
def bar(*, quiet: bool) -> Iterator[Told]:
    """A function that takes a stage, how much of it is done, and of how much."""
    if quiet or not sys.stderr.isatty():
        yield lambda stage, done, total: None
        return
    from rich.console import Console
    from rich.progress import Progress

    with Progress(console=Console(stderr=True), transient=True) as shown:
        task = shown.add_task("Starting", total=None)

        def tell(stage: str, done: int, total: int) -> None:
            shown.update(task, description=stage, completed=done, total=total)

        yield tell
