"""What is told to people at another machine names no folder of this one."""

import re
from collections.abc import Iterable
from pathlib import Path

_FOLDERS = re.compile(r"(?<![\w/:.])/(?:[^\s/'\"]+/)+")  # not those within an address or a name


def relative(text: str, roots: Iterable[Path]) -> str:
    """`text` with the paths of what lies in `roots` told from there on."""
    for root in roots:
        for folder in dict.fromkeys((str(root.resolve()), str(root.absolute()), str(root))):
            if len(folder) > 1:
                text = text.replace(f"{folder}/", "")
    return text


def pathless(text: str, roots: Iterable[Path] = ()) -> str:
    """The same, and every other absolute path by its last name alone."""
    return _FOLDERS.sub("", relative(text, roots))
