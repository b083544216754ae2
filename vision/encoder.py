"""Pictures and words become Embeddings in one space.

Promises: a bad input raises before the graph runs and harms no neighbour; what leaves is finite
and of unit length; the queue before the encoder is bounded; `pulse` tells the truth about it.
"""

import time
from collections.abc import Callable, Sequence
from typing import Protocol

import numpy as np

from vision.embedding import UNIT_TOLERANCE, Embedding, Vector
from vision.engines import open_engine
from vision.errors import BadModel, EncoderBroken
from vision.photo import Pixels
from vision.spec import EncoderSpec
from vision.tokens import Tokens
from vision.turnstile import Pulse, Turnstile

OUTPUT = "vector"


class Encoder(Protocol):
    """The eye as the rest of the house sees it."""

    @property
    def spec(self) -> EncoderSpec:
        """The model's facts."""

    def pictures(self, batch: Pixels) -> list[Embedding]:
        """Embed uint8 (N, size_px, size_px, 3), N ≥ 1."""

    def words(self, texts: Sequence[str]) -> list[Embedding]:
        """Embed one or more texts."""

    def pulse(self) -> Pulse:
        """Signs of life."""


class OnnxEncoder:
    """Both towers of one model, each on the engine that its card names (mostly ONNX Runtime).

    `threads` work on a run that is alone, `lanes` runs go on at once, `max_waiting` may queue.
    Pictures in runs side by side have one thread each: two threads on one run wait for each other
    at each of its hundred steps, which on two cores cost a sixth of the throughput, and more where
    other work wants a core in between.

    Raises BadModel at construction; EncoderBusy or EncoderBroken when used.
    """

    def __init__(
        self,
        spec: EncoderSpec,
        *,
        threads: int,
        lanes: int = 1,
        max_waiting: int = 64,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._spec = spec
        self._turnstile = Turnstile(lanes, max_waiting, clock)
        self._tokens = Tokens(spec)
        image, words = spec.image_engine, spec.words_engine
        self._image = open_engine(image, spec.image_graph, output=OUTPUT, threads=threads)
        self._image_beside = self._image
        if threads > 1 and lanes > 1:
            self._image_beside = open_engine(image, spec.image_graph, output=OUTPUT, threads=1)
        self._words = open_engine(words, spec.words_graph, output=OUTPUT, threads=threads)
        self._warm_up()

    @property
    def spec(self) -> EncoderSpec:
        """The model's facts."""
        return self._spec

    def pictures(self, batch: Pixels) -> list[Embedding]:
        """Embed uint8 (N, size_px, size_px, 3), N ≥ 1; raises ValueError for another shape."""
        side = self._spec.size_px
        if batch.dtype != np.uint8 or batch.ndim != 4 or batch.shape[1:] != (side, side, 3):
            raise ValueError(f"pictures are uint8 (N, {side}, {side}, 3), not {batch.shape}")
        with self._turnstile.run() as alone:
            see = self._image if alone else self._image_beside
            return self._embeddings(see({"pixels": batch}), len(batch))

    def words(self, texts: Sequence[str]) -> list[Embedding]:
        """Embed texts; raises NotWords when one is empty or too long."""
        ids, mask = self._tokens.encode(texts)
        with self._turnstile.run():
            return self._embeddings(self._words({"ids": ids, "mask": mask}), len(texts))

    def pulse(self) -> Pulse:
        """Signs of life."""
        return self._turnstile.pulse()

    def _warm_up(self) -> None:
        """The first run allocates (some 30 ms): pay it now, and find a wrong graph now."""
        side = self._spec.size_px
        try:
            self.pictures(np.full((1, side, side, 3), 127, np.uint8))
            self.words(["a red shirt"])
        except EncoderBroken as cause:
            raise BadModel(self._spec.name, f"its first run failed: {cause.reason}") from cause

    def _embeddings(self, vectors: Vector, wanted: int) -> list[Embedding]:
        if vectors.shape != (wanted, self._spec.dimension):
            raise EncoderBroken(
                f"it answered {vectors.shape} where ({wanted}, {self._spec.dimension}) was due"
            )
        lengths = np.linalg.norm(vectors, axis=1)
        if not np.all(np.abs(lengths - 1.0) <= UNIT_TOLERANCE):  # catches NaN too
            raise EncoderBroken("it answered vectors that are not of unit length")
        return [Embedding(v, self._spec.space) for v in vectors]
