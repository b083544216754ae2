"""A model's card: what it is, where it comes from, what was measured; and what a server needs."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from vision.errors import BadModel
from vision.spec import Block, Calibration, EncoderSpec, Exactness

CARD_FILE = "card.json"
SPEC_FILES = ("image_graph", "words_graph", "vocabulary", "lexicon", "kinds")
OPTIONAL = ("lexicon", "kinds")


@dataclass(frozen=True, slots=True)
class ModelCard:
    """`checksums`: file name → sha256 of every file of the model; `measured`: figures by name,
    each with how it was measured; `data`: what it was trained on, with licences."""

    spec: EncoderSpec
    source: str
    licence: str
    data: tuple[str, ...]
    checksums: Mapping[str, str]
    measured: Mapping[str, Any]

    @property
    def name(self) -> str:
        """The model's name, as settings give it."""
        return self.spec.name

    @property
    def version(self) -> str:
        """Changes whenever a vector would."""
        return self.spec.version


def read_card(folder: Path) -> ModelCard:
    """The card in `folder`, its files not yet verified; raises BadModel."""
    path = folder / CARD_FILE
    try:
        held = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as cause:
        raise BadModel(folder.name, f"{CARD_FILE} cannot be read ({cause})") from cause
    try:
        return ModelCard(
            spec=_spec(held["spec"], folder),
            source=held["source"],
            licence=held["licence"],
            data=tuple(held["data"]),
            checksums=dict(held["checksums"]),
            measured=held["measured"],
        )
    except (KeyError, TypeError, ValueError, AttributeError) as cause:
        raise BadModel(folder.name, f"{CARD_FILE} lacks or garbles {cause}") from cause


def write_card(card: ModelCard, folder: Path) -> None:
    """Write `card` beside its files, whole or not at all."""
    held = {
        "spec": _spec_json(card.spec),
        "source": card.source,
        "licence": card.licence,
        "data": list(card.data),
        "checksums": dict(card.checksums),
        "measured": card.measured,
    }
    part = folder / f"{CARD_FILE}.part"
    part.write_text(json.dumps(held, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    part.replace(folder / CARD_FILE)


def _spec(held: dict[str, Any], folder: Path) -> EncoderSpec:
    fields = {"kinds": None, "exact": None} | held  # older cards have none
    for name in SPEC_FILES:
        value = fields[name]
        fields[name] = None if value is None and name in OPTIONAL else _inside(folder, value)
    fields["blocks"] = tuple(Block(**b) for b in fields["blocks"])
    fields["exact"] = None if fields["exact"] is None else Exactness(**fields["exact"])
    fields["calibrations"] = {k: Calibration(**c) for k, c in fields["calibrations"].items()}
    return EncoderSpec(**fields)


def _inside(folder: Path, name: str) -> Path:
    """`folder / name`; a card may name no file outside its own folder."""
    if Path(name).name != name:
        raise ValueError(f"the file name {name!r}")
    return folder.absolute() / name


def _spec_json(spec: EncoderSpec) -> dict[str, Any]:
    held: dict[str, Any] = {name: getattr(spec, name) for name in EncoderSpec.__slots__}
    for name in SPEC_FILES:
        held[name] = None if held[name] is None else held[name].name
    held["blocks"] = [_plain(b) for b in spec.blocks]
    held["exact"] = None if spec.exact is None else _plain(spec.exact)
    held["calibrations"] = {k: _plain(c) for k, c in spec.calibrations.items()}
    return held


def _plain(value: Block | Calibration | Exactness) -> dict[str, Any]:
    return {name: getattr(value, name) for name in type(value).__slots__}
