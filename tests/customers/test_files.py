import subprocess
import sys
from pathlib import Path

import pytest

from customers.errors import PeopleBusy
from customers.files import Hold, remove_whole, write_whole


def test_a_file_is_replaced_whole_and_leaves_no_part(tmp_path: Path) -> None:
    for data in (b"first", b"second, longer"):
        write_whole(tmp_path / "x", data, mode=0o600)
        assert (tmp_path / "x").read_bytes() == data
    assert [path.name for path in tmp_path.iterdir()] == ["x"]
    assert (tmp_path / "x").stat().st_mode & 0o777 == 0o600


def test_what_cannot_be_written_leaves_what_was_there(tmp_path: Path) -> None:
    write_whole(tmp_path / "x", b"first")
    (tmp_path / "x.part").mkdir()
    with pytest.raises(OSError, match="directory"):
        write_whole(tmp_path / "x", b"second")
    assert (tmp_path / "x").read_bytes() == b"first"


def test_removing_twice_is_removing(tmp_path: Path) -> None:
    write_whole(tmp_path / "x", b"x")
    remove_whole(tmp_path / "x")
    remove_whole(tmp_path / "x")
    assert list(tmp_path.iterdir()) == []


def test_a_folder_is_one_process_s_until_it_lets_go_or_dies(tmp_path: Path) -> None:
    code = (
        "import sys; from pathlib import Path; from customers.files import Hold;"
        "hold = Hold(Path(sys.argv[1])); print('held', flush=True); sys.stdin.read()"
    )
    arguments = [sys.executable, "-c", code, str(tmp_path)]
    with subprocess.Popen(arguments, stdin=-1, stdout=-1, text=True) as other:
        assert other.stdout is not None
        assert other.stdout.readline() == "held\n"
        with pytest.raises(PeopleBusy):
            Hold(tmp_path)
        other.kill()
    Hold(tmp_path).release()
    Hold(tmp_path).release()
