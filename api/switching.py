"""Switching a shop to another model: its space is filled beside the old one, then made live."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

from api.eye import card_of
from api.live import Live, follow, point_to, space_folder
from api.progress import stage_bar
from api.settings import Settings
from index.build import Progress
from index.errors import NoShop
from index.manifest import read_manifest
from index.restock import hand_over, restock
from index.shelf import Shelf
from vision.decode import Limits
from vision.encoder import OnnxEncoder
from vision.spec import EncoderSpec

Step = Callable[[int, int], None]


def switch(
    settings: Settings, name: str, *, quiet: bool, flip: bool = True, step: Step | None = None
) -> dict[str, Any]:
    """Make `name` the live model of the shop; without `flip`, ready to be. What was done, by name.

    The products are gone through once for the bulk, once more for what changed meanwhile, and a
    last time while nobody can write, right before the flip: nothing that was acknowledged stays
    behind. `step` hears how many of how many, in place of a bar. Raises BadModel, NoShop,
    ShopBroken, ShopBusy, EncoderBroken.
    """
    now = follow(settings)
    card = card_of(name, settings.store)
    model = str(Path(name).resolve()) if Path(name).is_dir() else f"{card.name}@{card.version}"
    target = Live(_folder(settings.shop, card.spec.space, model), model)
    encoder = OnnxEncoder(card.spec, threads=settings.threads)
    limits = Limits(max_bytes=settings.max_upload_bytes, max_pixels=settings.max_pixels)
    place = settings.shop / target.folder if target.folder else settings.shop
    if place.resolve() == now.shop.resolve():
        with Shelf.open(place, card.spec) as shelf:
            stands = len(shelf)
            if flip:
                shelf.database.come_back()  # a switch that was cut short may have left it
        if flip:
            point_to(settings.shop, target)
        return {"model": model, "embedded": 0, "unchanged": stands, "removed": 0, "lost": {}}
    old_spec = _read_only(now.shop, card.spec)
    with (
        stage_bar(quiet=quiet) as show,
        Shelf.open(now.shop, old_spec) as old,
        Shelf.open(place, card.spec, create=True) as new,
    ):
        heard = step or (lambda i, n: show(Progress("embedding", i, n)))
        done = restock(old, new, encoder, limits, heard)
        done.add(restock(old, new, encoder, limits, since=done.sequence))
        if flip:
            done.add(hand_over(old, new, encoder, limits, since=done.sequence))
            point_to(settings.shop, target)
    # by name: what else a move notes of itself is nobody's business, and no JSON
    told = {name: getattr(done, name) for name in ("embedded", "unchanged", "removed", "lost")}
    return {"model": model, **told}


def _read_only(shop: Path, spec: EncoderSpec) -> EncoderSpec:
    """What the space in `shop` is opened with to be read: the facts of its own manifest, for the
    model that filled it may be gone (a new version of Vistazo brings another built-in one)."""
    held = read_manifest(shop)
    return replace(
        spec, name=held.model, version=held.version, space=held.space, dimension=held.dimension,
        blocks=(), calibrations={}, kinds=None, exact=None,
    )  # fmt: skip


def _folder(shop: Path, space: str, model: str) -> str:
    """The shop's own folder ("") where its first space is the wanted one, else one in `spaces`."""
    try:
        own = read_manifest(shop).space
    except NoShop as absent:
        raise NoShop(str(shop)) from absent
    return "" if own == space else space_folder(Path(model).name)
