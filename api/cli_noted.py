"""What the command line writes stands in the audit log, too: with the name of who is signed in at
this machine."""

import os
import pwd
from pathlib import Path

from api.cli_options import aside
from api.cli_plain import plain
from api.roles import Act


def who_here() -> str:
    """`cli:` and the user that this process belongs to, whatever its environment says."""
    try:
        return f"cli:{pwd.getpwuid(os.getuid()).pw_name}"
    except KeyError:  # a container's user may have no name
        return f"cli:{os.getuid()}"


def note_write(shop: Path, act: Act, subject: str) -> None:
    """Write down what was just done to the shop; one that was never served has no log yet.

    The write stands either way: where it cannot be noted, that is said and nothing is raised.
    """
    from api.audit import Audit, Note
    from api.errors import DoorBroken
    from api.home import DOOR, home_of

    home = home_of(shop.resolve())
    if not (home / DOOR).is_dir():
        return
    try:
        audit = Audit(home)
        try:
            audit.note(Note(who_here(), "", act, "", subject, 0))
        finally:
            audit.close()
    except DoorBroken as broken:
        aside().print(f"done, but not in the audit log: {plain(str(broken))}", style="yellow")
