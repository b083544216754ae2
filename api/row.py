"""One row of the door's table of failures."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Row:
    """How one failure is told: the status, the stable code, a title, and the attributes shown.

    `private` failures name paths or innards of the server: callers read the title only, and the
    detail goes to the log. `retry` adds Retry-After (the error's `retry_after_s`, else 1 s).
    """

    status: int
    code: str
    title: str
    facts: tuple[str, ...] = ()
    private: bool = False
    retry: bool = False
