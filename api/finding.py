"""What the doctor finds."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing looked at. `cure` says how to mend it when `ok` is False, "" otherwise."""

    what: str
    ok: bool
    detail: str
    cure: str = ""
