"""What no product shows any more leaves the disk: uploads and thumbnails, and nothing else."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from index.build import apply_source
from index.database import Database
from index.disposal import ABANDONED_AFTER_S, THUMBNAILS_FOLDER
from index.entry import SeenPicture
from index.examine import keep_picture, sha256_of
from index.product import Picture, Product
from index.shelf import Shelf
from tests.fakes import FakeEncoder, drawn_picture, fake_spec

ROOT = Path(__file__).parents[2]
ENCODER = FakeEncoder()
WORDS = ENCODER.words(["x"])[0]
ONE, OTHER = drawn_picture(1), drawn_picture(2)
DIES_BEFORE_UNLINKING = """
import os, signal, sys
from pathlib import Path
from index.disposal import Disposal
from index.shelf import Shelf
from tests.fakes import fake_spec
Disposal.run = lambda *_: os.kill(os.getpid(), signal.SIGKILL)
Shelf.open(Path(sys.argv[1]), fake_spec(title_weight=0)).delete("a")
"""


@pytest.fixture
def shelf(tmp_path: Path):
    with Shelf.open(tmp_path / "shop", fake_spec(title_weight=0), create=True) as opened:
        yield opened


def put(shelf: Shelf, sku: str, data: bytes) -> None:
    """As the door does it: the file, then its row."""
    name = sha256_of(data)
    picture = Picture(sku, 0, keep_picture(shelf.folder, data, name), name, "")
    shelf.revise(
        sku,
        lambda _: Product(sku),
        lambda words: ENCODER.words([words])[0],
        (SeenPicture(picture, WORDS),),
        lambda: keep_picture(shelf.folder, data, name) and None,
    )


def draw_thumbnail(shelf: Shelf, data: bytes) -> Path:
    name = sha256_of(data)
    path = shelf.folder / THUMBNAILS_FOLDER / name[:2] / f"{name}-160.jpg"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(b"small")
    return path


def files(shelf: Shelf) -> set[str]:
    """Names in the shop's own folders of pictures, without endings."""
    found = [*shelf.folder.glob("pictures/*"), *shelf.folder.glob("thumbnails/*/*")]
    return {path.name for path in found}


def grow_old(shelf: Shelf) -> None:
    past = time.time() - ABANDONED_AFTER_S - 60
    for path in [*shelf.folder.glob("pictures/*"), *shelf.folder.glob("thumbnails/*/*")]:
        os.utime(path, (past, past))


def test_a_deleted_product_leaves_neither_upload_nor_thumbnail(shelf: Shelf) -> None:
    put(shelf, "a", ONE)
    draw_thumbnail(shelf, ONE)
    assert len(files(shelf)) == 2
    shelf.delete("a")
    assert files(shelf) == set()


def test_a_replaced_picture_goes_and_the_new_one_stays(shelf: Shelf) -> None:
    put(shelf, "a", ONE)
    draw_thumbnail(shelf, ONE)
    put(shelf, "a", OTHER)
    assert files(shelf) == {f"{sha256_of(OTHER)}.png"}


def test_a_picture_that_another_product_shows_stays_until_that_goes_too(shelf: Shelf) -> None:
    put(shelf, "a", ONE)
    put(shelf, "b", ONE)
    shelf.delete("a")
    assert files(shelf) == {f"{sha256_of(ONE)}.png"}
    shelf.write([], remove=["b"])
    assert files(shelf) == set()


def test_a_merchants_own_file_is_never_touched(shelf: Shelf, tmp_path: Path) -> None:
    own = tmp_path / "source.png"
    own.write_bytes(ONE)
    name = sha256_of(ONE)
    shelf.put(Product("a"), [Picture("a", 0, str(own), name, "")], [WORDS])
    thumbnail = draw_thumbnail(shelf, ONE)
    stranger = shelf.folder / "pictures" / "logo.png"
    stranger.parent.mkdir(exist_ok=True)
    stranger.write_bytes(b"logo")
    shelf.delete("a")
    grow_old(shelf)
    shelf.disposal.sweep(time.time())
    assert own.exists()
    assert stranger.exists()
    assert not thumbnail.exists()


def test_a_source_that_takes_a_product_over_leaves_no_upload(shelf: Shelf, tmp_path: Path) -> None:
    put(shelf, "a", ONE)
    draw_thumbnail(shelf, ONE)
    (tmp_path / "other.png").write_bytes(OTHER)
    (tmp_path / "catalogue.csv").write_text("sku,image\na,other.png\n", "utf-8")
    apply_source(shelf, ENCODER, tmp_path / "catalogue.csv", pictures_only=True)
    assert Path(shelf.pictures("a")[0].path) == tmp_path / "other.png"
    assert files(shelf) == set()


def test_a_file_that_a_delete_unlinks_before_its_new_row_is_written_is_kept_again(
    shelf: Shelf, monkeypatch: pytest.MonkeyPatch
) -> None:
    put(shelf, "a", ONE)
    writing, once = Database.writing, []

    def delete_first(self: Database, **how: bool):  # type: ignore[no-untyped-def] # a context
        if not once:
            once.append(True)
            shelf.delete("a")
        return writing(self, **how)

    monkeypatch.setattr(Database, "writing", delete_first)
    put(shelf, "b", ONE)
    assert once == [True]
    assert Path(shelf.pictures("b")[0].path).read_bytes() == ONE


def test_killed_between_the_row_and_the_file_the_next_opening_finishes(tmp_path: Path) -> None:
    spec = fake_spec(title_weight=0)
    with Shelf.open(tmp_path, spec, create=True) as shelf:
        put(shelf, "a", ONE)
        draw_thumbnail(shelf, ONE)
    done = subprocess.run(
        [sys.executable, "-c", DIES_BEFORE_UNLINKING, str(tmp_path)], cwd=ROOT, timeout=60
    )
    assert done.returncode == -signal.SIGKILL
    with Shelf.open(tmp_path, spec) as shelf:
        assert shelf.find("a") is None
        assert len(files(shelf)) == 2
        shelf.disposal.sweep(time.time())
        assert files(shelf) == set()


def test_what_a_crash_left_without_a_row_goes_once_it_is_old(shelf: Shelf) -> None:
    put(shelf, "a", ONE)
    keep_picture(shelf.folder, OTHER, sha256_of(OTHER))
    draw_thumbnail(shelf, OTHER)
    part = shelf.folder / "pictures" / f".{sha256_of(ONE)}.png.1.abcd.part"
    part.write_bytes(ONE[:10])
    shelf.disposal.sweep(time.time())
    assert len(files(shelf)) == 4  # young: a put may have written them and not yet its row
    grow_old(shelf)
    shelf.disposal.sweep(time.time())
    assert files(shelf) == {f"{sha256_of(ONE)}.png"}


def test_a_file_that_cannot_be_unlinked_is_tried_again(
    shelf: Shelf, monkeypatch: pytest.MonkeyPatch
) -> None:
    put(shelf, "a", ONE)
    with monkeypatch.context() as stuck:
        stuck.setattr(Path, "unlink", lambda *_, **__: (_ for _ in ()).throw(PermissionError()))
        shelf.delete("a")
    assert len(files(shelf)) == 1
    shelf.disposal.run()
    assert files(shelf) == set()
