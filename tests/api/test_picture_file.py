"""Reading a query's picture: bounded, and only from what ends."""

import io
import os
from pathlib import Path

import pytest

from api.errors import BadParameter
from api.picture_file import read_picture
from vision.errors import PictureTooLarge

NOTHING = io.BytesIO()


def test_a_file_and_standard_input_are_read_up_to_the_limit(tmp_path):
    file = tmp_path / "photo"
    file.write_bytes(b"x" * 10)
    assert read_picture(file, 10, NOTHING) == b"x" * 10
    assert read_picture(Path("-"), 10, io.BytesIO(b"y" * 10)) == b"y" * 10
    with pytest.raises(PictureTooLarge):
        read_picture(file, 9, NOTHING)


def test_what_never_ends_is_not_read_to_its_end(tmp_path):
    with Path("/dev/zero").open("rb") as endless, pytest.raises(PictureTooLarge):
        read_picture(Path("-"), 1000, endless)
    os.mkfifo(tmp_path / "pipe")
    for strange in (Path("/dev/zero"), tmp_path / "pipe", tmp_path):
        with pytest.raises(BadParameter, match="no regular file"):
            read_picture(strange, 1000, NOTHING)


def test_an_absent_file_is_an_error_of_the_system(tmp_path):
    with pytest.raises(FileNotFoundError):
        read_picture(tmp_path / "absent.jpg", 10, NOTHING)
