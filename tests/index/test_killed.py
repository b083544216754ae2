"""`kill -9` at random moments: nothing acknowledged is lost, nothing half-done is visible."""

import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest

from index.build import apply_source
from index.product import Product
from index.query import Query
from index.shelf import Shelf
from tests.fakes import FakeEncoder, drawn_picture, fake_spec
from tests.index.killed import SKUS, vector_for

ROOT = Path(__file__).parents[2]
PRODUCTS = 400


def run_and_kill(after_s: float, *arguments: str) -> list[str]:
    """What the child told until it was killed, `after_s` seconds after its first word."""
    child = subprocess.Popen(
        [sys.executable, "-m", "tests.index.killed", *arguments],
        cwd=ROOT,
        bufsize=0,  # or `communicate` would miss what `readline` had read ahead
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
    assert child.stdout is not None
    first = child.stdout.readline()
    time.sleep(after_s)
    child.send_signal(signal.SIGKILL)
    rest, errors = child.communicate(timeout=60)
    assert child.returncode in (-signal.SIGKILL, 0), errors.decode()
    return (first + rest).decode().splitlines()


@pytest.fixture(scope="module")
def catalogue(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("catalogue")
    lines = ["sku,image,title,price"]
    for n in range(PRODUCTS):
        (folder / f"{n}.png").write_bytes(drawn_picture(n))
        lines.append(f"p{n},{n}.png,Bag {n},{n}")
    (folder / "catalogue.csv").write_text("\n".join(lines))
    return folder / "catalogue.csv"


def kill_while_indexing(folder: Path, catalogue: Path, times: int, seed: int) -> None:
    draw = random.Random(seed)
    encoder = FakeEncoder()
    for n in range(times):
        shop = folder / f"shop-{n}"
        for _ in range(draw.randint(1, 3)):
            run_and_kill(draw.uniform(0, 0.6), "index", str(shop), str(catalogue))
            check_whole_products(shop, encoder)
        with Shelf.open(shop, encoder.spec, create=True) as shelf:
            there = len(shelf)
            report = apply_source(shelf, encoder, catalogue)
            assert (report.added, report.unchanged) == (PRODUCTS - there, there)
        check_whole_products(shop, encoder)


def check_whole_products(shop: Path, encoder: FakeEncoder) -> None:
    """Every product that is there has its own fields, picture and vector."""
    if not (shop / "manifest.json").exists():
        return
    with Shelf.open(shop, encoder.spec) as shelf:
        query = encoder.words(["any"])[0]
        hits = shelf.search(Query(query, top=1_000, unfold=True)).hits
        assert len(hits) == len(shelf)
        for hit in hits:
            n = int(hit.product.sku[1:])
            assert (hit.product.title, hit.product.price) == (f"Bag {n}", n)
            (picture,) = shelf.pictures(hit.product.sku)
            assert Path(picture.path).name == f"{n}.png"
            own = shelf.vector_of(hit.product.sku)
            assert np.isclose(float(own.vector @ query.vector), hit.score, atol=1e-5)


def kill_while_putting(shop: Path, times: int, seed: int) -> None:
    """Killed while it puts, changes and deletes: what it was told is what is there."""
    draw = random.Random(seed)
    known: dict[str, Product | None] = {}
    for n in range(times):
        lines = run_and_kill(draw.uniform(0.02, 0.4), "put", str(shop), str(seed * 1_000 + n))
        pending = apply_lines(known, lines)
        check_truth(shop, known, pending)


def apply_lines(known: dict[str, Product | None], lines: list[str]) -> tuple[str, Product | None]:
    """Bring `known` up to what was acknowledged; the SKU and outcome of what was under way."""
    pending: tuple[str, Product | None] = ("", None)
    for line in lines:
        if line in ("done", "absent"):
            if line == "done":
                known[pending[0]] = pending[1]
            else:
                assert known.get(pending[0]) is None
            pending = ("", None)
            continue
        _, act, sku, version = line.split()
        before = known.get(sku)
        if act == "put":
            pending = sku, Product(sku, stock=int(version))
        elif act == "delete" or before is None:
            pending = sku, None
        else:
            pending = sku, Product(sku, stock=before.stock, price=float(version))
    return pending


def check_truth(
    shop: Path, known: dict[str, Product | None], pending: tuple[str, Product | None]
) -> None:
    """The shop holds what is known; only what was under way may have happened or not."""
    with Shelf.open(shop, fake_spec(title_weight=0), create=True) as shelf:
        for sku in (f"p{n}" for n in range(SKUS)):
            found = shelf.find(sku)
            if sku == pending[0] and found == pending[1]:
                known[sku] = found
            assert found == known.get(sku)
            if found is not None:
                vector = vector_for(sku, found.stock or 0)
                hit = shelf.search(Query(vector, top=1)).hits[0]
                assert (hit.product, round(hit.score, 4)) == (found, 1.0)


def test_a_run_that_is_killed_again_and_again_is_finished_by_the_next_one(
    tmp_path: Path, catalogue: Path
) -> None:
    kill_while_indexing(tmp_path, catalogue, times=5, seed=1)


def test_what_was_acknowledged_before_a_kill_is_there_after_it(tmp_path: Path) -> None:
    kill_while_putting(tmp_path / "shop", times=10, seed=1)


@pytest.mark.soak
@pytest.mark.timeout(3_600)
@pytest.mark.parametrize("seed", range(2, 7))
def test_fifty_kills_while_indexing(tmp_path: Path, catalogue: Path, seed: int) -> None:
    kill_while_indexing(tmp_path, catalogue, times=10, seed=seed)


@pytest.mark.soak
@pytest.mark.timeout(3_600)
def test_fifty_kills_while_putting(tmp_path: Path) -> None:
    kill_while_putting(tmp_path / "shop", times=50, seed=2)
