"""What the commands about people and mirrors share: their folder, and the libraries they need."""

from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from mirror.errors import NoVideoLibrary

if TYPE_CHECKING:
    from mirror.studio import Studio

RETENTION_H = 72.0

RetentionOption = Annotated[
    float, typer.Option(min=0, help="Hours after which clips that nobody kept are destroyed.")
]


@contextmanager
def mirror_libraries() -> Iterator[None]:
    """Says how to install the mirror's libraries where an import inside misses one."""
    try:
        yield
    except ModuleNotFoundError as cause:
        raise NoVideoLibrary((cause.name or "its libraries").partition(".")[0]) from cause


def tended_studio(
    people: Path, retention_h: float, *, tidy: bool = True
) -> "AbstractContextManager[Studio]":
    """The stores of `people`, tended while the block runs and closed after it; tidied at once, or
    without `tidy` by the shop that is served beside them (api/hers)."""
    with mirror_libraries():
        from api.people import tended
        from mirror.clock import SystemClock
        from mirror.memory import forbid_dumps
        from mirror.studio import open_studio
    forbid_dumps()  # clips are opened in this process's memory while they are watched
    kept_s = retention_h * 3600
    return tended(open_studio(people, SystemClock(), retention_s=kept_s, tidy=tidy))


def tended_if_asked(
    people: Path | None, retention_h: float
) -> "AbstractContextManager[Studio | None]":
    """The same beside a shop, and None without a folder: then nothing of the mirror's is even
    loaded."""
    return nullcontext() if people is None else tended_studio(people, retention_h, tidy=False)
