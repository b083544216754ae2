"""What a page offers to choose from."""

from pathlib import Path

from index.entry import Entry, SeenPicture
from index.filters import parse_filter
from index.product import Picture, Product
from index.shelf import Shelf
from tests.fakes import FakeEncoder, fake_spec
from vision.embedding import Embedding, unit

ENCODER = FakeEncoder()


def entry(product: Product) -> Entry:
    own = ENCODER.words([product.sku])[0]
    vector = Embedding(unit(own.vector), own.space)
    return Entry(product, (SeenPicture(Picture(product.sku, 0, "/x", "0", ""), vector),))


def test_values_are_counted_as_written_the_most_frequent_first(tmp_path: Path) -> None:
    with Shelf.open(tmp_path, fake_spec(title_weight=0), create=True) as shelf:
        shelf.write(
            [
                entry(Product("a", colour="Red", categories=("Gear/Bags",), size="S,M", price=1)),
                entry(Product("b", colour="red", attributes={"Season": ("Fall", "Winter")})),
                entry(Product("c", colour="blue", categories=("Gear/Bags", "New"), title="Bag")),
            ]
        )
        assert shelf.facets() == {
            "category": [("Gear/Bags", 2), ("New", 1)],
            "colour": [("Red", 2), ("blue", 1)],
            "brand": [],
            "size": [("M", 1), ("S", 1)],
            "season": [("Fall", 1), ("Winter", 1)],
        }
        assert shelf.facets(["c", "nobody"])["colour"] == [("blue", 1)]
        assert shelf.facets([])["category"] == []


def test_an_attribute_that_is_different_everywhere_is_no_choice(tmp_path: Path) -> None:
    with Shelf.open(tmp_path, fake_spec(title_weight=0), create=True) as shelf:
        shelf.write(
            [entry(Product(f"p{n}", attributes={"serial": (f"s{n}",)})) for n in range(201)]
        )
        assert "serial" not in shelf.facets()
        assert "serial" in shelf.fields()  # it can be filtered all the same


def test_a_field_of_too_many_values_stays_away_when_products_change(tmp_path: Path) -> None:
    with Shelf.open(tmp_path, fake_spec(title_weight=0), create=True) as shelf:
        shelf.write(
            [entry(Product(f"p{n}", attributes={"serial": (f"s{n}",)})) for n in range(201)]
        )
        assert "serial" not in shelf.facets()
        shelf.change(Product("p1", colour="red", attributes={"serial": ("x",), "new": ("y",)}))
        assert "serial" not in shelf.facets()
        assert shelf.facets()["new"] == [("y", 1)]
        assert shelf.facets(wanted=parse_filter("colour=red"))["colour"] == [("red", 1)]
