"""Puts a whole model into the store, so that no kill leaves the store without the one in use."""

import contextlib
import secrets
import shutil
import time
from pathlib import Path

from models.card import CARD_FILE
from models.registry import load_card
from vision.errors import BadModel

STALE_S = 86_400.0
"""No run builds for a day: what is older was left by one that was killed."""


def new_part(place: Path) -> Path:
    """A fresh folder beside the versions in `place`, this run's alone and never taken for a model;
    what killed runs left there is removed."""
    place.mkdir(parents=True, exist_ok=True)
    for left in place.glob(".*.part"):
        with contextlib.suppress(OSError):
            if time.time() - left.stat().st_mtime > STALE_S:
                shutil.rmtree(left)
    part = place / f".next-{secrets.token_hex(6)}.part"
    part.mkdir()
    return part


def settle(part: Path, final: Path) -> None:
    """Make the model in `part` the version `final` of its store, the one published last.

    A version's files are named by it: where `final` is whole, its card alone is replaced, in one
    step, and servers that read it meanwhile miss nothing. A damaged one is moved aside first.
    """
    try:
        load_card(final)
    except BadModel:
        aside = part.with_name(f".old-{secrets.token_hex(6)}.part")
        if final.exists():
            final.rename(aside)
        part.rename(final)
        shutil.rmtree(aside, ignore_errors=True)
        return
    (part / CARD_FILE).replace(final / CARD_FILE)
    shutil.rmtree(part, ignore_errors=True)
