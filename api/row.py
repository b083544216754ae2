"""One row of the door's table of failures."""

from dataclasses import dataclass

from api.shown_paths import pathless


@dataclass(frozen=True, slots=True)
class Row:
    """How one failure is told: the status, the stable code, a title, and the attributes shown.

    `private` failures name paths or innards of the server: callers read the title only, and the
    detail goes to the log; of `reasoned` ones they read the `reason` too, without its paths.
    `retry` adds Retry-After (the error's `retry_after_s`, else 1 s).
    """

    status: int
    code: str
    title: str
    facts: tuple[str, ...] = ()
    private: bool = False
    retry: bool = False
    reasoned: bool = False


def detail_of(error: BaseException, row: Row) -> str:
    """What callers read of `error`."""
    if row.reasoned:
        return f"{row.title}: {pathless(str(getattr(error, 'reason', ''))).rstrip('.')}."
    return f"{row.title}." if row.private else str(error)
