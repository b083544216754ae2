"""A run of tests ends, whatever its tests left running."""

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]
LEAVING = """
import subprocess, sys, threading, time

def test_that_leaves_a_thread_and_a_process_behind():
    threading.Thread(target=time.sleep, args=(600,), name="the forgotten one").start()
    subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"])
"""


def test_threads_and_processes_that_stay_are_named_and_ended(tmp_path: Path) -> None:
    (tmp_path / "test_leaving.py").write_text(LEAVING)
    (tmp_path / "conftest.py").write_text(
        "from tests.leftovers import end_all\n"
        "def pytest_unconfigure(config):\n    end_all(0, patience_s=0.2)\n"
    )
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-c", "/dev/null", "--rootdir", tmp_path, tmp_path],
        cwd=ROOT, capture_output=True, text=True, timeout=120, check=False,
    )  # fmt: skip
    assert "1 passed" in done.stdout
    assert "thread the forgotten one" in done.stderr
    assert "time.sleep(600)" in done.stderr
    assert done.returncode == 1
