"""A picture's file: read with care, kept under its own hash."""

import os
import time
from pathlib import Path

import pytest

from index.examine import digest_of, find_stamp, keep_picture, read_picture, see, sha256_of
from tests.fakes import drawn_picture, fake_spec
from vision.decode import Limits
from vision.errors import NotAPicture, PictureTooLarge

LATER_NS = time.time_ns() + 24 * 3_600 * 10**9  # also at the end of the slowest run


def test_a_file_that_changed_a_moment_ago_has_no_stamp_to_be_trusted(tmp_path: Path) -> None:
    path = tmp_path / "a.png"
    path.write_bytes(b"abc")
    assert read_picture(path, Limits(), time.time_ns()).stamp == ""
    stamp = read_picture(path, Limits(), LATER_NS).stamp
    assert stamp == find_stamp(str(path)) != ""


def test_another_content_of_the_same_size_and_time_has_another_stamp(tmp_path: Path) -> None:
    path = tmp_path / "a.png"
    path.write_bytes(b"abc")
    times = path.stat().st_atime_ns, path.stat().st_mtime_ns
    before = find_stamp(str(path))
    time.sleep(0.02)  # a tick of the file system's clock
    path.write_bytes(b"xyz")
    os.utime(path, ns=times)
    assert find_stamp(str(path)) != before


def test_what_is_no_plain_file_is_refused_before_it_is_opened(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")  # opening it would wait for ever
    for path in (tmp_path / "pipe", Path("/dev/zero"), tmp_path, tmp_path / "absent",
                 tmp_path / "a\0b", tmp_path / ("x" * 300)):  # fmt: skip
        with pytest.raises(NotAPicture):
            read_picture(path, Limits(), LATER_NS)
    assert find_stamp(str(tmp_path / "absent")) is None


def test_a_file_over_the_limit_is_refused_unread(tmp_path: Path) -> None:
    path = tmp_path / "big.png"
    with path.open("wb") as file:
        file.truncate(50_000_000_000)  # a hole: takes no disk
    with pytest.raises(PictureTooLarge):
        read_picture(path, Limits(), LATER_NS)


def test_equal_pixels_have_equal_digests_whatever_the_bytes() -> None:
    spec = fake_spec()
    one, other = drawn_picture(3, "PNG"), drawn_picture(3, "BMP")
    assert sha256_of(one) != sha256_of(other)
    assert digest_of(see(one, spec, Limits())) == digest_of(see(other, spec, Limits()))
    assert digest_of(see(one, spec, Limits())) != digest_of(
        see(drawn_picture(4, "PNG"), spec, Limits())
    )


def test_an_uploaded_picture_is_kept_once_under_its_hash(tmp_path: Path) -> None:
    data = drawn_picture(1, "PNG")
    name = keep_picture(tmp_path, data, sha256_of(data))
    assert name == f"pictures/{sha256_of(data)}.png"
    assert keep_picture(tmp_path, data, sha256_of(data)) == name
    assert (tmp_path / name).read_bytes() == data
    assert len(list((tmp_path / "pictures").iterdir())) == 1
