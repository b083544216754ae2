"""A zip is unpacked inside its folder, within its bounds, or refused with a reason."""

import io
import os
import stat
import struct
import zipfile
from contextlib import suppress
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from index.archive import ArchiveLimits, is_archive, prune, unpack
from index.errors import BadRow, BadSource
from index.source import read_source
from tests.fakes import drawn_picture

SMALL = ArchiveLimits(
    files=50, total_bytes=3_000_000, picture_bytes=1_000_000, table_bytes=2_000_000, ratio=50,
    small_bytes=100_000, free_bytes=0,
)  # fmt: skip
PICTURE = drawn_picture(1)
Names = dict[str, bytes]


def zipped(path: Path, files: Names, *, how: int = zipfile.ZIP_STORED) -> Path:
    with zipfile.ZipFile(path, "w", how) as archive:
        for name, data in files.items():
            info = zipfile.ZipInfo(name)
            info.filename = name  # the constructor tidies it
            info.compress_type = how
            archive.writestr(info, data)
    return path


def everything_in(folder: Path) -> dict[str, bytes]:
    return {
        p.relative_to(folder).as_posix(): p.read_bytes() for p in folder.rglob("*") if p.is_file()
    }


@pytest.fixture
def archive(tmp_path: Path) -> Path:
    return tmp_path / "catalogue.zip"


@pytest.fixture
def into(tmp_path: Path) -> Path:
    return tmp_path / "out" / "catalogue"


def test_a_zip_of_pictures_is_a_folder_of_pictures(archive: Path, into: Path) -> None:
    zipped(archive, {
        "shop/Bags/a.png": PICTURE, "shop/Hats/b.PNG": drawn_picture(2), "shop/": b"",
        "__MACOSX/shop/._a.png": b"x", "shop/.DS_Store": b"x", "shop/readme.pdf": b"%PDF",
    })  # fmt: skip
    found = unpack(archive, into, SMALL)
    assert (found.source, found.pictures) == (into / "shop", 2)
    assert found.passed_over == ("shop/readme.pdf",)
    rows = [row for row in read_source(found.source) if not isinstance(row, BadRow)]
    assert [(r.product.sku, r.product.categories) for r in rows] == [
        ("Bags/a", ("Bags",)), ("Hats/b", ("Hats",)),
    ]  # fmt: skip


def test_pictures_of_one_kind_keep_their_category(archive: Path, into: Path) -> None:
    zipped(archive, {"shop/Bags/a.png": PICTURE})
    assert unpack(archive, into, SMALL).source == into / "shop"


@pytest.mark.parametrize("name", ["catalogue.csv", "shop/list.CSV"])
def test_a_zip_with_a_table_is_that_table(archive: Path, into: Path, name: str) -> None:
    folder = f"{name.rpartition('/')[0]}/" if "/" in name else ""
    table = b"sku,image\na,images/a.png\n"
    zipped(archive, {name: table, f"{folder}images/a.png": PICTURE}, how=zipfile.ZIP_DEFLATED)
    found = unpack(archive, into, SMALL)
    (row,) = read_source(found.source)
    assert not isinstance(row, BadRow)
    assert [image.read_bytes() for image in row.images] == [PICTURE]  # type: ignore[union-attr] # files


def test_of_several_tables_catalogue_csv_is_the_one(archive: Path, into: Path) -> None:
    files = {"catalogue.csv": b"sku,image\n", "old.csv": b"sku,image\n"}
    assert unpack(zipped(archive, files), into, SMALL).source == into / "catalogue.csv"
    with pytest.raises(BadSource, match="several tables"):
        unpack(zipped(archive, {"a.csv": b"", "b.csv": b""}), into, SMALL)


OUTSIDE = [
    "../evil.png", "a/../../evil.png", "/etc/evil.png", "..\\evil.png", "a\\..\\..\\evil.png",
    "C:evil.png", "C:/evil.png", "\\\\host\\share\\evil.png", "a/\0/evil.png", "evil.png\0.jpg",
    "a/\n.png", "./../evil.png", "..",
]  # fmt: skip


@pytest.mark.parametrize("name", OUTSIDE)
def test_a_name_that_leads_outside_is_refused_and_nothing_is_written(
    archive: Path, into: Path, tmp_path: Path, name: str
) -> None:
    zipped(archive, {"good.png": PICTURE, name: PICTURE})
    before = set(everything_in(tmp_path))
    with pytest.raises(BadSource, match="outside"):
        unpack(archive, into, SMALL)
    assert set(everything_in(tmp_path)) == before


def test_a_link_in_the_archive_and_one_that_lies_in_the_way_write_nothing_elsewhere(
    archive: Path, into: Path, tmp_path: Path
) -> None:
    with zipfile.ZipFile(archive, "w") as made:
        link = zipfile.ZipInfo("a.png")
        link.external_attr = (stat.S_IFLNK | 0o777) << 16
        made.writestr(link, "/etc/passwd")
    with pytest.raises(BadSource, match="link"):
        unpack(archive, into, SMALL)
    victim = tmp_path / "victim.png"
    victim.write_bytes(b"precious")
    into.mkdir(parents=True, exist_ok=True)
    (into / "a.png").symlink_to(victim)
    unpack(zipped(archive, {"a.png": PICTURE}), into, SMALL)
    assert victim.read_bytes() == b"precious"
    assert (into / "a.png").read_bytes() == PICTURE


