"""Counts a shop's pictures by kind, and anew as it changes (vision/census.py says what for)."""

import sqlite3
import threading
from typing import Final

import numpy as np

from index.catalogue import marks, sequence_of
from vision.census import Census
from vision.embedding import Vector
from vision.kinds import Kinds
from vision.spec import EncoderSpec

ASKED: Final = 4_000
"""Vectors counted, drawn evenly: shares of .01 are then known to ± .003; 20 ms."""
STALE: Final = 0.02
"""Changes, or new pictures, for each one counted, after which the census is taken anew."""


class Counting:
    """Takes the census anew as the shop changes; may be used from any thread."""

    def __init__(self, spec: EncoderSpec) -> None:
        """Raises BadModel when the model's kinds cannot be read."""
        self._kinds = Kinds.find(spec)
        self._dimension = spec.dimension
        self._lock = threading.Lock()
        self._now: Census | None = None
        self._place = (0, 0)  # of the last change, the newest picture
        self._counted = 0

    def at(self, connection: sqlite3.Connection) -> Census | None:
        """The census, at most a few changes behind what this transaction sees; None where the
        model names no kinds or the shop is too small."""
        if self._kinds is None:
            return None
        place = sequence_of(connection), _newest(connection)
        with self._lock:
            moved = max(abs(now - then) for now, then in zip(place, self._place, strict=True))
            if moved and moved > STALE * self._counted:
                vectors = sample(connection, self._dimension)
                self._now = Census.of(self._kinds, vectors)
                self._place, self._counted = place, len(vectors)
            return self._now


def sample(connection: sqlite3.Connection, dimension: int, most: int = ASKED) -> Vector:
    """At most about `most` vectors of the shop (N, dimension), drawn evenly, the same each time."""
    newest = _newest(connection)
    if newest <= 2 * most:
        rows = connection.execute("SELECT vector FROM vectors LIMIT ?", (2 * most,)).fetchall()
    else:
        wanted = np.random.default_rng(0).integers(1, newest + 1, most).tolist()
        rows = connection.execute(
            f"SELECT vector FROM vectors WHERE picture_id IN ({marks(wanted)})", wanted
        ).fetchall()
    whole = [vector for (vector,) in rows if len(vector) == 4 * dimension]
    return np.frombuffer(b"".join(whole), np.float32).reshape(len(whole), dimension)


def _newest(connection: sqlite3.Connection) -> int:
    (newest,) = connection.execute("SELECT max(picture_id) FROM vectors").fetchone()
    return newest or 0
