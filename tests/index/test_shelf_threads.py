"""Many search while one writes: every answer is whole and of one moment."""

import random
import threading
from pathlib import Path

import numpy as np

from index.filters import parse_filter
from index.product import Picture, Product
from index.query import Query
from index.shelf import Shelf
from tests.fakes import FakeEncoder, fake_spec
from vision.embedding import Embedding, unit

PRODUCTS = 12


def point(draw: random.Random) -> Embedding:
    drawn = [draw.gauss(0, 1) for _ in range(FakeEncoder.DIMENSION)]
    return Embedding(unit(np.array(drawn, np.float32)), "fake-1")


def put(shelf: Shelf, n: int, stock: int, draw: random.Random) -> None:
    files = [Picture(f"p{n}", 0, f"/{n}", "0", "")]
    shelf.put(Product(f"p{n}", stock=stock, title=""), files, [point(draw)])


def test_no_product_is_lost_or_doubled_or_stale_in_any_answer(tmp_path: Path) -> None:
    """The writer puts all products round after round, each always in stock: a search for what is
    in stock must find all of them, whichever were being replaced at its moment."""
    draw, done, wrong = random.Random(1), threading.Event(), []
    with Shelf.open(tmp_path, fake_spec(title_weight=0), create=True) as shelf:
        for n in range(PRODUCTS):
            put(shelf, n, 1, draw)

        def look(seed: int) -> None:
            queries, rounds = random.Random(seed), 0
            while not done.is_set() or rounds < 5:
                rounds += 1
                only = parse_filter("stock>0") if rounds % 2 else None
                hits = shelf.search(Query(point(queries), filter=only, top=50)).hits
                found = sorted(h.product.sku for h in hits)
                stocks = {h.product.sku: h.product.stock or 0 for h in hits}
                # put one after the other, so their stocks differ by one round at most
                if found != sorted(f"p{n}" for n in range(PRODUCTS)) or (
                    max(stocks.values()) - min(stocks.values()) > 1
                ):
                    wrong.append(stocks)

        threads = [threading.Thread(target=look, args=(seed,)) for seed in range(4)]
        for thread in threads:
            thread.start()
        for stock in range(2, 22):
            for n in range(PRODUCTS):
                put(shelf, n, stock, draw)
        done.set()
        for thread in threads:
            thread.join(timeout=60)
    assert wrong == []
