"""Whatever is done in whatever order, the shelf answers like a dictionary.

Two openings of one shop act in turn, as two processes would; a third is opened at the end.
"""

import random
import tempfile
from pathlib import Path

import numpy as np
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from index import replica
from index.errors import UnknownProduct
from index.filters import parse_filter
from index.product import Picture, Product
from index.query import Query
from index.shelf import Shelf
from tests.fakes import FakeEncoder, fake_spec
from vision.embedding import Embedding, Vector, unit

SKUS = st.sampled_from([f"p{n}" for n in range(6)])
WHO = st.integers(0, 1)


def point(draw: random.Random) -> Embedding:
    drawn = [draw.gauss(0, 1) for _ in range(FakeEncoder.DIMENSION)]
    return Embedding(unit(np.array(drawn, np.float32)), "fake-1")


class ShelfIsADictionary(RuleBasedStateMachine):
    """The model: SKU → (price, vectors)."""

    @initialize()
    def open(self) -> None:
        self.folder = tempfile.TemporaryDirectory()
        self.path = Path(self.folder.name)
        self.spec = fake_spec(title_weight=0)
        self.shelves = [Shelf.open(self.path, self.spec, create=True) for _ in range(2)]
        self.draw = random.Random(1)
        self.model: dict[str, tuple[float, list[Vector]]] = {}

    @rule(who=WHO, sku=SKUS, price=st.integers(0, 9), pictures=st.integers(1, 3))
    def put(self, who: int, sku: str, price: int, pictures: int) -> None:
        vectors = [point(self.draw) for _ in range(pictures)]
        files = [Picture(sku, n, f"/{sku}/{n}", "0", "") for n in range(pictures)]
        new = self.shelves[who].put(Product(sku, price=float(price)), files, vectors)
        assert new == (sku not in self.model)
        self.model[sku] = float(price), [v.vector for v in vectors]

    @rule(who=WHO, sku=SKUS, price=st.integers(0, 9))
    def change(self, who: int, sku: str, price: int) -> None:
        try:
            self.shelves[who].change(Product(sku, price=float(price)))
        except UnknownProduct:
            assert sku not in self.model
        else:
            self.model[sku] = float(price), self.model[sku][1]

    @rule(who=WHO, sku=SKUS)
    def delete(self, who: int, sku: str) -> None:
        try:
            self.shelves[who].delete(sku)
        except UnknownProduct:
            assert sku not in self.model
        else:
            del self.model[sku]

    @rule(who=WHO, save=st.booleans())
    def reopen(self, who: int, save: bool) -> None:
        if save:
            kept, replica.CACHE_AFTER = replica.CACHE_AFTER, 1
            self.shelves[who].save_cache()
            replica.CACHE_AFTER = kept
        self.shelves[who].close()
        self.shelves[who] = Shelf.open(self.path, self.spec)

    @rule(who=WHO, below=st.none() | st.integers(0, 10))
    def search(self, who: int, below: int | None) -> None:
        query = point(self.draw)
        only = None if below is None else parse_filter(f"price<{below}")
        answer = self.shelves[who].search(Query(query, filter=only, top=10))
        best = {
            sku: max(float(v @ query.vector) for v in vectors)
            for sku, (price, vectors) in self.model.items()
            if below is None or price < below
        }
        found = [(h.product.sku, h.product.price) for h in answer.hits]
        assert found == [(s, self.model[s][0]) for s in sorted(best, key=lambda s: -best[s])]
        assert np.allclose([h.score for h in answer.hits], [best[s] for s, _ in found], atol=1e-5)

    @invariant()
    def both_hold_what_the_model_holds(self) -> None:
        for shelf in self.shelves:
            assert len(shelf) == len(self.model)

    def teardown(self) -> None:
        for shelf in self.shelves:
            shelf.close()
        with Shelf.open(self.path, self.spec) as last:
            query = point(random.Random(1))
            hits = last.search(Query(query, top=10)).hits
            assert {h.product.sku: h.product.price for h in hits} == {
                sku: price for sku, (price, _) in self.model.items()
            }
        self.folder.cleanup()


ShelfIsADictionary.TestCase.settings = settings(
    max_examples=25, stateful_step_count=25, deadline=None
)
TestShelfIsADictionary = ShelfIsADictionary.TestCase
