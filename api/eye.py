"""The model that the operator named, opened; without the web's libraries, which indexing needs not.

Importing those took 0.3 s of the 2.4 s that a run with 1 % changed pictures costs. The engine, too,
is loaded only when there is something to see: a run that finds nothing new needs none.
"""

import threading
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from api.settings import Settings
from models.card import ModelCard
from models.registry import find_card, load_card
from vision.embedding import Embedding
from vision.errors import BadModel
from vision.photo import Pixels
from vision.spec import EncoderSpec
from vision.turnstile import Pulse

if TYPE_CHECKING:
    from vision.encoder import OnnxEncoder


def card_of(model: str, store: Path | None = None) -> ModelCard:
    """The card of a model by name or folder; raises BadModel, also for a name that is unknown."""
    try:
        return load_card(Path(model)) if Path(model).is_dir() else find_card(model, store)
    except LookupError as error:
        raise BadModel(model, str(error).rstrip(".")) from error


def open_encoder(settings: Settings, *, threads: int, lanes: int) -> "OnnxEncoder":
    """The model that `settings` name, warm; raises BadModel."""
    from vision.encoder import OnnxEncoder  # loads the engine

    spec = card_of(settings.model, settings.store).spec
    return OnnxEncoder(spec, threads=threads, lanes=lanes, max_waiting=settings.waiting)


class SleepingEncoder:
    """An Encoder that opens its eyes when it is first asked; may be used from any thread.

    Its model is named and verified from the start: what is raised late is only what the engine
    finds wrong (BadModel).
    """

    def __init__(self, settings: Settings, *, threads: int, lanes: int) -> None:
        self._settings, self._threads, self._lanes = settings, threads, lanes
        self._spec = card_of(settings.model, settings.store).spec
        self._opening = threading.Lock()
        self._awake: OnnxEncoder | None = None

    @property
    def spec(self) -> EncoderSpec:
        """The model's facts."""
        return self._spec

    def pictures(self, batch: Pixels) -> list[Embedding]:
        """Embed uint8 (N, size_px, size_px, 3)."""
        return self._wake().pictures(batch)

    def words(self, texts: Sequence[str]) -> list[Embedding]:
        """Embed texts."""
        return self._wake().words(texts)

    def pulse(self) -> Pulse:
        """Signs of life."""
        return self._wake().pulse()

    def _wake(self) -> "OnnxEncoder":
        with self._opening:
            if self._awake is None:
                self._awake = open_encoder(self._settings, threads=self._threads, lanes=self._lanes)
            return self._awake
