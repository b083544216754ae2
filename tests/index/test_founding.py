"""A base made of a real shop: by this process, by a child, and by a child that is killed."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from index import base, founding, kept
from index.choice import Wish
from index.entry import Entry, SeenPicture
from index.filters import parse_filter
from index.founding import BUSY_ELSEWHERE, LOCK_NAME, found_base
from index.kept import WORK_FOLDER, find_note
from index.lock import alone
from index.product import Picture, Product
from index.query import Query
from index.reach import title_in
from index.shelf import Shelf
from tests.fakes import FakeEncoder, fake_spec
from tests.some_vectors import clustered
from vision.embedding import Embedding, unit

COUNT = 1_500
LISTS = Wish("lists")
ROOT = Path(__file__).parents[2]


def entries(count: int, seed: int = 0, first: int = 0) -> list[Entry]:
    vectors = clustered(2 * count, FakeEncoder.DIMENSION, seed)
    return [
        Entry(
            Product(f"p{first + n}", title="A title", price=float(n % 50), colour=f"c{n % 3}"),
            (SeenPicture(Picture(f"p{first + n}", 0, "/x", "0", ""), point(vectors[n])),),
            "A title",
            point(vectors[count + n]),
        )
        for n in range(count)
    ]


def point(vector: np.ndarray) -> Embedding:
    return Embedding(unit(vector), "fake-1")


def skus(shelf: Shelf, seed: int = 99, text: str = "") -> list[str]:
    query = point(clustered(1, FakeEncoder.DIMENSION, seed)[0])
    hits = shelf.search(Query(query, filter=parse_filter(text) if text else None, top=20)).hits
    return [hit.product.sku for hit in hits]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A shop of 1,500 products with a cache of its vectors, which is no base."""
    with Shelf.open(tmp_path, fake_spec(), create=True) as shelf:
        shelf.write(entries(COUNT))
    return tmp_path


@pytest.fixture
def shelf(folder: Path) -> Iterator[Shelf]:
    with Shelf.open(folder, fake_spec(), wish=LISTS) as shelf:
        yield shelf


def make_base(shelf: Shelf) -> None:
    with shelf.database.reading() as connection:
        found_base(shelf.folder, connection)
        assert shelf._replica.adopt(connection)


def test_a_base_answers_as_comparing_all_does(shelf: Shelf) -> None:
    before = [skus(shelf, seed, text) for seed in range(9) for text in ("", "price<20 colour=c1")]
    assert shelf._replica.is_upkeep_due()
    make_base(shelf)
    tiered = shelf._replica.tiered
    assert tiered.base is not None
    assert tiered.added == 0
    assert not shelf._replica.is_upkeep_due()
    after = [skus(shelf, seed, text) for seed in range(9) for text in ("", "price<20 colour=c1")]
    assert after == before
    facts = tiered.base.facts
    assert facts["recall_pictures"] >= 0.99
    assert facts["recall_words"] >= 0.99


def test_what_changes_after_the_base_is_seen_at_once_and_after_opening_again(
    shelf: Shelf, folder: Path
) -> None:
    make_base(shelf)
    best = skus(shelf)[0]
    shelf.delete(best)
    assert best not in skus(shelf)
    assert shelf._replica.tiered.slots.dead_in_base == 1
    twin = entries(1, seed=99, first=7_000)[0]
    shelf.write([twin])
    assert skus(shelf)[0] == "p7000"
    shelf.change(Product(skus(shelf)[1], title="A title", colour="purple"))
    assert skus(shelf, text="colour=purple") == [skus(shelf)[1]]
    with Shelf.open(folder, fake_spec(), wish=LISTS) as again:
        assert again._replica.tiered.base is not None
        assert skus(again) == skus(shelf)
        assert again._replica.tiered.added == 2 - 1


def test_a_second_base_keeps_the_training_and_holds_what_came_since(shelf: Shelf) -> None:
    make_base(shelf)
    shelf.write(entries(200, seed=4, first=5_000))
    shelf.delete("p3")
    make_base(shelf)
    tiered = shelf._replica.tiered
    assert tiered.base is not None
    assert tiered.base.facts["trained_on"] == COUNT
    assert (len(tiered.base), tiered.added, tiered.slots.dead_in_base) == (COUNT + 199, 0, 0)
    shelf.write(entries(1_700, seed=5, first=8_000))
    make_base(shelf)
    assert shelf._replica.tiered.base.facts["trained_on"] == COUNT + 199 + 1_700


