"""Child processes that write to a shop until they are killed; started by test_killed.py and others.

Run as `python -m tests.index.killed index SHOP CATALOGUE`, `… put SHOP SEED` or `… mixed SHOP SEED
TURNS FIRST AFTER` (threads FIRST up to AFTER, so many turns each, 0 for no end). Whatever was
acknowledged is told on standard output, a line for each, before anything else is done.
"""

import itertools
import random
import sys
from pathlib import Path

import numpy as np

from index.build import Progress, apply_source
from index.errors import UnknownProduct
from index.product import Picture, Product
from index.shelf import Shelf
from tests.fakes import FakeEncoder, fake_spec
from tests.index.mixed import mixed, told
from vision.embedding import Embedding, unit

SKUS = 12


def vector_for(sku: str, version: int) -> Embedding:
    """The vector that belongs to this version of the product and to no other."""
    draw = np.random.default_rng([int(sku[1:]), version])
    return Embedding(unit(draw.standard_normal(FakeEncoder.DIMENSION).astype(np.float32)), "fake-1")


def index(shop: Path, catalogue: Path) -> None:
    """Apply a catalogue; tells how many products it has written for certain."""
    encoder = FakeEncoder()
    with Shelf.open(shop, encoder.spec, create=True) as shelf:
        told("open")
        apply_source(shelf, encoder, catalogue, on_progress=tell)
        told("finished")


def tell(progress: Progress) -> None:
    """Say how far the run is."""
    told(f"{progress.stage} {progress.done}")


def put(shop: Path, seed: int) -> None:
    """Put, change and delete at random; the version of a product is its stock."""
    draw = random.Random(seed)
    with Shelf.open(shop, fake_spec(title_weight=0), create=True) as shelf:
        for version in itertools.count(seed * 1_000_000 + 1):
            sku = f"p{draw.randrange(SKUS)}"
            act = draw.choice(["put", "put", "put", "price", "delete"])
            told(f"try {act} {sku} {version}")
            try:
                if act == "put":
                    pictures = [Picture(sku, 0, f"/{version}", "0", "")]
                    shelf.put(Product(sku, stock=version), pictures, [vector_for(sku, version)])
                elif act == "price":
                    shelf.change(Product(sku, stock=shelf.get(sku).stock, price=float(version)))
                else:
                    shelf.delete(sku)
            except UnknownProduct:
                told("absent")
            else:
                told("done")


if __name__ == "__main__":
    what, folder, argument, *rest = sys.argv[1:]
    if what == "mixed":
        turns, first, after = map(int, rest)
        mixed(Path(folder), int(argument), turns or None, range(first, after))
    elif what == "index":
        index(Path(folder), Path(argument))
    else:
        put(Path(folder), int(argument))
