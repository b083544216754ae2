"""Power loss at any moment: whatever was not synced may be lost, torn or out of order, and the shop
still holds exactly what was acknowledged."""

import os
import random
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from index.errors import CatalogueError
from tests.index.mixed import States, acknowledged, check_truth
from tests.index.power_loss import Disk, Fate, Record, compile_recorder, moments, read_log

ROOT = Path(__file__).parents[2]
CUTS = int(os.environ.get("VISTAZO_CUTS", "200"))
FATES: tuple[Fate, ...] = ("nothing", "everything", "some", "some")
TURNS = 60  # of each thread: some three thousand acts on files, several checkpoints
CARELESS = """
import sys
from pathlib import Path
from index import database
from index.errors import CatalogueError
from tests.index.mixed import mixed
connect = database.Database._connect
def careless(self, timeout_s):
    connection = connect(self, timeout_s)
    connection.execute("PRAGMA synchronous=OFF")
    return connection
database.Database._connect = careless
mixed(Path(sys.argv[1]), 1, 40, range(4))
"""


@pytest.fixture(scope="module")
def recorder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    library = compile_recorder(tmp_path_factory.mktemp("recorder"))
    if library is None:
        pytest.skip("there is no C compiler to make the recorder with")
    return library


def record(recorder: Path, root: Path, *command: str) -> list[Record]:
    """What a child process does to the files under `root`."""
    root.mkdir()
    log = root.with_suffix(".log")
    environment = os.environ | {
        "LD_PRELOAD": str(recorder), "RECORDED_ROOT": str(root), "RECORDED_LOG": str(log),
        "PYTHONDONTWRITEBYTECODE": "1", "OMP_NUM_THREADS": "1",
    }  # fmt: skip
    done = subprocess.run(
        [sys.executable, *command], cwd=ROOT, env=environment, capture_output=True, timeout=240
    )
    assert done.returncode == 0, done.stderr.decode()
    return read_log(log)


def cut(root: Path, records: list[Record], cuts: list[int], work: Path, seed: int) -> None:
    """Let the power fail after each of `cuts` records, in every way, and look at what is left."""
    disk, draw, at = Disk(root), random.Random(seed), 0
    for place in cuts:
        for one in records[at:place]:
            disk.follow(one)
        at = place
        lines = bytes(disk.said).splitlines()
        for n, fate in enumerate(FATES):
            left = work / f"{place}-{n}"
            left.mkdir()
            disk.write_to(left, fate, draw)
            known: States = {}
            pending = acknowledged(lines, known)
            check_truth(left / "shop", known, pending)
            shutil.rmtree(left)  # only what failed is left to look at


def run(recorder: Path, tmp_path: Path, seed: int, count: int) -> None:
    root = tmp_path / "disk"
    shop = str(root / "shop")
    records = record(
        recorder, root, "-m", "tests.index.killed", "mixed", shop, str(seed), str(TURNS), "0", "4"
    )
    assert sum(one.op == "S" for one in records) > 100  # it was seen at work
    (tmp_path / "left").mkdir()
    cut(root, records, moments(records, count, seed), tmp_path / "left", seed)


def test_power_loss_leaves_what_was_acknowledged(recorder: Path, tmp_path: Path) -> None:
    run(recorder, tmp_path, seed=1, count=8)


def test_a_shop_that_does_not_wait_for_the_disk_is_caught(recorder: Path, tmp_path: Path) -> None:
    """The proof can fail: without SQLite's syncs acknowledged changes are lost."""
    root = tmp_path / "disk"
    records = record(recorder, root, "-c", CARELESS, str(root / "shop"))
    (tmp_path / "left").mkdir()
    with pytest.raises((AssertionError, CatalogueError)):  # lost, torn or unreadable
        cut(root, records, moments(records, 20, seed=1), tmp_path / "left", seed=1)


@pytest.mark.soak
@pytest.mark.timeout(7_200)
@pytest.mark.parametrize("seed", range(2, 6))
def test_power_loss_at_many_moments(recorder: Path, tmp_path: Path, seed: int) -> None:
    run(recorder, tmp_path, seed, count=CUTS // 4)