def test_another_process_s_base_is_taken_over_and_changes_made_meanwhile_are_not_lost(
    shelf: Shelf, folder: Path
) -> None:
    skus(shelf, text="colour=c1 price<9")
    with Shelf.open(folder, fake_spec(), wish=LISTS) as other:
        make_base(other)
        other.delete(skus(other)[0])
    assert shelf._tending.tend()
    assert shelf._replica.tiered.base is not None
    assert len(shelf._replica) == len(shelf) == COUNT - 1
    assert not shelf._tending.tend()


def test_a_child_makes_the_base_and_a_second_one_leaves_it_to_the_first(shelf: Shelf) -> None:
    with alone(shelf.folder / LOCK_NAME) as is_alone:
        assert is_alone
        assert not shelf._tending.make_base()
        assert "another process" in shelf._tending.state
    assert shelf._tending.make_base()
    assert shelf._tending.state == "at rest"
    assert shelf._replica.tiered.base is not None
    assert list((shelf.folder / WORK_FOLDER).iterdir()) == []


@pytest.mark.parametrize("after_s", [0.0, 0.4, 0.8, 1.2, 1.6])
def test_a_child_killed_at_any_moment_leaves_a_whole_shop(shelf: Shelf, after_s: float) -> None:
    before = skus(shelf)
    child = subprocess.Popen(
        [sys.executable, "-m", "index.founding", str(shelf.folder)],
        cwd=ROOT, env={**os.environ, "OMP_NUM_THREADS": "1"},
    )  # fmt: skip
    time.sleep(after_s)
    child.send_signal(signal.SIGKILL)
    child.wait()
    with Shelf.open(shelf.folder, fake_spec(), wish=LISTS) as again:
        assert skus(again) == before
        again.save_cache()
        assert again._replica.tiered.base is not None
        assert skus(again) == before
        assert list((shelf.folder / WORK_FOLDER).iterdir()) == []


def test_a_damaged_base_is_passed_over_and_made_again(shelf: Shelf, folder: Path) -> None:
    before = skus(shelf)
    make_base(shelf)
    note = find_note(folder)
    assert note is not None
    path = folder / note.file
    data = bytearray(path.read_bytes())
    for at in range(0, len(data), 4_096):
        data[at] ^= 0x40
    path.write_bytes(data)
    with Shelf.open(folder, fake_spec(), wish=LISTS) as again:
        assert again._replica.tiered.base is None
        assert skus(again) == before
        again.save_cache()
        assert again._replica.tiered.base is not None
        assert skus(again) == before


def test_a_disk_without_room_is_told_and_nothing_else_happens(
    shelf: Shelf, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(founding, "publish", full)
    monkeypatch.setattr(os, "nice", lambda _: 0)
    monkeypatch.setattr(sys, "argv", ["founding", str(shelf.folder)])
    assert founding.main() == founding.NO_ROOM
    assert "No space left" in capfd.readouterr().err
    assert find_note(shelf.folder) is None
    with alone(shelf.folder / LOCK_NAME):
        assert founding.main() == BUSY_ELSEWHERE


def test_an_empty_shop_needs_no_base(tmp_path: Path) -> None:
    with (
        Shelf.open(tmp_path, fake_spec(), create=True, wish=LISTS) as shelf,
        shelf.database.reading() as connection,
        pytest.raises(ValueError, match="without pictures"),
    ):
        found_base(tmp_path, connection)


def test_a_title_is_told_from_a_blended_vector() -> None:
    own, title = clustered(2, 28, seed=3)
    blended = unit(own + np.float32(0.8) * title)
    found = title_in(blended, own, 0.8)
    assert found is not None
    assert np.allclose(found, title, atol=1e-5)
    assert title_in(blended, own, 0.0) is None
    assert title_in(clustered(1, 28, seed=4)[0], own, 0.2) is None


def test_old_files_of_vectors_go_when_new_ones_come(shelf: Shelf, folder: Path) -> None:
    (folder / "vectors-1-old.faiss").write_bytes(b"of an earlier version")
    make_base(shelf)
    assert len(list(folder.glob("vectors-*"))) == 1
    kept.drop(folder)
    assert [path.name for path in folder.glob("vectors*")] == [kept.LOCK_NAME]


def test_few_rows_are_compared_one_by_one_so_these_tests_are_exact() -> None:
    assert base.EXACT_SHOP >= 2 * COUNT
