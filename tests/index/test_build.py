"""Applying a catalogue: only what changed is embedded, and a bad row costs itself only."""

import csv
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

import numpy as np
import pytest

from index.build import Progress, Report, apply_source
from index.catalogue import sequence_of
from index.errors import EmptySource, ShopBusy
from index.examine import see
from index.lock import bulk_writer
from index.product import Picture, Product
from index.query import Query
from index.shelf import Shelf
from tests.fakes import FakeEncoder, drawn_picture, fake_spec
from vision.decode import Limits
from vision.embedding import unit
from vision.errors import EncoderBroken

AN_HOUR_NS = 3_600 * 10**9


class Shop:
    """A catalogue on disk, the shop made of it and the encoder that was used."""

    def __init__(self, folder: Path) -> None:
        self.source = folder / "catalogue.csv"
        self.encoder = FakeEncoder()
        self.shelf = Shelf.open(folder / "shop", self.encoder.spec, create=True)

    def picture(self, name: str, seed: int) -> str:
        (self.source.parent / name).write_bytes(drawn_picture(seed))
        return name

    def rows(self, rows: Sequence[Mapping[str, object]]) -> None:
        columns = list(dict.fromkeys(name for row in rows for name in row)) or ["sku", "image"]
        with self.source.open("w", newline="") as file:
            writer = csv.DictWriter(file, columns)
            writer.writeheader()
            writer.writerows(rows)

    def apply(self, **options: bool) -> Report:
        """Apply the catalogue as if an hour later, so that stamps are trusted."""
        before = self.encoder.pictures_seen
        report = apply_source(
            self.shelf,
            self.encoder,
            self.source,
            clock_ns=lambda: self.source.stat().st_mtime_ns + AN_HOUR_NS,
            **options,
        )
        assert report.pictures_encoded == self.encoder.pictures_seen - before
        return report


def counts(report: Report) -> tuple[int, int, int, int]:
    return report.added, report.changed, report.unchanged, report.removed


@pytest.fixture
def shop(tmp_path: Path) -> Iterator[Shop]:
    shop = Shop(tmp_path)
    yield shop
    shop.shelf.close()


def test_a_source_of_some_products_keeps_the_others_when_told_so(shop: Shop) -> None:
    rows = ten(shop)
    shop.rows(rows)
    shop.apply()
    shop.rows([rows[0] | {"title": "Another"}])
    assert counts(shop.apply(keep_unnamed=True)) == (0, 1, 0, 0)
    assert len(shop.shelf) == 10


def ten(shop: Shop, **fields: object) -> list[dict[str, object]]:
    return [
        {"sku": f"p{n}", "image": shop.picture(f"{n}.png", n), "title": f"Bag {n}", "price": n}
        | fields
        for n in range(10)
    ]


def test_a_catalogue_becomes_a_shop_in_which_each_picture_finds_its_product(shop: Shop) -> None:
    shop.rows(ten(shop))
    report = shop.apply()
    assert counts(report) == (10, 0, 0, 0)
    assert report.pictures_encoded == 10
    for n in range(10):
        own = shop.shelf.vector_of(f"p{n}")
        assert shop.shelf.search(Query(own, top=1)).hits[0].product.price == n


def test_applied_again_nothing_is_embedded_nor_written(shop: Shop) -> None:
    shop.rows(ten(shop))
    shop.apply()
    pictures = shop.shelf.pictures("p3")
    report = shop.apply()
    assert counts(report) == (0, 0, 10, 0)
    assert report.pictures_encoded == 0
    assert shop.shelf.pictures("p3") == pictures


def test_a_price_changes_without_any_picture_being_encoded(shop: Shop) -> None:
    rows = ten(shop)
    shop.rows(rows)
    shop.apply()
    pictures = shop.shelf.pictures("p4")
    rows[4]["price"] = 99
    shop.rows(rows)
    report = shop.apply()
    assert (counts(report), report.pictures_encoded) == ((0, 1, 9, 0), 0)
    assert shop.shelf.get("p4").price == 99
    assert shop.shelf.pictures("p4") == pictures


def test_a_title_changes_the_vector_without_the_picture_being_encoded(shop: Shop) -> None:
    rows = ten(shop)
    shop.rows(rows)
    shop.apply()
    rows[4]["title"] = "Hat"
    shop.rows(rows)
    report = shop.apply()
    assert (counts(report), report.pictures_encoded) == ((0, 1, 9, 0), 0)
    fresh = Shop(shop.source.parent / "fresh")
    fresh.source = shop.source
    fresh.apply()
    assert np.array_equal(fresh.shelf.vector_of("p4").vector, shop.shelf.vector_of("p4").vector)


