"""Masks in memory against the catalogue itself, whatever is changed, in whatever order.

Two openings of one shop act in turn, as two processes would; bases are made in between, by either.
"""

import contextlib
import random
import tempfile
from pathlib import Path

import numpy as np
import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, rule

from index import bits, masks
from index.catalogue import owners_of, vectors_since
from index.conditions import allowed_pictures
from index.errors import BadFilter, UnknownProduct
from index.facets import count_facets
from index.filters import parse_filter
from index.flip import Flip
from index.founding import found_base
from index.masks import Masks
from index.product import Picture, Product
from index.shelf import Shelf
from index.slots import Slots
from tests.fakes import FakeEncoder, fake_spec
from vision.embedding import Embedding, unit

SKUS = st.sampled_from([f"p{n}" for n in range(30)])
WHO = st.integers(0, 1)
FILTERS = (
    "colour=red", "colour!=red", "colour=''", "price<5", "not price<5", "price=3.00,7",
    "price>=2 price<8 colour=red,blue", "waist>30", "waist=32", "waist!=32", "stock>0",
    "(colour=red or stock=0) not waist<=31", "waist=''", "sku=p1,p2", "brand=acme",
)  # fmt: skip


class MasksSayWhatTheCatalogueSays(RuleBasedStateMachine):
    """Filters are evaluated twice, and the nearest ten compared with arithmetic."""

    @initialize()
    def open(self) -> None:
        self.folder = tempfile.TemporaryDirectory()
        self.path = Path(self.folder.name)
        self.spec = fake_spec(title_weight=0)
        self.shelves = [Shelf.open(self.path, self.spec, create=True) for _ in range(2)]
        self.draw = random.Random(1)
        self.put(0, "first", 1, 0, "red", [30], 1)

    @rule(
        who=WHO, sku=SKUS, price=st.none() | st.integers(0, 9), stock=st.integers(0, 2),
        colour=st.sampled_from(["red", "blue", ""]),
        waists=st.lists(st.integers(29, 33), max_size=3), pictures=st.integers(1, 3),
    )  # fmt: skip
    def put(
        self, who: int, sku: str, price: int | None, stock: int, colour: str, waists: list[int],
        pictures: int,
    ) -> None:  # fmt: skip
        product = Product(
            sku, price=price, stock=stock, colour=colour, brand="Acme" if stock else "",
            attributes={"Waist": tuple(str(w) for w in waists)} if waists else {},
        )  # fmt: skip
        files = [Picture(sku, n, f"/{sku}/{n}", "0", "") for n in range(pictures)]
        self.shelves[who].put(product, files, [self.point() for _ in files])

    def point(self) -> Embedding:
        drawn = [self.draw.gauss(0, 1) for _ in range(FakeEncoder.DIMENSION)]
        return Embedding(unit(np.array(drawn, np.float32)), "fake-1")

    @rule(who=WHO, sku=SKUS, price=st.none() | st.integers(0, 9))
    def flip(self, who: int, sku: str, price: int | None) -> None:
        with contextlib.suppress(UnknownProduct):
            self.shelves[who].flip(Flip(sku, price=price))

    @rule(who=WHO, sku=SKUS)
    def delete(self, who: int, sku: str) -> None:
        with contextlib.suppress(UnknownProduct):
            self.shelves[who].delete(sku)

    @rule(who=WHO, adopt=st.booleans())
    def make_a_base(self, who: int, adopt: bool) -> None:
        with self.shelves[who].database.reading() as connection:
            found_base(self.path, connection)
        if adopt:
            for shelf in self.shelves:
                with shelf.database.reading() as connection:
                    shelf._replica.adopt(connection)

    @rule(who=WHO)
    def reopen(self, who: int) -> None:
        self.shelves[who].close()
        self.shelves[who] = Shelf.open(self.path, self.spec)

    @rule(who=WHO, text=st.sampled_from(FILTERS))
    def filter(self, who: int, text: str) -> None:
        replica, wanted = self.shelves[who]._replica, parse_filter(text)
        with self.shelves[who].database.reading() as connection:
            sequence = replica.catch_up(connection)
            owners = owners_of(connection)
            try:
                expected = allowed_pictures(connection, wanted, owners)
            except BadFilter:
                with pytest.raises(BadFilter):
                    replica.chosen(connection, wanted, sequence)
                return
            chosen = replica.chosen(connection, wanted, sequence)
            assert chosen is not None
            slots = replica.tiered.slots
            found = slots.pictures[bits.slots_in(chosen.among)]
            assert sorted(found.tolist()) == expected.tolist()
            assert len(chosen) == len(expected)
            kept = replica.owners(sequence)
            assert kept is not None
            assert np.array_equal(kept.pictures, owners.pictures)
            assert np.array_equal(kept.products, owners.products)
            query = self.point().vector
            nearest = replica.search(query, 10, chosen, sequence)
            exact = [
                float(vector @ query)
                for ids, _, vectors in vectors_since(connection, 0, FakeEncoder.DIMENSION)
                for picture, vector in zip(ids, vectors, strict=True)
                if picture in set(expected.tolist())
            ]
            assert nearest is not None
            assert set(nearest[0].tolist()) <= set(expected.tolist())
            assert np.allclose(nearest[1], sorted(exact, reverse=True)[:10], atol=2e-4)

    @rule(who=WHO, text=st.none() | st.sampled_from(FILTERS[:6]))
    def count(self, who: int, text: str | None) -> None:
        shelf, wanted = self.shelves[who], None if text is None else parse_filter(text)
        found = shelf.facets(wanted=wanted)
        with shelf.database.reading() as connection:
            owners = owners_of(connection)
            passing = allowed_pictures(connection, wanted or parse_filter(""), owners)
            ids = np.unique(owners.products[np.isin(owners.pictures, passing)]).tolist()
            every = dict(connection.execute("SELECT id, sku FROM products").fetchall())
            assert found == count_facets(connection, [every[n] for n in ids])

    def teardown(self) -> None:
        for shelf in self.shelves:
            shelf.close()
        self.folder.cleanup()


MasksSayWhatTheCatalogueSays.TestCase.settings = settings(
    max_examples=15, stateful_step_count=30, deadline=None
)
TestMasksSayWhatTheCatalogueSays = MasksSayWhatTheCatalogueSays.TestCase


def test_bitmaps_beyond_the_room_go_the_longest_unasked_first(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    slots = Slots(None)
    slots.append(np.array([1, 2]), np.array([1, 2]))
    monkeypatch.setattr(masks, "ROOM_BYTES", 2 * slots.size_bytes)
    kept = Masks(slots)
    kept.keep(("colour", "red"), np.array([1]))
    kept.keep(("colour", "blue"), np.array([2]))
    assert kept.find(("colour", "red")) is not None
    kept.keep(("size", "m"), np.array([1, 2]))
    assert kept.find(("colour", "blue")) is None
    assert kept.find(("colour", "red")) is not None
    assert kept.held_bytes == 2 * slots.size_bytes
