"""Another model's space, built beside the live one; and how different the two answer.

The live space is only read until the flip, which is one rename; going back is the same with the
other model's name, and costs only what changed meanwhile.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from time import perf_counter
from typing import Any

import numpy as np

from api.errors import BadParameter
from api.eye import card_of
from api.live import SPACES, Live, find_live, follow, space_folder
from api.settings import Settings
from api.switching import switch
from index.database import Database
from index.errors import NoShop, ShopBroken
from index.manifest import read_manifest
from index.product import Product
from index.query import Query, QueryKind
from index.shelf import Shelf
from models.card import read_card
from models.registry import BUILTIN, published
from vision.encoder import Encoder, OnnxEncoder

Step = Callable[[str, int, int], None]
TOP = 10
EXAMPLES = 12
SEED = 20260101  # the same products are asked about in every comparison


@dataclass(frozen=True, slots=True)
class Space:
    """One space of a shop: where it lies, its model, how many products, whether it is live."""

    folder: str
    model: str
    products: int
    live: bool


def spaces_of(settings: Settings) -> list[Space]:
    """Every space of the shop whose home is `settings.shop`, the live one first."""
    live = find_live(settings.shop)
    live_folder = "" if live is None else live.folder
    built = sorted((settings.shop / SPACES).glob("*/manifest.json"))
    folders = ["", *(f"{SPACES}/{path.parent.name}" for path in built)]
    found = []
    for folder in folders:
        place = settings.shop / folder if folder else settings.shop
        try:
            manifest = read_manifest(place)
            products = _count(place)
        except (NoShop, ShopBroken):
            continue
        model = f"{manifest.model}@{manifest.version}"
        if live is not None and folder == live_folder:
            model = live.model
        found.append(Space(folder, model, products, live=folder == live_folder))
    return sorted(found, key=lambda space: not space.live)


def demand_known(settings: Settings, name: str) -> None:
    """Raise BadParameter unless `name` is a published model's, the built-in one's or a space's.

    For whoever asks from another machine: a folder would be any folder of this one.
    """
    if name in {space.model for space in spaces_of(settings)}:
        return
    own = read_card(BUILTIN)
    known = {"builtin", own.name, f"{own.name}@{own.version}"}
    for folder in published(settings.store):
        known |= {folder.parent.name, f"{folder.parent.name}@{folder.name}"}
    if name not in known or Path(name).is_dir():  # a folder of that name would be taken for it
        raise BadParameter("model", "no published model and no space of the shop is so named")


def target_of(settings: Settings, name: str) -> Live:
    """Where the space of model `name` lies or shall lie. Raises BadModel, NoShop."""
    card = card_of(name, settings.store)
    model = str(Path(name).resolve()) if Path(name).is_dir() else f"{card.name}@{card.version}"
    own = read_manifest(settings.shop).space
    folder = "" if own == card.spec.space else space_folder(Path(model).name)
    return Live(folder, model)


def reindex(settings: Settings, name: str, step: Step, *, flip: bool) -> dict[str, Any]:
    """Fill the space of model `name` from the live one and, to `flip`, make it live; what was done.

    Raises BadModel, NoShop, ShopBroken, ShopBusy, EncoderBroken.
    """
    before = follow(settings).model
    done = switch(settings, name, quiet=True, flip=flip, step=partial(step, "seeing"))
    return done | {"from": before, "flipped": flip}


def foresee(settings: Settings, name: str) -> dict[str, Any]:
    """What `reindex` would do, and how long that is likely to take; nothing is written."""
    now, target = follow(settings), target_of(settings, name)
    place, card = _place(settings, target), card_of(target.model, settings.store)
    with Shelf.open(now.shop, card_of(now.model, settings.store).spec) as old:
        skus, pictures = _skus(old), _pictures(old)
        stand = 0
        if place.resolve() == now.shop.resolve():
            stand = len(skus)
        elif (place / "manifest.json").is_file():
            with Shelf.open(place, card.spec) as new:
                stand = sum(new.find(sku) == old.find(sku) for sku in skus)
    encoder = OnnxEncoder(card.spec, threads=settings.threads)
    grey = np.full((8, card.spec.size_px, card.spec.size_px, 3), 127, np.uint8)
    encoder.pictures(grey)
    started = perf_counter()
    encoder.pictures(grey)
    picture_s = (perf_counter() - started) / len(grey)
    left = (len(skus) - stand) / max(1, len(skus))
    return {
        "model": target.model, "from": now.model, "products": len(skus), "pictures": pictures,
        "embedded": len(skus) - stand, "unchanged": stand,
        "likely_s": round(pictures * left * picture_s * 1.5 + 1, 1),
    }  # fmt: skip


def compare(settings: Settings, name: str, sample: int, step: Step) -> dict[str, Any]:
    """How differently the live space and that of model `name` answer `sample` products' pictures
    and titles: how many of ten hits both give, and the queries that differ most.

    Raises BadModel, NoShop (the other space is not built yet), ShopBroken.
    """
    now, target = follow(settings), target_of(settings, name)
    old_card, new_card = card_of(now.model, settings.store), card_of(target.model, settings.store)
    eyes = [OnnxEncoder(c.spec, threads=settings.threads) for c in (old_card, new_card)]
    with (
        Shelf.open(now.shop, old_card.spec) as old,
        Shelf.open(_place(settings, target), new_card.spec) as new,
    ):
        chosen = _sampled([sku for sku in _skus(old) if new.find(sku) is not None], sample)
        rows = []
        for done, sku in enumerate(chosen, start=1):
            product = old.get(sku)
            for kind in ("picture", "words") if product.title else ("picture",):
                now_top = _top(old, eyes[0], product, kind)
                rows.append((kind, product, now_top, _top(new, eyes[1], product, kind)))
            step("asking", done, len(chosen))
    return {"model": target.model, "from": now.model} | _judged(rows)


def _judged(rows: Sequence[tuple[str, Product, list[str], list[str]]]) -> dict[str, Any]:
    """The comparison in figures, by kind of query, and its most different queries."""
    told: dict[str, Any] = {"top": TOP, "kinds": {}}
    for kind in ("picture", "words"):
        shared = [_shared(a, b) for k, _, a, b in rows if k == kind]
        if shared:
            told["kinds"][kind] = {
                "queries": len(shared),
                "changed": sum(s < 1 for s in shared),
                "shared": round(sum(shared) / len(shared), 4),
                "first_changed": sum(a[:1] != b[:1] for k, _, a, b in rows if k == kind),
            }
    worst = sorted(rows, key=lambda row: _shared(row[2], row[3]))[:EXAMPLES]
    told["examples"] = [
        {"kind": kind, "sku": product.sku, "title": product.title, "now": a, "then": b,
         "shared": _shared(a, b)}
        for kind, product, a, b in worst
    ]  # fmt: skip
    return told


def _shared(a: Sequence[str], b: Sequence[str]) -> float:
    return len(set(a) & set(b)) / max(1, len(a), len(b))


def _top(shelf: Shelf, eye: Encoder, product: Product, kind: str) -> list[str]:
    point = shelf.vector_of(product.sku) if kind == "picture" else eye.words([product.title])[0]
    how: QueryKind = "picture" if kind == "picture" else "words"
    exclude = product.sku if kind == "picture" else None
    answer = shelf.search(Query(point, how, top=TOP, unfold=True, exclude_sku=exclude))
    return [hit.product.sku for hit in answer.hits]


def _sampled(skus: Sequence[str], most: int) -> list[str]:
    if len(skus) <= most:
        return list(skus)
    chosen = np.random.default_rng(SEED).choice(len(skus), most, replace=False)
    return [skus[i] for i in sorted(chosen)]


def _skus(shelf: Shelf) -> list[str]:
    with shelf.database.reading() as connection:
        return [str(row[0]) for row in connection.execute("SELECT sku FROM products ORDER BY id")]


def _pictures(shelf: Shelf) -> int:
    with shelf.database.reading() as connection:
        return int(connection.execute("SELECT count(*) FROM pictures").fetchone()[0])


def _count(place: Path) -> int:
    database = Database(place)
    try:
        with database.reading() as connection:
            return int(connection.execute("SELECT count(*) FROM products").fetchone()[0])
    finally:
        database.close()


def _place(settings: Settings, target: Live) -> Path:
    return settings.shop / target.folder if target.folder else settings.shop
