"""A shop of one thing, its double, and eighty others, to look at closely."""

from dataclasses import replace
from pathlib import Path

import numpy as np

from index.entry import Entry, SeenPicture
from index.hit import Answer
from index.product import Picture, Product
from index.query import Query
from index.shelf import Shelf
from tests.fakes import FakeEncoder, fake_spec
from vision.embedding import Embedding, unit
from vision.spec import Block, EncoderSpec, Exactness

SPACE = "fake-1"
BLOCKS = (Block("kind", 0, 10), Block("instance", 10, 28))
EXACT = Exactness({"kind": 1.0, "instance": 4.0}, slope=3.0, lead_slope=6.0, offset=-14.0)
SPEC = replace(fake_spec(title_weight=0.8), blocks=BLOCKS, exact=EXACT)


def direction(place: int, amount: float = 1.0) -> np.ndarray:
    out = np.zeros(FakeEncoder.DIMENSION, np.float32)
    out[place] = amount
    return out


def at(vector: np.ndarray) -> Embedding:
    return Embedding(unit(vector.astype(np.float32)), SPACE)


THING = direction(0) + direction(12)  # a kind, and which one it is
DOUBLE = direction(0) + direction(13)  # another one of that kind
OTHERS = [direction(1 + n % 9) + direction(14 + n % 14) for n in range(80)]


def entry(
    sku: str, vectors: list[np.ndarray], words: Embedding | None = None, **more: str
) -> Entry:
    seen = [
        SeenPicture(Picture(sku, n, f"/{sku}/{n}", "0" * 64, more.get("digest", "")), at(v))
        for n, v in enumerate(vectors)
    ]
    product = Product(sku, group=more.get("group", ""), title="named" if words else "")
    return Entry(product, tuple(seen), "named" if words else "", words)


def opened(folder: Path, spec: EncoderSpec) -> Shelf:
    shelf = Shelf.open(folder, spec, create=True)
    # a title draws the very product away from the picture, and its double towards it
    away, towards = at(direction(5)), at(THING)
    shelf.write([entry("thing", [THING], away), entry("double", [DOUBLE], towards)])
    shelf.write([entry(f"other-{n}", [v]) for n, v in enumerate(OTHERS)])
    return shelf


def ask(shelf: Shelf, top: int = 3, **more: object) -> Answer:
    picture = at(THING + direction(3, 0.1))
    return shelf.search(Query(picture, top=top, **({"seen": picture} | more)))  # type: ignore[arg-type] # fields by name
