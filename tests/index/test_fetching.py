"""A catalogue whose pictures lie on other machines becomes a shop, and stays one."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from index.address import Allowed
from index.build import Report, apply_source
from index.courtesy import Courtesy
from index.fetch import FetchLimits
from index.fetching import Fetching
from index.links import Links
from index.shelf import Shelf
from tests.fakes import FakeEncoder, drawn_picture, fake_spec
from tests.picture_host import PictureHost, picture_host


@pytest.fixture
def host() -> Iterator[PictureHost]:
    with picture_host() as served:
        for n in range(4):
            served.shows(f"/p/{n}.png", drawn_picture(n), ETag=f'"{n}"')
        yield served


@pytest.fixture
def shelf(tmp_path: Path) -> Iterator[Shelf]:
    with Shelf.open(tmp_path / "shop", fake_spec(), create=True) as opened:
        yield opened


@pytest.fixture
def table(tmp_path: Path) -> Path:
    return tmp_path / "catalogue.csv"


def apply(shelf: Shelf, table: Path, host: PictureHost, **how: bool) -> Report:
    fetching = Fetching(
        FetchLimits(allowed=Allowed.of([host.name]), total_s=60),
        Courtesy(tries=1, fresh_s=0, back_off_s=0.01),
    )
    encoder = FakeEncoder(shelf.spec)
    return apply_source(shelf, encoder, table, fetching=fetching, allow_removals=True, **how)


def write(table: Path, host: PictureHost, *rows: str) -> None:
    lines = [row.replace("HOST", host.url) for row in rows]
    table.write_text("\n".join(["sku,title,image", *lines]), "utf-8")


def codes(report: Report) -> list[tuple[str | None, str]]:
    return [(bad.sku, bad.code) for bad in report.rejected]


def test_links_and_files_stand_side_by_side_in_their_order(
    shelf: Shelf, table: Path, host: PictureHost
) -> None:
    (table.parent / "own.png").write_bytes(drawn_picture(9))
    write(table, host, "a,A,HOST/p/0.png?w=1", 'b,B,"HOST/p/1.png, HOST/p/2.png"', "c,C,own.png")
    report = apply(shelf, table, host)
    assert (report.added, report.pictures_fetched, report.rejected) == (3, 3, [])
    shown = [Path(picture.path).read_bytes() for picture in shelf.pictures("b")]
    assert shown == [drawn_picture(1), drawn_picture(2)]
    assert host.asked.count("/p/0.png?w=1") == 1


def test_the_next_run_encodes_only_what_changed_over_there(
    shelf: Shelf, table: Path, host: PictureHost
) -> None:
    write(table, host, "a,A,HOST/p/0.png", "b,B,HOST/p/1.png")
    apply(shelf, table, host)
    host.answers["/p/0.png"] = lambda asked: asked.say(304, b"")
    host.shows("/p/1.png", drawn_picture(7))
    report = apply(shelf, table, host)
    assert (report.changed, report.unchanged, report.pictures_encoded) == (1, 1, 1)


def test_a_dead_link_costs_itself_only(shelf: Shelf, table: Path, host: PictureHost) -> None:
    write(
        table,
        host,
        "a,A,HOST/p/gone.png",
        'b,B,"HOST/p/1.png,HOST/p/gone2.png"',
        "c,C,HOST/p/2.png",
    )
    report = apply(shelf, table, host)
    assert codes(report) == [("a", "dead_link"), ("b", "dead_link")]
    assert (report.added, len(shelf.pictures("b"))) == (2, 1)
    assert [note.sku for note in Links(shelf.folder).dead()] == ["a", "b"]


def test_a_link_that_dies_later_leaves_its_product_as_it_was(
    shelf: Shelf, table: Path, host: PictureHost
) -> None:
    write(table, host, "a,A,HOST/p/0.png", "b,B,HOST/p/1.png")
    apply(shelf, table, host)
    del host.answers["/p/0.png"]
    report = apply(shelf, table, host)
    assert codes(report) == [("a", "dead_link")]
    assert (report.unchanged, report.removed) == (2, 0)
    assert Path(shelf.pictures("a")[0].path).read_bytes() == drawn_picture(0)


def test_copies_that_nothing_needs_leave_the_disk(
    shelf: Shelf, table: Path, host: PictureHost
) -> None:
    write(table, host, "a,A,HOST/p/0.png", "b,B,HOST/p/1.png")
    apply(shelf, table, host)
    place = Path(shelf.pictures("a")[0].path)
    write(table, host, "b,B,HOST/p/1.png")
    assert apply(shelf, table, host).removed == 1
    assert not place.exists()
    assert Path(shelf.pictures("b")[0].path).exists()


def test_a_link_to_where_nobody_may_look_is_a_rejected_row(
    shelf: Shelf, table: Path, host: PictureHost
) -> None:
    write(table, host, "a,A,http://169.254.169.254/x.png", "b,B,HOST/p/1.png", "c,C,http://[::1")
    report = apply(shelf, table, host)
    assert codes(report) == [("a", "dead_link"), ("c", "dead_link")]
    assert "not public" in report.rejected[0].reason


def test_without_leave_to_fetch_a_link_is_told_as_one(
    shelf: Shelf, table: Path, host: PictureHost
) -> None:
    write(table, host, "a,A,HOST/p/0.png")
    report = apply_source(shelf, FakeEncoder(shelf.spec), table)
    assert codes(report) == [("a", "remote_picture")]
    assert host.asked == []