def bomb_of_zeros() -> Names:
    return {"a.csv": bytes(1_900_000)}


@pytest.mark.parametrize(
    ("files", "how", "says"),
    [
        ({f"{n}.png": b"x" for n in range(51)}, zipfile.ZIP_STORED, "more than 50 files"),
        ({"a.png": bytes(1_000_001)}, zipfile.ZIP_DEFLATED, "larger than"),
        (bomb_of_zeros(), zipfile.ZIP_DEFLATED, "no catalogue"),
        ({f"{n}.png": os.urandom(900_000) for n in range(4)}, zipfile.ZIP_STORED, "more than"),
        ({"in.zip": b"PK"}, zipfile.ZIP_STORED, "another archive"),
        ({"in.tar.gz": b"x"}, zipfile.ZIP_STORED, "another archive"),
        ({"A.png": PICTURE, "a.PNG": PICTURE}, zipfile.ZIP_STORED, "twice"),
        ({"notes.pdf": b"x"}, zipfile.ZIP_STORED, "neither"),
        ({}, zipfile.ZIP_STORED, "neither"),
        ({"x" * 300 + ".png": PICTURE}, zipfile.ZIP_STORED, "too long"),
        ({"a/" * 40 + "b.png": PICTURE}, zipfile.ZIP_STORED, "too long"),
    ],
)  # fmt: skip
def test_what_is_no_catalogue_is_refused_with_its_reason(
    archive: Path, into: Path, files: Names, how: int, says: str
) -> None:
    with pytest.raises(BadSource, match=says):
        unpack(zipped(archive, files, how=how), into, SMALL)


def patched(archive: Path, mark: bytes, at: int, value: bytes, *, every: bool = True) -> None:
    """Change `value` at `at` behind each `mark` (a header's signature)."""
    data = bytearray(archive.read_bytes())
    start = 0
    while (start := data.find(mark, start)) >= 0:
        data[start + at : start + at + len(value)] = value
        start += 4
        if not every:
            break
    archive.write_bytes(bytes(data))


def test_an_encrypted_archive_is_refused(archive: Path, into: Path) -> None:
    zipped(archive, {"a.png": PICTURE})
    patched(archive, b"PK\x01\x02", 8, b"\x01\x00")
    with pytest.raises(BadSource, match="encrypted"):
        unpack(archive, into, SMALL)


def test_a_directory_that_lies_about_sizes_writes_no_more_than_it_says(
    archive: Path, into: Path
) -> None:
    zipped(archive, {"a.csv": bytes(1_900_000)}, how=zipfile.ZIP_DEFLATED)
    patched(archive, b"PK\x01\x02", 24, struct.pack("<I", 1_000))
    with pytest.raises(BadSource):
        unpack(archive, into, SMALL)
    assert sum(len(data) for data in everything_in(into).values()) <= 1_000


def test_a_disk_without_room_is_told_before_anything_is_written(archive: Path, into: Path) -> None:
    zipped(archive, {"a.png": PICTURE})
    with pytest.raises(BadSource, match="no room"):
        unpack(archive, into, ArchiveLimits(free_bytes=1 << 62))
    assert not into.exists()


def test_the_same_zip_again_touches_only_what_is_new(archive: Path, into: Path) -> None:
    files = {"a.png": PICTURE, "b.png": drawn_picture(2), "c.png": drawn_picture(3)}
    unpack(zipped(archive, files), into, SMALL)
    before = {p.name: p.stat().st_mtime_ns for p in into.iterdir()}
    files["b.png"] = drawn_picture(9)
    del files["c.png"]
    unpack(zipped(archive, files), into, SMALL)
    after = {p.name: p.stat().st_mtime_ns for p in into.iterdir()}
    assert {name for name in after if after[name] != before[name]} == {"b.png"}
    assert "c.png" in after
    assert prune(archive, into, SMALL) == 1
    assert everything_in(into) == files


def test_a_half_unpacked_archive_is_finished_by_the_next_try(archive: Path, into: Path) -> None:
    files = {f"{n}.png": drawn_picture(n) for n in range(5)}
    zipped(archive, files)

    def give_up(done: int, total: int) -> None:
        if done == 2:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        unpack(archive, into, SMALL, give_up)
    assert len(everything_in(into)) == 2
    unpack(archive, into, SMALL)
    assert everything_in(into) == files


@settings(
    max_examples=150,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(st.data())
def test_a_damaged_zip_is_unpacked_or_refused_and_stays_inside(
    archive: Path, into: Path, data: st.DataObject
) -> None:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as made:
        for n in range(3):
            made.writestr(f"f/{n}.png", drawn_picture(n))
        made.writestr("f/t.csv", "sku,image\na,0.png\n")
    damaged = bytearray(out.getvalue())
    for _ in range(data.draw(st.integers(1, 6))):
        damaged[data.draw(st.integers(0, len(damaged) - 1))] = data.draw(st.integers(0, 255))
    archive.write_bytes(bytes(damaged[: data.draw(st.integers(1, len(damaged)))]))
    with suppress(BadSource):
        unpack(archive, into, SMALL)
    assert {p.name for p in archive.parent.iterdir()} <= {"catalogue.zip", "out"}


def test_an_archive_is_known_by_its_name() -> None:
    assert is_archive(Path("a.ZIP"))
    assert not is_archive(Path("a.csv"))
