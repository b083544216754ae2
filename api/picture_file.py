"""A query's picture from a file or standard input: never more of it than a search would take."""

import stat
from pathlib import Path
from typing import BinaryIO

from api.errors import BadParameter
from vision.errors import PictureTooLarge

STANDARD_INPUT = Path("-")


def read_picture(path: Path, most_bytes: int, standard_input: BinaryIO | None = None) -> bytes:
    """The bytes of `path`, or of `standard_input` (if given) where it is `-`; at most `most_bytes`.

    Raises PictureTooLarge for more, BadParameter for what is no regular file (a device may never
    end, a pipe may never begin), OSError for what cannot be read.
    """
    if path == STANDARD_INPUT and standard_input is not None:
        data = standard_input.read(most_bytes + 1)
    elif not stat.S_ISREG(path.stat().st_mode):
        raise BadParameter("image", f"{path} is no regular file; '-' reads standard input")
    else:
        with path.open("rb") as file:
            data = file.read(most_bytes + 1)
    if len(data) > most_bytes:
        raise PictureTooLarge("bytes", len(data), most_bytes)
    return data