def test_a_new_picture_under_an_old_name_is_seen(shop: Shop) -> None:
    shop.rows(ten(shop))
    shop.apply()
    before = shop.shelf.vector_of("p4").vector
    shop.picture("4.png", 77)
    report = shop.apply()
    assert (counts(report), report.pictures_encoded) == ((0, 1, 9, 0), 1)
    assert not np.allclose(shop.shelf.vector_of("p4").vector, before)


def test_a_picture_that_only_moved_is_not_encoded_again(shop: Shop) -> None:
    rows = ten(shop)
    shop.rows(rows)
    shop.apply()
    (shop.source.parent / "4.png").rename(shop.source.parent / "moved.png")
    rows[4]["image"] = "moved.png"
    shop.rows(rows)
    report = shop.apply()
    assert (counts(report), report.pictures_encoded) == ((0, 1, 9, 0), 0)
    assert Path(shop.shelf.pictures("p4")[0].path).name == "moved.png"


def test_files_that_were_only_copied_are_compared_by_content_once(shop: Shop) -> None:
    shop.rows(ten(shop))
    shop.apply()
    for n in range(10):
        shop.picture(f"{n}.png", n)
    for _ in range(2):
        report = shop.apply()
        assert (counts(report), report.pictures_encoded) == ((0, 0, 10, 0), 0)


def test_what_the_source_no_longer_names_is_removed(shop: Shop) -> None:
    rows = ten(shop)
    shop.rows(rows)
    shop.apply()
    shop.rows(rows[:8])
    assert counts(shop.apply()) == (0, 0, 8, 2)
    assert len(shop.shelf) == 8


def test_an_accidentally_empty_source_removes_nothing(shop: Shop) -> None:
    rows = ten(shop)
    shop.rows(rows)
    shop.apply()
    for left in (0, 3):
        shop.rows(rows[:left])
        with pytest.raises(EmptySource) as refused:
            shop.apply()
        assert (refused.value.removing, refused.value.present) == (10 - left, 10)
        assert len(shop.shelf) == 10
    assert counts(shop.apply(allow_removals=True)) == (0, 0, 3, 7)


def test_a_product_that_came_through_the_api_outlives_a_source_that_never_named_it(
    shop: Shop,
) -> None:
    own = shop.encoder.words(["x"])[0]
    shop.shelf.put(Product("mine"), [Picture("mine", 0, "/x", "0", "")], [own])
    rows = ten(shop)
    shop.rows(rows)
    shop.apply()
    assert counts(shop.apply()) == (0, 0, 10, 0)
    shop.rows([*rows, {"sku": "mine", "image": "1.png"}])
    shop.apply()
    shop.rows(rows)
    assert shop.apply().removed == 1


def test_every_bad_row_is_told_and_every_good_one_taken(shop: Shop) -> None:
    good = ten(shop)
    (shop.source.parent / "text.jpg").write_text("no picture")
    (shop.source.parent / "cut.png").write_bytes(drawn_picture(1)[:60])
    bad = [
        {"sku": "a", "image": "absent.png"},
        {"sku": "b", "image": "text.jpg"},
        {"sku": "c", "image": "cut.png"},
        {"sku": "", "image": "1.png"},
        {"sku": "d", "image": "1.png", "price": "NaN"},
        {"sku": "e", "image": "/dev/zero"},
    ]
    rows = [row for pair in zip(good, bad, strict=False) for row in pair] + good[len(bad) :]
    shop.rows(rows)
    report = shop.apply()
    assert report.added == 10
    assert {(r.line, r.sku, r.code) for r in report.rejected} == {
        (3, "a", "missing_picture"),
        (5, "b", "not_a_picture"),
        (7, "c", "not_a_picture"),
        (9, None, "no_sku"),
        (11, "d", "bad_price"),
        (13, "e", "missing_picture"),
    }


def test_a_broken_picture_beside_a_good_one_costs_only_itself(shop: Shop) -> None:
    shop.rows([{"sku": "a", "image": f"absent.png|{shop.picture('1.png', 1)}"}])
    for changes in ((1, 0, 0, 0), (0, 0, 1, 0)):
        report = shop.apply()
        assert counts(report) == changes
        assert [r.code for r in report.rejected] == ["missing_picture"]
        assert [Path(p.path).name for p in shop.shelf.pictures("a")] == ["1.png"]


def test_a_product_whose_row_went_bad_stays_as_it_was(shop: Shop) -> None:
    rows = ten(shop)
    shop.rows(rows)
    shop.apply()
    rows[4]["price"] = "a lot"
    rows[5]["image"] = "absent.png"
    shop.rows(rows)
    report = shop.apply()
    assert (counts(report), len(report.rejected)) == ((0, 0, 8, 0), 2)
    assert (shop.shelf.get("p4").price, len(shop.shelf.pictures("p5"))) == (4, 1)


