"""Two hundred broken rows of twenty kinds: each is rejected for its reason, costing only itself."""

from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest

from index.build import Report, apply_source
from index.shelf import Shelf
from tests.broken_rows import KINDS, BrokenCatalogue, Kind, broken_catalogue
from tests.fakes import FakeEncoder, fake_spec

Applied = tuple[BrokenCatalogue, Shelf, Report]


@pytest.fixture(scope="module")
def applied(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Applied]:
    folder: Path = tmp_path_factory.mktemp("broken")
    catalogue = broken_catalogue(folder / "source")
    with Shelf.open(folder / "shop", fake_spec(), create=True) as shelf:
        report = apply_source(shelf, FakeEncoder(shelf.spec), catalogue.table)
        yield catalogue, shelf, report


def test_there_are_two_hundred_of_twenty_kinds(applied: Applied) -> None:
    catalogue, _, report = applied
    assert (len(KINDS), len(catalogue.broken), len(report.rejected)) == (20, 200, 200)


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.name)
def test_each_is_rejected_with_its_line_its_code_and_its_sku(applied: Applied, kind: Kind) -> None:
    catalogue, shelf, report = applied
    told = {bad.line: bad for bad in report.rejected}
    rows = [row for row in catalogue.broken if row[1] is kind]
    assert len(rows) == 10
    for sku, wanted, line in rows:
        assert told[line].code == wanted.code
        assert told[line].reason.strip()
        if wanted.told_by_sku:
            assert told[line].sku == sku
        assert shelf.find(sku) is None


def test_every_good_row_is_in_the_shop_and_can_be_found(applied: Applied) -> None:
    catalogue, shelf, report = applied
    assert report.added == len(shelf) == len(catalogue.good) == 300
    assert all(shelf.find(sku) is not None for sku in catalogue.good)


def test_the_same_catalogue_again_changes_nothing(applied: Applied) -> None:
    catalogue, shelf, first = applied
    again = apply_source(shelf, FakeEncoder(shelf.spec), catalogue.table)
    assert (again.added, again.changed, again.removed, again.unchanged) == (0, 0, 0, 300)
    codes = [Counter(bad.code for bad in report.rejected) for report in (first, again)]
    assert codes[0] == codes[1]
