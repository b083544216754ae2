"""`kill -9` while two processes write all that writers write: what was acknowledged is there, and
nothing else. The long run goes on where it stopped, if VISTAZO_SOAK names a folder to keep."""

import json
import os
import random
import signal
import subprocess
import sys
import time
from dataclasses import asdict
from pathlib import Path

import pytest

from tests.index.mixed import State, States, acknowledged, check_truth

ROOT = Path(__file__).parents[2]
KILLS = int(os.environ.get("VISTAZO_KILLS", "1000"))
KEPT = os.environ.get("VISTAZO_SOAK", "")


def start(shop: Path, seed: int, first: int) -> "subprocess.Popen[bytes]":
    """A process with two of the threads."""
    arguments = ["mixed", str(shop), str(seed), "0", str(first), str(first + 2)]
    return subprocess.Popen(
        [sys.executable, "-m", "tests.index.killed", *arguments],
        cwd=ROOT, bufsize=0, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
        env=os.environ | {"OMP_NUM_THREADS": "1"},
    )  # fmt: skip


def kill_both(shop: Path, seed: int, draw: random.Random) -> list[bytes]:
    """Start two writers, kill one and then the other; what they told."""
    children = [start(shop, seed, 0), start(shop, seed, 2)]
    firsts = [child.stdout.readline() for child in children if child.stdout]
    time.sleep(draw.uniform(0, 0.4))
    told: list[bytes] = []
    for child, first in zip(children, firsts, strict=True):
        child.send_signal(signal.SIGKILL)
        time.sleep(draw.choice((0, 0, draw.uniform(0, 0.1))))
        rest, errors = child.communicate(timeout=60)
        assert child.returncode == -signal.SIGKILL, errors.decode()
        told += (first + rest).splitlines()
    return told


def kill_again_and_again(folder: Path, times: int) -> None:
    """Go on from what `folder` holds until `times` rounds of kills are done."""
    notes = folder / "known.json"
    done, known = 0, States()
    if notes.exists():
        held = json.loads(notes.read_text())
        done = held["done"]
        known = {sku: State(**s) if s else None for sku, s in held["known"].items()}
    for n in range(done, times):
        told = kill_both(folder / "shop", n + 1, random.Random(n))
        check_truth(folder / "shop", known, acknowledged(told, known))
        state = {sku: s and asdict(s) for sku, s in known.items()}
        whole = notes.with_suffix(".new")
        whole.write_text(json.dumps({"done": n + 1, "known": state}))
        whole.replace(notes)


def test_what_two_processes_were_told_is_there_after_they_are_killed(tmp_path: Path) -> None:
    kill_again_and_again(tmp_path, 15)


@pytest.mark.soak
@pytest.mark.timeout(7_200)
def test_a_thousand_kills(tmp_path: Path) -> None:
    folder = Path(KEPT) / "kills" if KEPT else tmp_path
    folder.mkdir(parents=True, exist_ok=True)
    kill_again_and_again(folder, KILLS)