def test_pictures_only_keeps_titles_out_and_can_be_changed_later(shop: Shop) -> None:
    shop.rows(ten(shop))
    shop.apply(pictures_only=True)
    bare = shop.shelf.vector_of("p1").vector
    assert shop.shelf.words_wanted(Product("x", title="Bag")) == ""
    report = shop.apply()
    assert (counts(report), report.pictures_encoded) == ((0, 10, 0, 0), 0)
    moved = unit(bare + np.float32(0.3) * shop.encoder.words(["Bag 1"])[0].vector)
    assert np.allclose(shop.shelf.vector_of("p1").vector, moved, atol=1e-6)
    shop.apply(pictures_only=True)
    assert np.array_equal(shop.shelf.vector_of("p1").vector, bare)


def test_a_model_version_that_weighs_titles_otherwise_makes_all_vectors_again(shop: Shop) -> None:
    shop.rows(ten(shop))
    shop.apply()
    bare = shop.encoder.pictures(see(drawn_picture(1), shop.encoder.spec, Limits())[None])[0].vector
    shop.encoder.pictures_seen = 0
    shop.shelf.close()
    heavier = fake_spec(title_weight=0.9)
    shop.encoder = FakeEncoder(heavier)
    shop.shelf = Shelf.open(shop.shelf.folder, heavier)
    assert shop.shelf.title_weight == 0.3  # until every vector is made anew, the old one counts
    report = shop.apply()
    assert (counts(report), report.pictures_encoded) == ((0, 10, 0, 0), 0)
    moved = unit(bare + np.float32(0.9) * shop.encoder.words(["Bag 1"])[0].vector)
    assert np.allclose(shop.shelf.vector_of("p1").vector, moved, atol=1e-6)
    assert counts(shop.apply()) == (0, 0, 10, 0)


def test_a_new_weight_of_titles_reaches_products_that_no_row_names(shop: Shop) -> None:
    """Whether they came through the API or their row went bad: all vectors of a shop agree."""
    own = shop.encoder.words(["x"])[0]
    words = shop.encoder.words(["Hat"])[0]
    shop.shelf.put(Product("mine", title="Hat"), [Picture("mine", 0, "/x", "0", "")], [own], words)
    rows = ten(shop)
    shop.rows(rows)
    shop.apply()
    rows[4]["price"] = "a lot"
    shop.rows(rows)
    assert counts(shop.apply(pictures_only=True)) == (0, 11, 0, 0)
    assert np.array_equal(shop.shelf.vector_of("mine").vector, own.vector)
    shop.apply()
    moved = unit(own.vector + np.float32(0.3) * words.vector)
    assert np.allclose(shop.shelf.vector_of("mine").vector, moved, atol=1e-6)
    shop.rows(ten(shop))
    assert shop.apply().removed == 0  # still nobody's but the API's


def test_an_unchanged_run_writes_nothing(shop: Shop) -> None:
    shop.rows(ten(shop))
    shop.apply()
    before = sequence(shop)
    shop.apply()
    assert sequence(shop) == before


def sequence(shop: Shop) -> int:
    with shop.shelf.database.reading() as connection:
        return sequence_of(connection)


def test_a_second_bulk_writer_is_told_to_wait(shop: Shop) -> None:
    shop.rows(ten(shop))
    with bulk_writer(shop.shelf.folder), pytest.raises(ShopBusy):
        shop.apply()
    assert shop.apply().added == 10


def test_an_encoder_that_breaks_loses_nothing_that_was_done(shop: Shop) -> None:
    class Breaking(FakeEncoder):
        def pictures(self, batch):  # type: ignore[no-untyped-def] # as FakeEncoder
            if self.pictures_seen >= 60:
                raise EncoderBroken("a test wants it")
            return super().pictures(batch)

    rows = [{"sku": f"p{n}", "image": shop.picture(f"{n}.png", n)} for n in range(130)]
    shop.rows(rows)
    healthy, shop.encoder = shop.encoder, Breaking()
    with pytest.raises(EncoderBroken):
        shop.apply()
    done, shop.encoder = len(shop.shelf), healthy
    report = shop.apply()
    assert report.added == 130 - done
    assert len(shop.shelf) == 130


def test_progress_ends_with_everything_done(shop: Shop) -> None:
    told: list[Progress] = []
    shop.rows(ten(shop))
    apply_source(shop.shelf, shop.encoder, shop.source, on_progress=told.append)
    assert told[-1] == Progress("embedding", 10, 10)
    assert {p.stage for p in told} == {"comparing", "embedding"}


def test_luma_becomes_a_shop(tmp_path: Path, shared_data: Path) -> None:
    shop = Shop(tmp_path)
    shop.source = shared_data / "catalogues" / "luma" / "catalogue.csv"
    assert shop.apply().added == 450
    assert shop.apply().unchanged == 450
    shop.shelf.close()
