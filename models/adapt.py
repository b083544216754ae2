"""Makes a model that knows one shop better: `vistazo models adapt TABLE` (torch; workshop only).

    python -m models adapt TABLE --store FOLDER --name NAME [--minutes 10]

The model's towers stay as they are. What is learned, in closed form and on the CPU, are two linear
maps behind them: pictures of one product are drawn together (its other pictures, and crops of each
in other light, without which a shop of one picture a product could teach nothing), and words are
sent to where the products lie that they speak of. How much of it is used is chosen, and what it
gives is measured, by folds of articles: never the same article on both sides.

Promises: nothing is published that finds less than the model it came from in any measured figure;
the model that was in use is untouched; a run that was broken off goes on where it stopped.
"""

import hashlib
import re
import shutil
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from models.adapt_folds import Chosen, measure
from models.adapt_judge import losses
from models.adapt_publish import Made, publish_adapted
from models.adapt_sense import Senses, Told, read_words, readable
from models.adapt_shop import Rows, Shop, Texts, learn
from models.adapt_table import Item, attributes_of, read_items, with_judgements
from models.adapt_trial import Learned, Wording
from models.card import ModelCard
from models.errors import BadName
from models.registry import find_card, load_card
from vision.lexicon import Lexicon
from vision.spec import EncoderSpec

ROUNDS = 6
SENSING = 0.75  # of the minutes: folds and publishing take the rest
MOST_PRODUCTS = 6_000
"""More are drawn by the seed: the covariances of 6,000 are as good, and the folds take minutes."""
MOST_VALUES = 40
NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,60}")
LOSS_CODE, DONE_CODE = "adapt-loss", "adapted"


@dataclass(frozen=True, slots=True)
class Asked:
    """What the operator asked: see `python -m models adapt --help`."""

    table: Path
    model: str
    name: str
    store: Path
    work: Path
    judgements: Path | None
    minutes: float
    rounds: int | None
    seed: int
    threads: int
    dry_run: bool


def adapt(asked: Asked, tell: Told, clock: Callable[[], float] = time.monotonic) -> dict[str, Any]:
    """Learn, measure, and publish unless something was lost. `code` is `adapted` or `adapt-loss`.

    Raises BadTable, BadName, UnknownModel, BadModel, ParityLost.
    """
    started = clock()
    card = _card(asked)
    require_name(asked.name, card)
    items, said = _items(asked, tell)
    shop, senses, wording, words = _shop(asked, card.spec, items, said, tell, started, clock)
    measured = measure(shop, card.spec, wording, words, asked.seed, tell)
    figures = measured.evidence.figures(asked.seed)
    lost = losses(figures)
    told = _told(asked, card, shop, measured, figures, lost)
    if not lost and not asked.dry_run:
        everything = np.ones(len(items), bool)
        tell("Publishing", 0, 1)
        made = Made(senses.graph, Learned(*learn(shop, everything)), measured)
        folder = publish_adapted(asked.name, card, made, shop, told, asked.store)
        told |= {"published": f"{asked.name}@{folder.name}", "folder": str(folder)}
    return told | {"seconds": round(clock() - started, 1)}


def require_name(name: str, base: ModelCard) -> None:
    """Raise BadName unless a model may be published as `name`."""
    if not NAME.fullmatch(name):
        raise BadName(name, "a name is made of letters, digits, dots, dashes, up to 60 of them")
    if name in ("builtin", base.name):
        raise BadName(name, "the model that it is adapted from keeps its own; name it --name NEW")


def _card(asked: Asked) -> ModelCard:
    if Path(asked.model).is_dir():
        return load_card(Path(asked.model))
    return find_card(asked.model, asked.store)


def _items(asked: Asked, tell: Told) -> tuple[list[Item], list[tuple[str, str]]]:
    items = read_items(asked.table, MOST_PRODUCTS, asked.seed)
    said: list[tuple[str, str]] = []
    if asked.judgements is not None:
        items, said = with_judgements(items, asked.judgements)
    known = readable([p for item in items for p in item.pictures], tell)
    kept = [
        Item(i.sku, i.title, i.group, pictures, i.values)
        for i in items if (pictures := tuple(p for p in i.pictures if p in known))
    ]  # fmt: skip
    return kept, said


