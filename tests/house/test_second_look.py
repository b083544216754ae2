"""What fails once is tried once more, with nothing of the first try; what fails twice fails."""

import os
import subprocess
import sys
from pathlib import Path

from tests.second_look import MOST, TITLE

ROOT = Path(__file__).parents[2]
PLUGINS = ("tests.conftest", "pytest_timeout", "_hypothesis_pytestplugin", "xdist.plugin",
           "no:cacheprovider")  # fmt: skip
TRIES = """
import threading, time
import pytest
from hypothesis import given, strategies

made = {"module": 0, "function": 0, "session": 0}

@pytest.fixture(scope="session")
def whole():
    made["session"] += 1
    return made["session"]

@pytest.fixture(scope="module")
def server(whole):
    made["module"] += 1
    served = {"works": made["module"] > 1}
    yield served
    served["works"] = False

@pytest.fixture
def one(tmp_path):
    made["function"] += 1
    return tmp_path
"""
ONCE = """
def test_that_fails_once(server, one, whole):
    assert not list(one.iterdir())
    (one / "left").touch()
    assert (whole, made["function"]) == (2, 2), "the first try's word"
    assert server["works"]

def test_after_it(server, whole):
    assert server["works"]
    assert made["module"] == whole == 2
"""
TWICE = "def test_that_fails_twice():\n    raise AssertionError('as ever')\n"
SETUP = """
tried = []

@pytest.fixture(scope="module")
def late():
    tried.append(1)
    assert len(tried) > 1
    yield
    assert len(tried) > 2, "at its end"

def test_whose_fixture_fails_once(late):
    pass

def test_that_only_is(late):
    pass
"""
HANGS = """
hung = []

@pytest.mark.timeout(10)  # of each try, the healthy one, too, which a busy machine may hold up
@pytest.mark.parametrize("times", [1, 2])
def test_that_hangs(times):
    hung.append(times)
    if hung.count(times) <= times:
        time.sleep(600)
"""
LEAVES = """
left = []

def test_that_leaves_a_thread():
    left.append(threading.Thread(target=time.sleep, args=(600,), name="the forgotten one"))
    if len(left) == 1:
        left[0].start()
        raise AssertionError("with a thread")
"""
EXAMPLES = """
examples = []

@given(strategies.integers())
def test_a_property(number):
    examples.append(number)
    assert len(examples) > 1
    assert number < 10_000

@given(strategies.integers())
def test_a_property_that_once_fails(number):
    examples.append("other")
    assert examples.count("other") > 20
"""
MANY = """
seen = set()

@pytest.mark.parametrize("n", range({n}))
def test_rarely(n):
    assert n in seen or seen.add(n)
"""


def run(folder: Path, text: str, *more: str) -> "subprocess.CompletedProcess[str]":
    """What a run of the tests in `text` says, with a second look."""
    (folder / "test_tries.py").write_text(TRIES + text)
    plugins = [word for name in PLUGINS for word in ("-p", name)]
    return subprocess.run(
        [sys.executable, "-m", "pytest", "-c", "/dev/null", "--rootdir", folder, *plugins,
         "--basetemp", folder / "tmp", folder, *more],
        cwd=ROOT, capture_output=True, text=True, timeout=300, check=False,
        env=os.environ | {"PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"},  # some take seconds to load
    )  # fmt: skip


def named(said: str) -> list[str]:
    """The tests that passed only at the second try."""
    lines = said.partition(TITLE)[2].splitlines()
    return [line.partition("::")[2] for line in lines if line.startswith("test_tries.py::")]


def test_what_fails_once_is_named_with_its_fault_and_every_fixture_is_made_anew(tmp_path: Path):
    done = run(tmp_path, ONCE, "--second-look")
    assert done.returncode == 0, done.stdout
    assert "2 passed, 1 first try" in done.stdout
    assert named(done.stdout) == ["test_that_fails_once"]
    assert "the first try's word" in done.stdout


def test_without_the_option_nothing_is_tried_again(tmp_path: Path):
    done = run(tmp_path, ONCE)
    assert done.returncode == 1
    assert "first try of" not in done.stdout


def test_what_fails_twice_fails(tmp_path: Path):
    done = run(tmp_path, TWICE + ONCE, "--second-look")
    assert done.returncode == 1
    assert "1 failed, 2 passed, 2 first try" in done.stdout
    assert named(done.stdout) == ["test_that_fails_once"]


def test_what_only_a_fixture_failed_at_its_begin_or_end_is_looked_at_again_too(tmp_path: Path):
    done = run(tmp_path, SETUP, "--second-look")
    assert done.returncode == 0, done.stdout
    assert named(done.stdout) == ["test_whose_fixture_fails_once", "test_that_only_is"]
    assert "at its end" in done.stdout


def test_a_test_that_hangs_has_a_time_limit_at_both_tries(tmp_path: Path):
    done = run(tmp_path, HANGS, "--second-look", "--session-timeout", "200")
    assert done.returncode == 1
    assert named(done.stdout) == ["test_that_hangs[1]"]
    assert "1 failed, 1 passed, 2 first try" in done.stdout


def test_a_session_ends_at_its_limit_also_after_a_second_try(tmp_path: Path):
    done = run(tmp_path, HANGS, "--second-look", "--session-timeout", "1")
    assert "session-timeout" in done.stdout
    assert "test_that_hangs[2]" not in done.stdout


def test_a_thread_that_a_first_try_left_is_named_and_fails_nothing(tmp_path: Path):
    done = run(tmp_path, LEAVES, "--second-look")
    assert "thread the forgotten one" in done.stderr
    assert done.returncode == 0, done.stdout
    assert named(done.stdout) == ["test_that_leaves_a_thread"]


def test_properties_are_tried_again_with_the_same_examples(tmp_path: Path):
    done = run(tmp_path, EXAMPLES, "--second-look")
    assert done.returncode == 1
    assert named(done.stdout) == ["test_a_property_that_once_fails"]


def test_more_than_a_few_of_them_fail_the_run(tmp_path: Path):
    few = run(tmp_path, MANY.format(n=MOST), "--second-look")
    assert (few.returncode, len(named(few.stdout))) == (0, MOST)
    many = run(tmp_path, MANY.format(n=MOST + 1), "--second-look")
    assert (many.returncode, len(named(many.stdout))) == (1, MOST + 1)
    assert f"{MOST + 1} of them" in many.stdout


def test_several_processes_are_looked_at_together(tmp_path: Path):
    done = run(tmp_path, MANY.format(n=MOST + 1), "--second-look", "-n", "2")
    assert (done.returncode, len(named(done.stdout))) == (1, MOST + 1)
