"""Puts an adapted model into the store, whole or not at all, proven through what serves."""

import hashlib
import shutil
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from onnx import ModelProto

from models.adapt_folds import Chosen, carried
from models.adapt_graph import adapted_pictures, adapted_words
from models.adapt_lens import unit
from models.adapt_shop import Shop
from models.adapt_trial import Learned, shop_blocks
from models.card import ModelCard, write_card
from models.errors import ParityLost
from models.placing import new_part, settle
from models.registry import load_card
from vision.encoder import OnnxEncoder
from vision.spec import EncoderSpec

EXACT = 0.999
PROVEN = 24


@dataclass(frozen=True, slots=True)
class Made:
    """All that goes into an adapted model: the graph that senses, what was learned, how much of it
    is used."""

    sensing: ModelProto
    learned: Learned
    chosen: Chosen


def publish_adapted(
    name: str, base: ModelCard, made: Made, shop: Shop, told: dict[str, Any], store: Path
) -> Path:
    """The folder in `store` of the published model; raises ParityLost, BadModel."""
    place = store / name
    part = new_part(place)
    try:
        learned, blend = made.learned, made.chosen.blend
        adapted_pictures(made.sensing, learned.lens, blend, part / "image.onnx")
        adapted_words(base.spec.words_graph, learned.speech, blend, part / "words.onnx")
        for path in _further(base.spec).values():
            shutil.copyfile(path, part / path.name)
        card = _card(name, base, made, told, part)
        write_card(card, part)
        _prove(base.spec, card.spec, made, shop)
        final = place / card.version
        settle(part, final)
    finally:
        shutil.rmtree(part, ignore_errors=True)
    load_card(final)
    return final


def _card(name: str, base: ModelCard, made: Made, told: dict[str, Any], part: Path) -> ModelCard:
    sums = {path.name: hashlib.sha256(path.read_bytes()).hexdigest()
            for path in sorted(part.glob("*.*")) if path.name != "card.json"}  # fmt: skip
    version = hashlib.sha256("".join(sums[n] for n in sorted(sums)).encode()).hexdigest()[:12]
    learned, chosen = made.learned, made.chosen
    width = learned.lens.turn.shape[1]
    spec = replace(
        base.spec, name=name, version=version, space=f"{name}/{version}",
        dimension=base.spec.dimension + width,
        image_graph=part / "image.onnx", words_graph=part / "words.onnx",
        title_weight=base.spec.title_weight * chosen.blend.title_factor,
        blocks=shop_blocks(base.spec, width),
        calibrations=carried(base.spec.calibrations, chosen.scores),
        **{name: part / path.name for name, path in _further(base.spec).items()},
    )  # fmt: skip
    source = f"{base.name}@{base.version}, adapted to a shop by models/adapt.py. {base.source}"
    data = (*base.data, f"the shop's own table: {told['products']} products, {told['pictures']} "
            f"pictures (sha256 {told['table_sha256'][:12]})")  # fmt: skip
    return ModelCard(spec, source, base.licence, data, sums, {"adapted": told})


def _further(spec: EncoderSpec) -> dict[str, Any]:
    """The model's files beside its graphs, by the spec's name for them: they go along as they are,
    for the first dimensions of an adapted vector are the model's own, only shorter."""
    held = {name: getattr(spec, name) for name in EncoderSpec.__slots__}
    graphs = ("image_graph", "words_graph")
    return {n: path for n, path in held.items() if isinstance(path, Path) and n not in graphs}


def _prove(base: EncoderSpec, spec: EncoderSpec, made: Made, shop: Shop) -> None:
    """Raise ParityLost unless both graphs answer what was measured: the old graphs' answers and
    what was learned, put together outside."""
    rng = np.random.default_rng(0)
    noise = rng.integers(0, 256, (PROVEN, 8, 8, 3), dtype=np.uint8)
    side = spec.size_px // 8 + 1
    pixels = noise.repeat(side, 1).repeat(side, 2)[:, : spec.size_px, : spec.size_px]
    old, new = OnnxEncoder(base, threads=1), OnnxEncoder(spec, threads=1)
    wanted = np.stack([e.vector for e in old.pictures(np.ascontiguousarray(pixels))])
    found = np.stack([e.vector for e in new.pictures(np.ascontiguousarray(pixels))])
    _gate("the model's own part of a picture", unit(found[:, : base.dimension]), wanted)
    texts = [item.title for item in shop.items if item.title][:PROVEN] or ["a product"]
    said = np.stack([e.vector for e in old.words(texts)])
    whole = made.chosen.blend.pictures(said, made.learned.speech.say(said))
    _gate("the words graph", np.stack([e.vector for e in new.words(texts)]), whole)


def _gate(what: str, found: Any, wanted: Any) -> None:
    reached = float((found * wanted).sum(1).min())
    if not reached >= EXACT:
        raise ParityLost(what, reached, EXACT)
