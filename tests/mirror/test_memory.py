import os
import resource
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from mirror.memory import can_lock, lock_memory, open_swaps

HEAD = "Filename\tType\tSize\tUsed\tPriority\n"


def test_a_swap_that_is_neither_in_memory_nor_encrypted_is_named(tmp_path: Path) -> None:
    swaps = tmp_path / "swaps"
    swaps.write_text(
        HEAD + "/dev/zram0 partition 1 0 1\n/dev/dm-7 partition 1 0 1\n/swapfile file 1 0 1\n"
    )
    uuid = tmp_path / "block" / "dm-7" / "dm" / "uuid"
    uuid.parent.mkdir(parents=True)
    uuid.write_text("CRYPT-PLAIN-swap")
    assert open_swaps(swaps, tmp_path / "block") == ["/swapfile"]
    uuid.write_text("LVM-abc")
    assert open_swaps(swaps, tmp_path / "block") == ["/dev/dm-7", "/swapfile"]


def test_no_swap_is_safe(tmp_path: Path) -> None:
    (tmp_path / "swaps").write_text(HEAD)
    assert open_swaps(tmp_path / "swaps", tmp_path) == []
    assert open_swaps(tmp_path / "none", tmp_path) == []


def test_a_process_that_forbade_dumps_leaves_none(tmp_path: Path) -> None:
    code = (
        "import resource, os, signal; from mirror.memory import forbid_dumps; forbid_dumps();"
        "assert resource.getrlimit(resource.RLIMIT_CORE) == (0, 0); os.kill(os.getpid(), 6)"
    )
    environment = os.environ | {"PYTHONPATH": str(Path(__file__).parents[2])}
    ended = subprocess.run([sys.executable, "-c", code], cwd=tmp_path, env=environment, check=False)
    assert ended.returncode == -signal.SIGABRT
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(("soft", "may"), [(resource.RLIM_INFINITY, True), (65536, False)])
def test_memory_is_locked_only_where_no_limit_would_starve_the_process(
    monkeypatch: pytest.MonkeyPatch, soft: int, may: bool
) -> None:
    monkeypatch.setattr(resource, "getrlimit", lambda _: (soft, soft))
    assert can_lock() is may
    if not may:
        assert lock_memory() is False