def _shop(
    asked: Asked, spec: EncoderSpec, items: list[Item], said: list[tuple[str, str]], tell: Told,
    started: float, clock: Callable[[], float],
) -> tuple[Shop, Senses, Wording, Any]:  # fmt: skip
    owner = np.array([i for i, item in enumerate(items) for _ in item.pictures])
    first = np.flatnonzero(np.diff(owner, prepend=-1))
    paths = [p for item in items for p in item.pictures]
    senses = Senses(spec, paths, asked.work, asked.seed, asked.threads)
    rounds = [senses.round(0, tell), senses.round(1, tell)]
    while len(rounds) <= (asked.rounds or ROUNDS) and (
        asked.rounds or clock() - started < asked.minutes * 60 * SENSING
    ):
        rounds.append(senses.round(len(rounds), tell))
    values = {
        name: np.array([item.values.get(name, "") for item in items])
        for name in attributes_of(items)
    }
    tell("Reading titles", 0, 1)
    titled = [i for i, item in enumerate(items) if item.title]
    titles = np.zeros((len(items), spec.dimension), np.float32)
    if titled:
        titles[titled] = read_words(spec, [items[i].title for i in titled], asked.threads)
    texts, meant, wording = _texts(items, values, said)
    words = read_words(spec, _in_models_words(spec, texts), asked.threads)
    whole = Texts(
        np.concatenate([titles[titled], words]), [*(np.array([i]) for i in titled), *meant]
    )
    return Shop(items, owner, first, rounds, titles, whole, values), senses, wording, words


def _texts(
    items: list[Item], values: dict[str, Any], said: list[tuple[str, str]]
) -> tuple[list[str], list[Any], Wording]:
    """Texts with the products that they mean: each common value, colours as shoppers change them,
    colour and category together, and what was judged."""
    texts: list[str] = []
    meant: list[Rows] = []
    wording = Wording([], {})
    for name, held in values.items():
        for value, count in Counter(v for v in held if v).most_common(MOST_VALUES):
            if count < 2:
                continue
            rows = np.flatnonzero(held == value)
            wording.values.append((name, value, len(texts)))
            texts.append(value)
            meant.append(rows)
            if name == "colour":
                wording.recolour[value] = len(texts)
                texts.append(f"but in {value}")
                meant.append(rows)
    if "colour" in values and "category" in values:
        both = Counter(zip(values["colour"], values["category"], strict=True))
        for (colour, kind), count in both.most_common(200):
            if colour and kind and count > 1:
                texts.append(f"{colour} {kind}")
                meant.append(
                    np.flatnonzero((values["colour"] == colour) & (values["category"] == kind))
                )
    at = {item.sku: i for i, item in enumerate(items)}
    for text, sku in said:
        if sku in at:
            texts.append(text)
            meant.append(np.array([at[sku]]))
    return texts or ["a product"], meant or [np.arange(len(items))], wording


def _in_models_words(spec: EncoderSpec, texts: list[str]) -> list[str]:
    """Texts as the search hands them to the model."""
    if spec.lexicon is None:
        return texts
    lexicon = Lexicon.load(spec.lexicon)
    return [lexicon.read(text).words or text for text in texts]


def _told(
    asked: Asked, card: ModelCard, shop: Shop, measured: Chosen, figures: dict[str, Any],
    lost: list[str],
) -> dict[str, Any]:  # fmt: skip
    return {
        "code": LOSS_CODE if lost else DONE_CODE,
        "published": None,
        "losses": lost,
        "from": f"{card.name}@{card.version}",
        "products": len(shop.items),
        "articles": len(set(shop.groups.tolist())),
        "pictures": len(shop.owner),
        "rounds": len(shop.rounds) - 1,
        "seed": asked.seed,
        "share": measured.blend.share,
        "title_factor": measured.blend.title_factor,
        "table_sha256": hashlib.sha256(asked.table.read_bytes()).hexdigest(),
        "how": "5 folds by article, everything learned and chosen on the others; 95 % intervals by "
        "paired bootstrap over articles, 1,000 draws",
        "figures": figures,
    }


def clear(work: Path) -> None:
    """Take away what a finished run kept to go on with."""
    shutil.rmtree(work, ignore_errors=True)
