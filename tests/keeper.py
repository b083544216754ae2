"""A shop that is kept: ten products before a real, tiny model, whose jobs run in real processes."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import replace
from pathlib import Path
from typing import Any

from api.app import create_app
from api.errors import BadJob
from api.eye import open_encoder
from api.indexing import index_source
from api.jobs import Jobs
from api.settings import Settings
from api.shop import Shop, shop_of
from index.shelf import Shelf
from models.card import read_card, write_card
from tests.door_server import served_app
from tests.tiny_card import tiny_model

PATIENCE_S = 90.0


@contextmanager
def kept(folder: Path, catalogue: Path) -> Iterator[Shop]:
    """The products of `catalogue` seen by tiny@1; tiny@2 is in the store. Jobs end with it."""
    for version in ("1", "2"):
        place = tiny_model(folder / "store" / "tiny" / version)
        card = read_card(place)
        spec = replace(card.spec, version=version, space=f"tiny/{version}")
        write_card(replace(card, spec=spec), place)
    settings = Settings(shop=folder / "shop", model="tiny@1", store=folder / "store", decoders=0)
    index_source(settings, catalogue, allow_removals=False, quiet=True)
    encoder = open_encoder(settings, threads=1, lanes=1)
    shop = shop_of(settings, Shelf.open(settings.shop, encoder.spec), encoder)
    try:
        yield shop
    finally:
        settle(shop.office.jobs)
        shop.close()


def settle(jobs: Jobs) -> None:
    """Until the process of every job that was begun here has ended: none is left at work."""
    for job in jobs.all():
        with suppress(BadJob):  # it has ended by itself
            jobs.cancel(job.id)
    # A job of which this process itself holds the lock, as a test's stand-in does, has no process.
    until(lambda: all(child.poll() is not None for child in jobs._children))


@contextmanager
def served(shop: Shop) -> Iterator[str]:
    """The shop's real door on a free port; its address."""
    with served_app(create_app(shop), in_haste=True) as port:
        yield f"http://127.0.0.1:{port}"


def until(seen: Callable[[], Any]) -> Any:
    """What `seen` returns once it is true; fails when that takes too long."""
    end = time.monotonic() + PATIENCE_S
    while time.monotonic() < end:
        if found := seen():
            return found
        time.sleep(0.05)
    raise AssertionError("it never happened")
