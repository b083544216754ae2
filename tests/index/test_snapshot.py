"""A snapshot holds one moment, whole; what is damaged or no snapshot replaces nothing."""

import io
import json
import shutil
import tarfile
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from index.build import apply_source
from index.check import check_shop
from index.database import Database
from index.entry import Entry, SeenPicture
from index.errors import BadSnapshot, NoShop, ShopBusy
from index.examine import keep_picture, sha256_of
from index.flip import Flip
from index.manifest import read_manifest
from index.product import Picture, Product
from index.query import Query
from index.restore import read_about, restore_snapshot
from index.shelf import Shelf
from index.snapshot import Taken, take_snapshot
from tests.fakes import FakeEncoder, drawn_picture

ENCODER = FakeEncoder()
AT = "2026-11-22T12:00:00+00:00"
PRODUCTS = 5


def upload(shelf: Shelf, sku: str, n: int) -> None:
    data = drawn_picture(n)
    name = sha256_of(data)
    (own,) = ENCODER.words([sku])
    picture = Picture(sku, 0, keep_picture(shelf.folder, data, name), name, "")
    title = f"Bag {n}"
    shelf.write([Entry(Product(sku, title=title), (SeenPicture(picture, own),), title, own)])


@pytest.fixture
def shelf(tmp_path: Path) -> Iterator[Shelf]:
    source = tmp_path / "source"
    source.mkdir()
    lines = ["sku,image,title,price"]
    for n in range(PRODUCTS):
        (source / f"{n}.png").write_bytes(drawn_picture(n))
        lines.append(f"p{n},{n}.png,Bag {n},{n}")
    (source / "catalogue.csv").write_text("\n".join(lines))
    with Shelf.open(tmp_path / "shop", ENCODER.spec, create=True) as shelf:
        apply_source(shelf, ENCODER, source)
        upload(shelf, "up", 50)
        yield shelf


def take(shelf: Shelf, target: Path, *, whole: bool = True) -> Taken:
    return take_snapshot(shelf.folder, target, taken_at=AT, whole=whole)


def restore(file: Path, folder: Path) -> Path | None:
    return restore_snapshot(file, folder, now_s=time.time(), beside=".before")


def answers(folder: Path) -> list[tuple[str, float]]:
    with Shelf.open(folder, ENCODER.spec) as opened:
        hits = opened.search(Query(ENCODER.words(["any"])[0], top=50, unfold=True)).hits
        return [(hit.product.sku, round(hit.score, 5)) for hit in hits]


def test_what_was_taken_comes_back_on_a_machine_that_has_nothing_else(
    shelf: Shelf, tmp_path: Path
) -> None:
    before = answers(shelf.folder)
    taken = take(shelf, tmp_path / "s.tar")
    assert (taken.about.products, taken.about.pictures, taken.left_out) == (6, 6, [])
    assert taken.size_bytes == (tmp_path / "s.tar").stat().st_size
    shutil.rmtree(tmp_path / "source")
    assert restore(tmp_path / "s.tar", tmp_path / "there") is None
    assert check_shop(tmp_path / "there", now_s=time.time() + 10_000).found == []
    assert answers(tmp_path / "there") == before
    with Shelf.open(tmp_path / "there", ENCODER.spec) as there:
        assert Path(there.pictures("p1")[0].path).read_bytes() == drawn_picture(1)
        assert Path(there.pictures("up")[0].path).read_bytes() == drawn_picture(50)


def test_without_the_merchants_pictures_only_uploads_are_taken(
    shelf: Shelf, tmp_path: Path
) -> None:
    take(shelf, tmp_path / "s.tar", whole=False)
    with tarfile.open(tmp_path / "s.tar") as tar:
        assert sum(name.startswith("pictures/") for name in tar.getnames()) == 1
    restore(tmp_path / "s.tar", tmp_path / "there")
    with Shelf.open(tmp_path / "there", ENCODER.spec) as there:
        assert there.pictures("p1") == shelf.pictures("p1")
        report = apply_source(there, ENCODER, tmp_path / "source")
        assert (report.unchanged, report.pictures_encoded) == (PRODUCTS, 0)


