"""Everything that a shop's writers do, at once and at random, and what must be there after it.

Each thread has SKUs of its own, so of each thread at most one act is under way when the process
dies: that one may have happened or not, as a whole; all others are known.
"""

import itertools
import json
import os
import random
import threading
import time
from collections.abc import Iterable
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from index import replica
from index.blend import blend
from index.check import check_shop
from index.disposal import ABANDONED_AFTER_S
from index.entry import Entry, SeenPicture
from index.errors import UnknownProduct
from index.examine import digest_of, keep_picture, see, sha256_of
from index.flip import Flip
from index.product import Picture, Product
from index.query import Query
from index.shelf import Shelf
from tests.fakes import FakeEncoder, drawn_picture
from vision.decode import Limits
from vision.embedding import Embedding

THREADS, SKUS_EACH = 4, 3
ENCODER = FakeEncoder()
ACTS = ("put", "put", "price", "stock", "stock", "title", "delete", "batch", "cache")


@dataclass(frozen=True, slots=True)
class State:
    """What is known of one SKU: the number of its picture, and its fields."""

    picture: int
    title: str
    price: float | None = None
    stock: int | None = None

    def product(self, sku: str) -> Product:
        """As it stands in the shop; the brand tells the picture."""
        brand = str(self.picture)
        return Product(sku, title=self.title, price=self.price, stock=self.stock, brand=brand)


States = dict[str, State | None]


def skus_of(thread: int) -> list[str]:
    """The SKUs that only this thread touches."""
    return [f"t{thread}-{n}" for n in range(SKUS_EACH)]


def picture_of(number: int) -> bytes:
    """Some kilobytes, so that they can be torn."""
    return drawn_picture(number, "BMP")


def seen(shop: Path, sku: str, number: int) -> tuple[SeenPicture, ...]:
    """The picture as the door sees and keeps it."""
    data = picture_of(number)
    name = sha256_of(data)
    pixels = see(data, ENCODER.spec, Limits())
    (own,) = ENCODER.pictures(np.stack([pixels]))
    path = keep_picture(shop, data, name)
    return (SeenPicture(Picture(sku, 0, path, name, digest_of(pixels)), own),)


def embed(words: str) -> Embedding:
    """As the door embeds a title."""
    return ENCODER.words([words])[0]


def told(line: str) -> None:
    """Say it with one system call, so that it is out before the next instruction."""
    os.write(1, f"{line}\n".encode())


def mixed(shop: Path, seed: int, turns: int | None, threads: range) -> None:
    """Act as these threads until killed, or for so many turns each."""
    replica.CACHE_AFTER = 1  # whatever changed is worth a cache
    with Shelf.open(shop, ENCODER.spec, create=True) as shelf:
        told(json.dumps({"open": True}))
        actors = [_Actor(shelf, thread, seed) for thread in threads]
        running = [threading.Thread(target=actor.run, args=(turns,)) for actor in actors]
        for one in running:
            one.start()
        for one in running:
            one.join()


