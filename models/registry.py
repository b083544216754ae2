"""Finds models on disk and vouches for their files. Imports no torch: servers read this."""

import hashlib
from pathlib import Path

from models.card import ModelCard, read_card
from models.errors import UnknownModel
from vision.errors import BadModel

BUILTIN = Path(__file__).with_name("builtin")


def find_card(name: str) -> ModelCard:
    """The verified card of a model that comes with Vistazo; `builtin` names it too.

    Raises UnknownModel for another name, BadModel when its files are not what the card says.
    """
    card = read_card(BUILTIN)
    if name not in ("builtin", card.name):
        raise UnknownModel(name, (card.name,))
    verify(card, BUILTIN)
    return card


def load_card(folder: Path) -> ModelCard:
    """The verified card of the model in `folder` (all paths absolute); raises BadModel.

    Verifying reads every file once: 30 ms for the built-in model's 32 MB.
    """
    card = read_card(folder)
    verify(card, folder)
    return card


def verify(card: ModelCard, folder: Path) -> None:
    """Raise BadModel unless each file that the card names is there and is the one it was."""
    spec = card.spec
    needed = [spec.image_graph, spec.words_graph, spec.vocabulary]
    needed += [spec.lexicon] if spec.lexicon else []
    for path in needed:
        if path.name not in card.checksums:
            raise BadModel(card.name, f"its card vouches for no {path.name}")
    for file_name, wanted in card.checksums.items():
        try:
            with (folder / file_name).open("rb") as file:
                found = hashlib.file_digest(file, "sha256").hexdigest()
        except OSError as cause:
            raise BadModel(card.name, f"{file_name} is missing or unreadable") from cause
        if found != wanted:
            raise BadModel(card.name, f"{file_name} is not the file that its card vouches for")
