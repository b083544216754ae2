"""The shelf: what was put is found, what was deleted is not, whatever happens between."""

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest

from index.errors import NoShop, ShopBroken, StrangeVector, UnknownProduct
from index.filters import parse_filter
from index.product import Picture, Product
from index.query import Query
from index.shelf import Shelf
from tests.fakes import FakeEncoder, fake_spec
from vision.embedding import Embedding, unit
from vision.errors import WrongSpace

ENCODER = FakeEncoder()


def towards(*axes: int, space: str = "fake-1") -> Embedding:
    """A unit vector between some axes."""
    vector = np.zeros(FakeEncoder.DIMENSION, np.float32)
    vector[list(axes)] = 1
    return Embedding(unit(vector), space)


def picture(sku: str, ordinal: int = 0, digest: str = "") -> Picture:
    return Picture(sku, ordinal, f"/pictures/{sku}-{ordinal}.jpg", "00" * 32, digest)


def put(shelf: Shelf, product: Product, *vectors: Embedding, digest: str = "") -> bool:
    pictures = [picture(product.sku, n, digest) for n in range(len(vectors))]
    wanted = shelf.words_wanted(product)
    words = ENCODER.words([wanted])[0] if wanted else None
    return shelf.put(product, pictures, vectors, words)


def skus(shelf: Shelf, query: Query) -> list[str]:
    return [hit.product.sku for hit in shelf.search(query).hits]


@pytest.fixture
def shelf(tmp_path: Path):
    with Shelf.open(tmp_path / "shop", fake_spec(), create=True) as opened:
        yield opened


def test_opening_a_folder_without_a_shop_says_so(tmp_path: Path) -> None:
    with pytest.raises(NoShop):
        Shelf.open(tmp_path, fake_spec())


def test_a_product_is_found_the_moment_it_was_put(shelf: Shelf) -> None:
    assert put(shelf, Product("a"), towards(0))
    assert skus(shelf, Query(towards(0))) == ["a"]
    assert shelf.get("a") == Product("a")
    assert len(shelf) == 1


def test_a_product_put_again_replaces_the_old_one(shelf: Shelf) -> None:
    put(shelf, Product("a", price=1.0), towards(0))
    assert not put(shelf, Product("a", price=2.0), towards(1))
    hits = shelf.search(Query(towards(1))).hits
    assert [(h.product.price, round(h.score, 3)) for h in hits] == [(2.0, 1.0)]


def test_a_deleted_product_is_gone_at_once(shelf: Shelf) -> None:
    put(shelf, Product("a"), towards(0))
    put(shelf, Product("b"), towards(0, 1))
    shelf.delete("a")
    assert skus(shelf, Query(towards(0))) == ["b"]
    with pytest.raises(UnknownProduct):
        shelf.get("a")
    with pytest.raises(UnknownProduct):
        shelf.delete("a")


def test_a_change_of_fields_keeps_pictures_and_vectors(shelf: Shelf) -> None:
    put(shelf, Product("a", stock=3), towards(0))
    before = shelf.pictures("a")
    shelf.change(Product("a", stock=0))
    assert shelf.get("a").stock == 0
    assert shelf.pictures("a") == before
    assert skus(shelf, Query(towards(0), filter=parse_filter("stock>0"))) == []


def test_a_change_of_title_moves_the_vector_without_the_picture_being_seen_again(
    shelf: Shelf,
) -> None:
    put(shelf, Product("a", title="red bag"), towards(0))
    before = shelf.vector_of("a").vector
    shelf.change(Product("a", title="blue hat"), ENCODER.words(["blue hat"])[0])
    moved = towards(0).vector + 0.3 * ENCODER.words(["blue hat"])[0].vector
    assert not np.allclose(before, shelf.vector_of("a").vector)
    assert np.allclose(shelf.vector_of("a").vector, unit(moved), atol=1e-6)


def test_a_title_without_its_words_is_refused(shelf: Shelf) -> None:
    with pytest.raises(StrangeVector, match="red bag"):
        shelf.put(Product("a", title="red bag"), [picture("a")], [towards(0)])
    put(shelf, Product("b", title="red bag"), towards(0))
    with pytest.raises(StrangeVector):
        shelf.change(Product("b", title="blue hat"))
    assert shelf.get("b").title == "red bag"