class _Actor:
    """One thread's acts: each is told before and after."""

    def __init__(self, shelf: Shelf, thread: int, seed: int) -> None:
        self._shelf, self._thread = shelf, thread
        self._draw = random.Random(seed * 1_000 + thread)
        self._numbers = itertools.count((seed * THREADS + thread) * 1_000_000)
        self._states = {sku: state_in(shelf, sku) for sku in skus_of(thread)}

    def run(self, turns: int | None) -> None:
        for _ in itertools.count() if turns is None else range(turns):
            act = self._draw.choice(ACTS)
            sku = self._draw.choice(list(self._states))
            if act == "cache":
                self._shelf.save_cache()
                continue
            wanted = self._wanted(act, sku)
            told(json.dumps({"thread": self._thread, "try": {
                name: state and asdict(state) for name, state in wanted.items()}}))  # fmt: skip
            try:
                self._do(act, sku, wanted)
            except UnknownProduct:
                told(json.dumps({"thread": self._thread, "done": False}))
            else:
                self._states |= wanted
                told(json.dumps({"thread": self._thread, "done": True}))

    def _wanted(self, act: str, sku: str) -> States:
        number, held = next(self._numbers), self._states[sku]
        new = State(number, f"Bag {number}", float(number), number)
        if act == "batch":
            return {name: replace(new, title=f"{name} {number}") for name in self._states}
        if act == "put":
            return {sku: new}
        if act == "delete" or held is None:
            return {sku: None}
        if act == "title":
            return {sku: replace(held, title=f"Coat {number}")}
        return {sku: replace(held, **{act: number})}

    def _do(self, act: str, sku: str, wanted: States) -> None:
        shelf, state = self._shelf, wanted[sku]
        if act == "batch":
            shelf.write([self._entry(name, new) for name, new in wanted.items() if new])
        elif act == "delete":
            shelf.delete(sku)
        elif act == "put" and state:
            new, product = seen(shelf.folder, sku, state.picture), state.product(sku)
            data, name = picture_of(state.picture), new[0].picture.sha256
            keep = lambda: keep_picture(shelf.folder, data, name) and None  # noqa: E731 # an argument
            shelf.revise(sku, lambda _: product, embed, new, keep)
        elif act == "title":
            title = state.title if state else ""
            shelf.revise(sku, lambda held: replace(held or Product(sku), title=title), embed)
        else:
            number = getattr(state, act) if state else 0
            shelf.flip(Flip(sku, **{act: number}))

    def _entry(self, sku: str, state: State) -> Entry:
        pictures = seen(self._shelf.folder, sku, state.picture)
        return Entry(state.product(sku), pictures, state.title, embed(state.title))


def state_in(shelf: Shelf, sku: str) -> State | None:
    """What the shop holds under `sku`, as a State."""
    held = shelf.find(sku)
    return None if held is None else State(int(held.brand), held.title, held.price, held.stock)


def acknowledged(lines: Iterable[bytes], known: States) -> list[States]:
    """Bring `known` up to what was told as done; what was under way then, by thread."""
    pending: dict[int, States] = {}
    for line in lines:
        said: dict[str, Any] = json.loads(line)
        if "try" in said:
            pending[said["thread"]] = {s: State(**v) if v else None for s, v in said["try"].items()}
        elif "done" in said:
            outcome = pending.pop(said["thread"])
            known |= outcome if said["done"] else {}
    return list(pending.values())


def check_truth(shop: Path, known: States, pending: list[States]) -> None:
    """The shop, opened as a server opens it, is sound and holds what is known, each act that was
    under way done or not done as a whole; `known` is brought up to what is found."""
    now_s = time.time() + 2 * ABANDONED_AFTER_S
    with Shelf.open(shop, ENCODER.spec, create=True) as shelf:
        shelf.disposal.sweep(now_s)
        for act in pending:
            found = {sku: state_in(shelf, sku) for sku in act}
            assert found in (act, {sku: known.get(sku) for sku in act}), (found, act)
            known |= found
        for sku in (sku for thread in range(THREADS) for sku in skus_of(thread)):
            held, state = shelf.find(sku), known.get(sku)
            assert held == (state.product(sku) if state else None)
            if state is not None:
                _check_picture(shelf, sku, state)
        assert len(shelf) == sum(state is not None for state in known.values())
    faults = check_shop(shop, now_s=now_s).found
    assert faults == [], [(f.code, f.subjects) for f in faults]


def _check_picture(shelf: Shelf, sku: str, state: State) -> None:
    (picture,) = shelf.pictures(sku)
    data = Path(picture.path).read_bytes()
    assert data == picture_of(state.picture)
    (own,) = ENCODER.pictures(np.stack([see(data, ENCODER.spec, Limits())]))
    vector = blend(own, embed(state.title), ENCODER.spec.title_weight)
    hit = shelf.search(Query(vector, top=1, unfold=True)).hits[0]
    assert (hit.product.sku, round(hit.score, 4)) == (sku, 1.0)
