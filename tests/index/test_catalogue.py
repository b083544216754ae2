"""Reading and writing the tables."""

import sqlite3
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from index import catalogue, changes
from index.database import Database
from index.entry import Entry, SeenPicture
from index.errors import BadProduct, UnknownProduct
from index.product import STANDARD_FIELDS, Picture, Product
from tests.fakes import FakeEncoder
from vision.embedding import Embedding, unit

D = FakeEncoder.DIMENSION


@pytest.fixture
def connection(tmp_path: Path) -> Iterator[sqlite3.Connection]:
    database = Database(tmp_path)
    with database.writing() as opened:
        yield opened
    database.close()


def entry(sku: str, pictures: int = 1) -> Entry:
    draw = np.random.default_rng(len(sku))
    seen = tuple(
        SeenPicture(
            Picture(sku, n, f"/{sku}/{n}", "0", f"d{n}"),
            Embedding(unit(draw.standard_normal(D).astype(np.float32)), "s"),
            f"stamp {n}",
        )
        for n in range(pictures)
    )
    return Entry(Product(sku), seen)


def test_no_picture_id_is_ever_used_twice(connection: sqlite3.Connection) -> None:
    used: set[int] = set()
    for sequence in range(1, 20):
        changes.write_entry(connection, sequence, entry("a", 2), 0)
        ids = catalogue.owners_of(connection).pictures.tolist()
        assert len(ids) == 2
        assert not used & set(ids)
        used |= set(ids)
        if sequence % 3 == 0:
            changes.delete_product(connection, sequence, catalogue.get_id(connection, "a"))
    assert set(catalogue.removed_since(connection, 0).tolist()) >= used - set(
        catalogue.owners_of(connection).pictures.tolist()
    )


def test_a_deleted_product_leaves_no_row_behind(connection: sqlite3.Connection) -> None:
    changes.write_entry(connection, 1, entry("a", 3), 0)
    changes.delete_product(connection, 2, catalogue.get_id(connection, "a"))
    for table in ("products", "pictures", "vectors", "terms"):
        assert connection.execute(f"SELECT count(*) FROM {table}").fetchone() == (0,)
    with pytest.raises(UnknownProduct):
        catalogue.get_id(connection, "a")


def test_changes_since_a_sequence_are_what_came_and_what_went(
    connection: sqlite3.Connection,
) -> None:
    for sequence, sku in enumerate(("a", "bb", "ccc"), start=1):
        changes.write_entry(connection, sequence, entry(sku), 0)
    changes.delete_product(connection, 4, catalogue.get_id(connection, "a"))
    ((ids, products, vectors),) = catalogue.vectors_since(connection, 1, D)
    assert len(ids) == len(products) == len(vectors) == 2
    assert np.array_equal(vectors[0], entry("bb").pictures[0].own.vector)
    assert len(catalogue.removed_since(connection, 3)) == 1
    assert len(catalogue.removed_since(connection, 4)) == 0


def test_many_vectors_come_in_pieces(
    connection: sqlite3.Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(catalogue, "VECTORS_AT_ONCE", 2)
    changes.write_entry(connection, 1, entry("a", 5), 0)
    pieces = list(catalogue.vectors_since(connection, 0, D))
    assert [len(ids) for ids, _, _ in pieces] == [2, 2, 1]


def test_vectors_of_another_length_are_damage(connection: sqlite3.Connection) -> None:
    changes.write_entry(connection, 1, entry("a"), 0)
    connection.execute("UPDATE vectors SET vector = x'00'")
    with pytest.raises(sqlite3.DatabaseError, match="dimensions"):
        list(catalogue.vectors_since(connection, 0, D))


def test_half_a_character_is_the_sku_of_no_product(connection: sqlite3.Connection) -> None:
    assert catalogue.find_id(connection, "\ud800") is None


def test_a_picture_of_known_bytes_gives_its_own_vector_without_words(
    connection: sqlite3.Connection,
) -> None:
    plain = entry("a")
    worded = Entry(plain.product, plain.pictures, "x", Embedding(unit(np.ones(D, np.float32)), "s"))
    changes.write_entry(connection, 1, worded, 0.5)
    found = catalogue.find_own_vector(connection, "0", "s")
    assert found is not None
    assert np.array_equal(found[0].vector, plain.pictures[0].own.vector)
    assert catalogue.find_own_vector(connection, "1", "s") is None
    (seen,) = catalogue.seen_pictures(connection, catalogue.get_id(connection, "a"), "s")
    assert np.array_equal(seen.own.vector, plain.pictures[0].own.vector)
    assert (seen.picture, seen.stamp) == (plain.pictures[0].picture, "stamp 0")


plain = st.text(st.characters(codec="utf-8", exclude_characters="\0"), max_size=30)
names = plain.filter(lambda n: n.strip() and n.strip().casefold() not in STANDARD_FIELDS)


@settings(
    max_examples=60,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(
    text=plain,
    categories=st.lists(plain, max_size=3).map(tuple),
    attributes=st.dictionaries(names, st.lists(plain, min_size=1, max_size=3).map(tuple)),
    price=st.none() | st.floats(0, 1e11),
    stock=st.none() | st.integers(0, 2**53 - 1),
)
def test_what_is_written_is_read_back_to_the_letter(  # type: ignore[no-untyped-def] # by hypothesis
    connection, text, categories, attributes, price, stock
) -> None:
    try:
        product = Product(
            "a", title=text, brand=text, colour=text, group=text, categories=categories,
            attributes=attributes, price=price, stock=stock,
        )  # fmt: skip
    except BadProduct:
        return  # a name that folds to a field of its own
    known = catalogue.find_id(connection, "a")
    row = changes.write_fields(connection, 1, known, Entry(product, ()))
    assert catalogue.products_by_id(connection, [row])[row] == product