def test_a_vector_of_another_model_is_refused(shelf: Shelf, tmp_path: Path) -> None:
    with pytest.raises(WrongSpace):
        put(shelf, Product("a"), towards(0, space="other"))
    with pytest.raises(WrongSpace):
        shelf.search(Query(towards(0, space="other")))
    with pytest.raises(WrongSpace):
        Shelf.open(tmp_path / "shop", fake_spec(space="other"))


def test_a_vector_of_another_dimension_is_refused(shelf: Shelf) -> None:
    short = Embedding(np.array([1, 0], np.float32), "fake-1")
    with pytest.raises(StrangeVector):
        put(shelf, Product("a"), short)
    with pytest.raises(StrangeVector):
        shelf.search(Query(short))
    assert len(shelf) == 0


def test_a_shop_whose_catalogue_is_missing_is_broken_not_empty(tmp_path: Path) -> None:
    Shelf.open(tmp_path, fake_spec(), create=True).close()
    (tmp_path / "catalogue.sqlite3").unlink()
    with pytest.raises(ShopBroken):
        Shelf.open(tmp_path, fake_spec())


def test_what_was_put_is_there_after_opening_again(tmp_path: Path) -> None:
    with Shelf.open(tmp_path, fake_spec(), create=True) as shelf:
        put(shelf, Product("a", attributes={"Season": ("Fall", "Winter")}), towards(0), towards(1))
    with Shelf.open(tmp_path, fake_spec()) as again:
        assert again.get("a").attributes == {"Season": ("Fall", "Winter")}
        assert skus(again, Query(towards(1))) == ["a"]


def test_another_opening_sees_a_change_at_its_next_search(tmp_path: Path) -> None:
    with (
        Shelf.open(tmp_path, fake_spec(), create=True) as one,
        Shelf.open(tmp_path, fake_spec()) as other,
    ):
        put(one, Product("a"), towards(0))
        assert skus(other, Query(towards(0))) == ["a"]
        other.delete("a")
        assert skus(one, Query(towards(0))) == []


def test_tables_without_a_manifest_are_claimed_only_by_their_own_model(tmp_path: Path) -> None:
    with Shelf.open(tmp_path, fake_spec(), create=True) as shelf:
        put(shelf, Product("a"), towards(0))
    (tmp_path / "manifest.json").unlink()
    with pytest.raises(WrongSpace):
        Shelf.open(tmp_path, fake_spec(space="other"), create=True)
    with Shelf.open(tmp_path, fake_spec(), create=True) as again:
        assert skus(again, Query(towards(0))) == ["a"]


def test_a_manifest_beside_another_shops_catalogue_is_a_broken_shop(tmp_path: Path) -> None:
    for name in ("one", "other"):
        Shelf.open(tmp_path / name, fake_spec(), create=True).close()
    sign = (tmp_path / "one" / "manifest.json").read_bytes()
    (tmp_path / "other" / "manifest.json").write_bytes(sign)
    with pytest.raises(ShopBroken, match="another catalogue"):
        Shelf.open(tmp_path / "other", fake_spec())


def test_a_folder_that_cannot_be_made_is_told(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(ShopBroken, match="cannot be made"):
        Shelf.open(tmp_path / "file" / "shop", fake_spec(), create=True)


def test_several_openings_may_make_the_shop_at_once(tmp_path: Path) -> None:
    with ThreadPoolExecutor(8) as pool:
        opened = list(
            pool.map(lambda _: Shelf.open(tmp_path / "s", fake_spec(), create=True), range(16))
        )
    put(opened[0], Product("a"), towards(0))
    assert all(skus(shelf, Query(towards(0))) == ["a"] for shelf in opened)
    for shelf in opened:
        shelf.close()


def test_pictures_kept_in_the_shop_are_found_wherever_the_shop_lies(tmp_path: Path) -> None:
    with Shelf.open(tmp_path / "here", fake_spec(), create=True) as shelf:
        kept = Picture("a", 0, "pictures/x.png", "00" * 32, "")
        shelf.put(Product("a"), [kept, picture("a", 1)], [towards(0), towards(1)])
    (tmp_path / "here").rename(tmp_path / "there")
    with Shelf.open(tmp_path / "there", fake_spec()) as shelf:
        assert [p.path for p in shelf.pictures("a")] == [
            str(tmp_path / "there" / "pictures" / "x.png"),
            "/pictures/a-1.jpg",
        ]
