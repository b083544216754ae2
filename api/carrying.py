"""What a shop that is put back from a snapshot keeps of the one that lay there: its keys, its audit
log, its counts, what shoppers saved, and what was uploaded. Else it would know nobody's key.
"""

import os
import shutil
import sqlite3
from contextlib import closing
from pathlib import Path

from api.home import DOOR, STOCKROOM
from api.saved import FOLDER


def carry_over(home: Path, unpacked: Path) -> None:
    """Take it from `home` along into `unpacked`, which is about to take its place.

    Notebooks are copied at one moment each, though somebody may write to them; uploads are linked,
    so they cost no room. Raises OSError.
    """
    for book in sorted((home / DOOR).glob("*.sqlite3")):
        target = unpacked / DOOR / book.name
        target.parent.mkdir(mode=0o700, exist_ok=True)
        target.touch(mode=0o600)
        try:
            with closing(sqlite3.connect(book)) as here, closing(sqlite3.connect(target)) as there:
                here.backup(there)
        except sqlite3.Error as damaged:
            raise OSError(f"{book} cannot be carried over: {damaged}") from damaged
    for name in (STOCKROOM, FOLDER):
        if (home / name).is_dir():
            shutil.copytree(home / name, unpacked / name, copy_function=os.link, dirs_exist_ok=True)
