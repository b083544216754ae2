"""Rows that say what they said are not understood again, and never taken for what they are not."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from index import recall
from index.build import Report, apply_source
from index.flip import Flip
from index.product import Product
from index.recall import digest_of
from index.row import Row, understand
from index.shelf import Shelf
from tests.fakes import FakeEncoder, drawn_picture

ENCODER = FakeEncoder()
NOW_NS = 2_000_000_000 * 1_000_000_000  # files are no longer fresh then


class Source:
    """A catalogue that is edited between runs, and how many rows each run understood."""

    def __init__(self, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        self._folder = folder
        folder.mkdir()
        self.rows = [f"p{n},{n}.png,Bag {n},{n}" for n in range(6)]
        for n in range(8):
            (folder / f"{n}.png").write_bytes(drawn_picture(n))
        self.understood = 0
        monkeypatch.setattr(recall, "understand", self._understand)

    def _understand(self, *arguments: object) -> Iterator[object]:
        self.understood += 1
        return understand(*arguments)  # type: ignore[arg-type] # as they came

    def apply(self, shelf: Shelf, header: str = "sku,image,title,price") -> Report:
        file = self._folder / "catalogue.csv"
        file.write_text("\n".join([header, *self.rows]), "utf-8")
        self.understood = 0
        return apply_source(shelf, ENCODER, file, clock_ns=lambda: NOW_NS, allow_removals=True)


@pytest.fixture
def shelf(tmp_path: Path) -> Iterator[Shelf]:
    with Shelf.open(tmp_path / "shop", ENCODER.spec, create=True) as shelf:
        yield shelf


@pytest.fixture
def source(tmp_path: Path, shelf: Shelf, monkeypatch: pytest.MonkeyPatch) -> Source:
    source = Source(tmp_path / "source", monkeypatch)
    assert source.apply(shelf).added == 6
    return source


def outcome(report: Report) -> tuple[int, int, int, int]:
    return report.added, report.changed, report.unchanged, report.removed


def test_the_second_run_understands_nothing(shelf: Shelf, source: Source) -> None:
    assert outcome(source.apply(shelf)) == (0, 0, 6, 0)
    assert source.understood == 0


def test_only_rows_that_say_something_else_are_understood(shelf: Shelf, source: Source) -> None:
    source.rows[2] = "p2,2.png,Bag 2,99"
    source.rows[3] = "p3,7.png,Bag 3,3"
    source.rows[4:] = ["new,6.png,Coat,5"]
    assert outcome(source.apply(shelf)) == (1, 2, 2, 2)
    assert source.understood == 3
    assert (shelf.get("p2").price, shelf.get("new").title) == (99, "Coat")
    assert outcome(source.apply(shelf)) == (0, 0, 5, 0)
    assert source.understood == 0


def test_a_picture_that_changed_is_seen(shelf: Shelf, source: Source, tmp_path: Path) -> None:
    before = shelf.vector_of("p1").vector.tobytes()
    (tmp_path / "source" / "1.png").write_bytes(drawn_picture(99))
    assert outcome(source.apply(shelf)) == (0, 1, 5, 0)
    assert shelf.vector_of("p1").vector.tobytes() != before


def test_what_the_api_changed_is_what_the_source_says_again(shelf: Shelf, source: Source) -> None:
    shelf.flip(Flip("p1", price=77.0))
    shelf.change(Product("p2", title="Bag 2", colour="red"))
    shelf.delete("p3")
    assert outcome(source.apply(shelf)) == (1, 2, 3, 0)
    assert (shelf.get("p1").price, shelf.get("p2").colour, shelf.get("p3").price) == (1, "", 3)


@pytest.mark.parametrize("at", [0, 6])
def test_a_second_row_of_a_sku_is_merged_with_the_one_that_is_the_same(
    shelf: Shelf, source: Source, at: int
) -> None:
    source.rows.insert(at, "p1,7.png,,")
    assert outcome(source.apply(shelf)) == (0, 1, 5, 0)
    assert {Path(p.path).name for p in shelf.pictures("p1")} == {"1.png", "7.png"}
    assert outcome(source.apply(shelf)) == (0, 0, 6, 0)
    del source.rows[at]
    assert outcome(source.apply(shelf)) == (0, 1, 5, 0)
    assert [Path(p.path).name for p in shelf.pictures("p1")] == ["1.png"]


def test_other_columns_or_another_folder_make_other_rows(
    shelf: Shelf, source: Source, tmp_path: Path
) -> None:
    assert outcome(source.apply(shelf, "sku,image,title,weight")) == (0, 6, 0, 0)
    assert shelf.get("p1").attributes == {"weight": ("1",)}
    cells = {"sku": ["a"], "image": ["a.png"]}
    assert digest_of(cells, tmp_path) != digest_of(cells, tmp_path / "source")


def test_rows_whose_meaning_hangs_on_more_than_their_letters_have_no_proof(tmp_path: Path) -> None:
    for image in ("a, b.png", "https://shop.test/a.png"):
        assert digest_of({"sku": ["a"], "Images": [image]}, tmp_path) is None


def test_a_bad_picture_is_told_at_every_run(shelf: Shelf, source: Source) -> None:
    source.rows[0] = "p0,0.png|absent.png,Bag 0,0"
    for _ in range(2):
        report = source.apply(shelf)
        assert [bad.code for bad in report.rejected] == ["missing_picture"]


def test_a_new_weight_of_titles_looks_at_all(shelf: Shelf, source: Source, tmp_path: Path) -> None:
    file = tmp_path / "source" / "catalogue.csv"
    report = apply_source(shelf, ENCODER, file, pictures_only=True, clock_ns=lambda: NOW_NS)
    assert outcome(report) == (0, 6, 0, 0)
    assert isinstance(next(iter(understand(1, {"sku": ["a"], "image": ["b"]}, tmp_path))), Row)
