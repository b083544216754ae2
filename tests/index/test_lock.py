"""One bulk writer at a time."""

import subprocess
import sys
from pathlib import Path

import pytest

from index.errors import ShopBusy
from index.lock import LOCK_NAME, bulk_writer

HOLD = "import fcntl,sys; f=open(sys.argv[1],'ab'); fcntl.flock(f,2); print('held',flush=True); sys.stdin.read()"  # noqa: E501 # one program


def test_a_second_writer_is_told_that_the_shop_is_busy(tmp_path: Path) -> None:
    with bulk_writer(tmp_path), pytest.raises(ShopBusy), bulk_writer(tmp_path):
        pass
    with bulk_writer(tmp_path):
        pass


def test_a_writer_that_was_killed_holds_nothing(tmp_path: Path) -> None:
    other = subprocess.Popen(
        [sys.executable, "-c", HOLD, str(tmp_path / LOCK_NAME)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    )
    assert other.stdout is not None
    assert other.stdout.readline() == b"held\n"
    with pytest.raises(ShopBusy), bulk_writer(tmp_path):
        pass
    other.kill()
    other.communicate()
    with bulk_writer(tmp_path):
        pass
