"""Counts a shop's pictures by kind, and anew as it changes (vision/census.py says what for)."""

import sqlite3
import threading
from dataclasses import dataclass
from typing import Final

import numpy as np

from index.catalogue import marks
from index.replica import Replica
from index.vectors import Ids
from vision.census import Census
from vision.embedding import Vector, sound
from vision.kinds import Kinds
from vision.spec import EncoderSpec

ASKED: Final = 4_000
"""Vectors counted, drawn evenly: shares of .01 are then known to ± .003; 20 ms."""
STALE: Final = 0.02
"""Pictures that came or went, for each that the shop had, after which the census is taken anew."""


@dataclass(frozen=True, slots=True, eq=False)
class _Taken:
    """A census and the shop that it was taken of: its newest picture, how many there were."""

    census: Census | None
    newest: int
    pictures: int

    def is_stale(self, newest: int, pictures: int) -> bool:
        moved = max(abs(newest - self.newest), abs(pictures - self.pictures))
        return moved > STALE * self.pictures


class Counting:
    """Takes the census anew as the shop changes; may be used from any thread.

    Only pictures count: a new price or stock changes no census. One thread takes it while the
    others go on with the one before; only for the first of all they wait.
    """

    def __init__(self, spec: EncoderSpec) -> None:
        """Raises BadModel when the model's kinds cannot be read."""
        self._kinds = Kinds.find(spec)
        self._dimension = spec.dimension
        self._taking = threading.Lock()
        self._now: _Taken | None = None

    def at(self, connection: sqlite3.Connection, replica: Replica) -> Census | None:
        """The census, at most a few changes behind what this transaction sees; None where the
        model names no kinds or the shop is too small."""
        if self._kinds is None:
            return None
        replica.catch_up(connection)
        place = _newest(connection), len(replica)
        now = self._now
        if now is not None and not now.is_stale(*place):
            return now.census
        if not self._taking.acquire(blocking=now is None):
            return None if now is None else now.census
        try:
            now = self._now
            if now is None or now.is_stale(*place):  # nobody took it while this one waited
                vectors = sample(connection, replica.some_pictures(ASKED), self._dimension)
                self._now = now = _Taken(Census.of(self._kinds, vectors), *place)
            return now.census
        finally:
            self._taking.release()


def sample(connection: sqlite3.Connection, pictures: Ids, dimension: int) -> Vector:
    """The vectors of `pictures` (N, dimension), as far as the transaction sees them whole."""
    wanted = pictures.tolist()
    rows = connection.execute(
        f"SELECT vector FROM vectors WHERE picture_id IN ({marks(wanted)})", wanted
    ).fetchall()
    whole = [vector for (vector,) in rows if len(vector) == 4 * dimension]
    found = sound(np.frombuffer(b"".join(whole), np.float32).reshape(len(whole), dimension))
    return found[found.any(axis=1)]


def _newest(connection: sqlite3.Connection) -> int:
    (newest,) = connection.execute("SELECT max(picture_id) FROM vectors").fetchone()
    return newest or 0
