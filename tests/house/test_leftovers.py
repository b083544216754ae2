"""A run of tests ends, whatever its tests left running; only a thread that hangs fails it."""

import subprocess
import sys
from pathlib import Path

from tests.leftovers import HUNG

ROOT = Path(__file__).parents[2]
LEAVING = """
import subprocess, sys, threading, time

def test_that_leaves_a_thread_and_a_process_behind():
    threading.Thread(target=time.sleep, args=(600,), name="the forgotten one").start()
    subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"])
"""
IDLE = """
import asyncio, concurrent.futures
import anyio.to_thread

kept = [concurrent.futures.ThreadPoolExecutor(2), asyncio.new_event_loop()]

async def rest():
    await anyio.to_thread.run_sync(int)
    tasks.append(asyncio.current_task())
    kept[1].stop()  # the loop is left as a server leaves it that is not ended
    await asyncio.Event().wait()

tasks = []

def test_that_leaves_idle_pools_behind():
    assert kept[0].submit(int).result() == 0
    kept[1].create_task(rest())
    kept[1].run_forever()
"""
BUSY = """
import concurrent.futures, threading, time

pool = concurrent.futures.ThreadPoolExecutor(1, thread_name_prefix="busy")

def test_that_leaves_a_pool_at_work():
    starter = threading.Thread(target=pool.submit, args=(time.sleep, 600), daemon=True)
    starter.start()  # the pool's thread is a daemon then, and Python waits for it all the same
    starter.join()
    assert all(thread.daemon for thread in pool._threads)
"""


def run(folder: Path, text: str, patience_s: float) -> "subprocess.CompletedProcess[str]":
    """What a run of the tests in `text` says."""
    (folder / "test_leaving.py").write_text(text)
    (folder / "conftest.py").write_text(
        "from tests.leftovers import end_all\n"
        f"def pytest_unconfigure(config):\n    end_all(0, patience_s={patience_s})\n"
    )
    return subprocess.run(
        [sys.executable, "-m", "pytest", "-c", "/dev/null", "--rootdir", folder, folder],
        cwd=ROOT, capture_output=True, text=True, timeout=300, check=False,
    )  # fmt: skip


def test_threads_and_processes_that_stay_are_named_and_ended(tmp_path: Path) -> None:
    done = run(tmp_path, LEAVING, 0.2)
    assert "1 passed" in done.stdout
    assert "thread the forgotten one" in done.stderr
    assert "time.sleep(600)" in done.stderr
    assert done.returncode == HUNG


def test_pools_that_wait_for_work_fail_nothing_and_keep_nobody_waiting(tmp_path: Path) -> None:
    done = run(tmp_path, IDLE, 600)
    assert "1 passed" in done.stdout
    assert "left running" not in done.stderr
    assert done.returncode == 0


def test_a_pool_at_work_is_named_even_where_its_threads_are_daemons(tmp_path: Path) -> None:
    done = run(tmp_path, BUSY, 0.2)
    assert "1 passed" in done.stdout
    assert "thread busy_0" in done.stderr
    assert done.returncode == HUNG
