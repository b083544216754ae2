"""Fakes at the seams: small, honest stand-ins written by hand."""

import hashlib
import io
from collections.abc import Sequence
from pathlib import Path
from typing import Generic, TypeVar

import numpy as np
from PIL import Image

from vision.embedding import Embedding, unit
from vision.photo import Pixels
from vision.spec import Calibration, EncoderSpec
from vision.turnstile import Pulse

T = TypeVar("T")


class HandClock(Generic[T]):
    """A clock of moments, or of seconds, that stands still until a test moves it."""

    def __init__(self, now: T) -> None:
        self.now = now

    def __call__(self) -> T:
        return self.now


def fake_spec(
    space: str = "fake-1",
    title_weight: float = 0.3,
    calibrations: dict[str, Calibration] | None = None,
) -> EncoderSpec:
    """The facts of FakeEncoder; its graph files do not exist."""
    nowhere = Path("/nowhere")
    return EncoderSpec(
        name="fake",
        version="1",
        space=space,
        dimension=FakeEncoder.DIMENSION,
        size_px=32,
        resize="squash",
        image_graph=nowhere,
        words_graph=nowhere,
        vocabulary=nowhere,
        tokeniser="wordpiece",
        context_length=16,
        lexicon=None,
        title_weight=title_weight,
        calibrations=calibrations or {},
    )


class FakeEncoder:
    """Sees the mean colour of nine fields of a picture; words get a direction by their hash."""

    DIMENSION = 28

    def __init__(self, spec: EncoderSpec | None = None) -> None:
        self._spec = spec or fake_spec()
        self.pictures_seen = 0

    @property
    def spec(self) -> EncoderSpec:
        return self._spec

    def pictures(self, batch: Pixels) -> list[Embedding]:
        self.pictures_seen += len(batch)
        return [self._picture(pixels) for pixels in batch]

    def words(self, texts: Sequence[str]) -> list[Embedding]:
        return [self._words(text) for text in texts]

    def pulse(self) -> Pulse:
        return Pulse(ok_at=None, oldest_started_at=None, failures=0, waiting=0)

    def _picture(self, pixels: Pixels) -> Embedding:
        rows = np.array_split(pixels.astype(np.float32), 3, axis=0)
        fields = [f for row in rows for f in np.array_split(row, 3, axis=1)]
        means = np.concatenate([f.reshape(-1, 3).mean(axis=0) for f in fields]) - 127.5
        return Embedding(unit(np.append(means, 1.0).astype(np.float32)), self._spec.space)

    def _words(self, text: str) -> Embedding:
        seed = int.from_bytes(hashlib.sha256(text.encode()).digest()[:8], "big")
        draw = np.random.default_rng(seed).standard_normal(self.DIMENSION)
        return Embedding(unit(draw.astype(np.float32)), self._spec.space)


def drawn_picture(seed: int, kind: str = "PNG", side_px: int = 48) -> bytes:
    """The file of a picture of nine coloured fields; equal seeds, equal pixels."""
    fields = np.random.default_rng(seed).integers(0, 256, (3, 3, 3), dtype=np.uint8)
    pixels = fields.repeat(side_px // 3, axis=0).repeat(side_px // 3, axis=1)
    file = io.BytesIO()
    Image.fromarray(pixels).save(file, kind)
    return file.getvalue()