def test_pictures_that_changed_or_went_are_left_out_and_said(shelf: Shelf, tmp_path: Path) -> None:
    one, two = (Path(shelf.pictures(sku)[0].path) for sku in ("p1", "p2"))
    one.unlink()
    two.write_bytes(drawn_picture(99))
    taken = take(shelf, tmp_path / "s.tar")
    assert set(taken.left_out) == {str(one), str(two)}
    restore(tmp_path / "s.tar", tmp_path / "there")
    with Shelf.open(tmp_path / "there", ENCODER.spec) as there:
        assert [p.path for p in there.pictures("p2")] == [str(two)]
    assert len(list((tmp_path / "there" / "pictures").iterdir())) == 4


def test_a_picture_cut_short_while_it_is_packed_costs_no_other(
    shelf: Shelf, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    two = Path(shelf.pictures("p2")[0].path)
    pack = tarfile.TarFile.addfile

    def cut_and_pack(tar: tarfile.TarFile, info: tarfile.TarInfo, data: Any = None) -> None:
        if info.name.startswith(f"pictures/{sha256_of(drawn_picture(2))}"):
            two.write_bytes(two.read_bytes()[:100])  # a retoucher saves it just now
        pack(tar, info, data)

    monkeypatch.setattr(tarfile.TarFile, "addfile", cut_and_pack)
    taken = take(shelf, tmp_path / "s.tar")
    assert taken.left_out == [str(two)]
    restore(tmp_path / "s.tar", tmp_path / "there")
    assert len(answers(tmp_path / "there")) == PRODUCTS + 1
    assert len(list((tmp_path / "there" / "pictures").iterdir())) == PRODUCTS


def test_a_snapshot_of_a_shop_that_is_written_to_is_of_one_moment(
    shelf: Shelf, tmp_path: Path
) -> None:
    ended = threading.Event()
    for n in range(4):
        upload(shelf, f"u{n}", 200 + n)

    def write() -> None:
        """All stocks are one number at any moment; uploads come and go."""
        n = 0
        while not ended.is_set():
            n += 1
            shelf.flip_all([Flip(f"p{k}", stock=n) for k in range(PRODUCTS)])
            upload(shelf, f"u{n % 4}", 300 + n)
            shelf.delete(f"u{(n + 2) % 4}") if shelf.find(f"u{(n + 2) % 4}") else None

    writer = threading.Thread(target=write)
    writer.start()
    try:
        for n in range(4):
            taken = take(shelf, tmp_path / f"{n}.tar")
            assert taken.left_out == []
    finally:
        ended.set()
        writer.join()
    for n in range(4):
        there = tmp_path / f"there{n}"
        restore(tmp_path / f"{n}.tar", there)
        assert check_shop(there, now_s=time.time() + 10_000).found == []
        with Shelf.open(there, ENCODER.spec) as opened:
            assert len({opened.get(f"p{k}").stock for k in range(PRODUCTS)}) == 1
    shelf.flip(Flip("p1", stock=0))
    assert check_shop(shelf.folder, now_s=time.time() + 10_000).found == []


def test_every_byte_counts(shelf: Shelf, tmp_path: Path) -> None:
    """One bit that falls over anywhere in what matters, or a cut anywhere, is found."""
    take(shelf, tmp_path / "s.tar")
    data = (tmp_path / "s.tar").read_bytes()
    with tarfile.open(tmp_path / "s.tar") as tar:
        members = [(m.offset_data, m.size) for m in tar]
    places = [start + at for start, size in members for at in (0, size // 2, size - 1)]
    for place in places:
        bad = bytearray(data)
        bad[place] ^= 4
        (tmp_path / "bad.tar").write_bytes(bad)
        with pytest.raises(BadSnapshot):
            restore(tmp_path / "bad.tar", tmp_path / "there")
    for share in (0.0, 0.1, 0.5, 0.9):
        (tmp_path / "bad.tar").write_bytes(data[: int(share * members[-1][0])])
        with pytest.raises(BadSnapshot):
            restore(tmp_path / "bad.tar", tmp_path / "there")
    assert not (tmp_path / "there").exists()
    assert [p.name for p in tmp_path.iterdir() if p.name.startswith(".")] == []


def test_a_tar_with_anything_else_in_it_is_refused(shelf: Shelf, tmp_path: Path) -> None:
    take(shelf, tmp_path / "s.tar")
    for name, kind in (
        ("../escaped", tarfile.REGTYPE), ("/escaped", tarfile.REGTYPE),
        (f"pictures/{'a' * 64}.jpg", tarfile.SYMTYPE), ("pictures/../../escaped", tarfile.REGTYPE),
    ):  # fmt: skip
        with tarfile.open(tmp_path / "s.tar") as good, tarfile.open(tmp_path / "e.tar", "w") as bad:
            for member in good:
                if member.name == "checksums.json":
                    evil = tarfile.TarInfo(name)
                    evil.type, evil.size, evil.linkname = kind, 0, "/etc/passwd"
                    bad.addfile(evil, io.BytesIO())
                bad.addfile(member, good.extractfile(member))
        with pytest.raises(BadSnapshot):
            restore(tmp_path / "e.tar", tmp_path / "there")
    assert not any("escaped" in p.name for p in tmp_path.rglob("*"))


def test_what_was_there_lies_beside_afterwards(shelf: Shelf, tmp_path: Path) -> None:
    take(shelf, tmp_path / "s.tar")
    upload(shelf, "later", 60)
    shelf.close()
    old = restore(tmp_path / "s.tar", shelf.folder)
    assert old == tmp_path / "shop.before"
    assert "later" in dict(answers(old))
    assert "later" not in dict(answers(shelf.folder))


def test_a_shop_that_somebody_has_open_is_not_replaced(shelf: Shelf, tmp_path: Path) -> None:
    take(shelf, tmp_path / "s.tar")
    identity = read_manifest(shelf.folder).identity
    with pytest.raises(ShopBusy):
        restore(tmp_path / "s.tar", shelf.folder)
    assert read_manifest(shelf.folder).identity == identity
    assert not (tmp_path / "shop.before").exists()
    upload(shelf, "still works", 61)


def test_no_shop_no_snapshot(tmp_path: Path) -> None:
    with pytest.raises(NoShop):
        take_snapshot(tmp_path, tmp_path / "s.tar", taken_at=AT, whole=False)
    assert not (tmp_path / "s.tar").exists()


def test_a_snapshot_of_a_later_format_is_refused(shelf: Shelf, tmp_path: Path) -> None:
    take(shelf, tmp_path / "s.tar")
    about = json.dumps({**json.loads(json.dumps({"format": 2})), "identity": "", "model": "",
                        "taken_at": "", "sequence": 0, "products": 0, "pictures": 0,
                        "whole": False}).encode()  # fmt: skip
    with tarfile.open(tmp_path / "l.tar", "w") as tar:
        info = tarfile.TarInfo("snapshot.json")
        info.size = len(about)
        tar.addfile(info, io.BytesIO(about))
    with pytest.raises(BadSnapshot, match="format"):
        read_about(tmp_path / "l.tar")


def test_a_closed_database_lets_go_of_the_shop(tmp_path: Path, shelf: Shelf) -> None:
    take(shelf, tmp_path / "s.tar")
    shelf.close()
    other = Database(shelf.folder)
    with pytest.raises(ShopBusy):
        restore(tmp_path / "s.tar", shelf.folder)
    other.close()
    assert restore(tmp_path / "s.tar", shelf.folder) is not None
