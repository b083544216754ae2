"""The vectors' cache: quick when it is good, harmless when it is not."""

import json
import os
import shutil
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from index import replica
from index.entry import Entry, SeenPicture
from index.product import Picture, Product
from index.query import Query
from index.replica import CACHE_NAME
from index.shelf import Shelf
from tests.fakes import FakeEncoder, fake_spec
from vision.embedding import Embedding, unit


def axis(n: int) -> Embedding:
    vector = np.full(FakeEncoder.DIMENSION, 0.01, np.float32)
    vector[n] = 1
    return Embedding(unit(vector), "fake-1")


def entry(n: int, sku: str = "") -> Entry:
    sku = sku or f"p{n}"
    return Entry(Product(sku), (SeenPicture(Picture(sku, 0, f"/{n}", "0", ""), axis(n)),))


def found(shelf: Shelf) -> list[str]:
    return [shelf.search(Query(axis(n), top=1)).hits[0].product.sku for n in range(10)]


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A shop of ten products with a cache of its vectors."""
    monkeypatch.setattr(replica, "CACHE_AFTER", 1)
    with Shelf.open(tmp_path, fake_spec(), create=True) as shelf:
        shelf.write([entry(n) for n in range(10)])
        shelf.save_cache()
    return tmp_path


def cache_file(folder: Path) -> Path:
    return folder / json.loads((folder / CACHE_NAME).read_text())["file"]


def note(folder: Path, **changes: object) -> None:
    facts = json.loads((folder / CACHE_NAME).read_text())
    (folder / CACHE_NAME).write_text(json.dumps({**facts, **changes}))


def flip_a_byte(folder: Path) -> None:
    data = bytearray(cache_file(folder).read_bytes())
    data[len(data) // 2] ^= 0xFF
    cache_file(folder).write_bytes(data)


DAMAGE: dict[str, Callable[[Path], object]] = {
    "none": lambda folder: None,
    "no note": lambda folder: (folder / CACHE_NAME).unlink(),
    "no file": lambda folder: cache_file(folder).unlink(),
    "half a note": lambda folder: (folder / CACHE_NAME).write_text('{"ident'),
    "note of another version": lambda folder: (folder / CACHE_NAME).write_text('{"x": 1}'),
    "a flipped byte": flip_a_byte,
    "half a file": lambda folder: os.truncate(cache_file(folder), 99),
    "another shop's": lambda folder: note(folder, identity="someone else"),
    "another dimension": lambda folder: note(folder, dimension=27),
    "from the future": lambda folder: note(folder, sequence=1_000),
    "a lie about the past": lambda folder: note(folder, sequence=0),
}  # fmt: skip


@pytest.mark.parametrize("damage", DAMAGE)
def test_whatever_the_cache_the_shop_opens_to_the_truth(folder: Path, damage: str) -> None:
    DAMAGE[damage](folder)
    with Shelf.open(folder, fake_spec()) as shelf:
        assert found(shelf) == [f"p{n}" for n in range(10)]
        assert len(shelf.search(Query(axis(0), top=50)).hits) == 10


def test_changes_since_the_cache_was_written_are_seen(folder: Path) -> None:
    kept = {p: p.read_bytes() for p in (folder / CACHE_NAME, cache_file(folder))}
    with Shelf.open(folder, fake_spec()) as shelf:
        shelf.delete("p3")
        shelf.write([entry(3, "new"), entry(7, "p7")])
    for old in folder.glob("vectors-*.arrays"):
        old.unlink()
    for path, content in kept.items():
        path.write_bytes(content)
    with Shelf.open(folder, fake_spec()) as shelf:
        assert found(shelf)[3] == "new"
        assert len(shelf.search(Query(axis(0), top=50)).hits) == 10


def test_a_shop_put_back_from_a_backup_does_not_believe_its_newer_cache(folder: Path) -> None:
    backup = folder.parent / "backup"
    with Shelf.open(folder, fake_spec()):
        pass
    shutil.copytree(folder, backup)
    with Shelf.open(folder, fake_spec()) as shelf:
        shelf.delete("p3")
        shelf.save_cache()
    for name in ("catalogue.sqlite3", "catalogue.sqlite3-wal", "catalogue.sqlite3-shm"):
        (folder / name).unlink(missing_ok=True)
        if (backup / name).exists():
            shutil.copy(backup / name, folder / name)
    with Shelf.open(folder, fake_spec()) as shelf:
        assert found(shelf)[3] == "p3"


def test_saving_leaves_one_cache_file(folder: Path) -> None:
    with Shelf.open(folder, fake_spec()) as shelf:
        for n in range(10, 14):
            shelf.write([entry(n)])
            shelf.save_cache()
    assert len(list(folder.glob("vectors-*.arrays"))) == 1


def test_a_disk_that_takes_no_cache_costs_nothing_else(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(replica, "keep_flat", full)
    with Shelf.open(folder, fake_spec()) as shelf:
        shelf.write([entry(3, "new"), entry(11)])
        shelf.save_cache()
    with Shelf.open(folder, fake_spec()) as shelf:
        assert len(shelf.search(Query(axis(0), top=50)).hits) == 12
