"""The vectors in this process's memory, kept in step with the catalogue.

Promise: after `catch_up` the replica holds every vector that the caller's transaction sees. The
file it is saved to is a cache: missing, damaged or of another shop, it is made again.
"""

import json
import os
import sqlite3
import zlib
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path

from index.catalogue import owners_of, removed_since, sequence_of, vectors_since
from index.gate import Gate
from index.manifest import write_atomically
from index.owners import NOBODY, Owners
from index.vectors import FlatIndex, Ids, Scores, VectorIndex
from vision.embedding import Vector

CACHE_NAME = "vectors.json"
CACHE_AFTER = 2_000  # changed pictures; fewer are read from the catalogue in 10 ms


@dataclass(frozen=True, slots=True)
class Cache:
    """What the cache file holds: which shop, up to which change, in which file."""

    identity: str
    dimension: int
    sequence: int
    file: str
    size_bytes: int
    crc32: int


class Replica:
    """A VectorIndex and the sequence number that it has reached; may be used from any thread."""

    def __init__(
        self, folder: Path, identity: str, dimension: int, connection: sqlite3.Connection
    ) -> None:
        self._folder = folder
        self._identity = identity
        self._gate = Gate()
        self._index: VectorIndex = FlatIndex(dimension)
        self._owners = NOBODY
        self._sequence = 0
        self._unsaved = 0
        self._load(sequence_of(connection))
        self.catch_up(connection)
        self._owners = owners_of(connection)
        if len(self._index) != len(self._owners.pictures):  # the cache lied: do without it
            self._index, self._sequence = FlatIndex(dimension), 0
            self.catch_up(connection)
            self._owners = owners_of(connection)

    def __len__(self) -> int:
        return len(self._index)

    def catch_up(self, connection: sqlite3.Connection) -> int:
        """Take over all changes that `connection`'s transaction sees; the number of the last."""
        sequence = sequence_of(connection)
        if sequence <= self._sequence:
            return sequence
        with self._gate.changing():
            if sequence <= self._sequence:
                return sequence  # another thread did it meanwhile
            try:
                self._take_over(connection)
            except BaseException:  # half a change is none: start again from nothing
                self._index, self._owners = FlatIndex(self._index.dimension), NOBODY
                self._sequence = 0
                raise
            self._sequence = sequence
        return sequence

    def _take_over(self, connection: sqlite3.Connection) -> None:
        if self._sequence:  # who starts from nothing has nothing to forget
            gone = removed_since(connection, self._sequence)
            self._index.remove(gone)
            self._owners = self._owners.without(gone)
            self._unsaved += len(gone)
        for ids, products, vectors in vectors_since(
            connection, self._sequence, self._index.dimension
        ):
            self._index.add(ids, vectors)
            self._owners = self._owners.plus(ids, products)
            self._unsaved += len(ids)

    def owners(self, sequence: int) -> Owners | None:
        """Which product each picture belongs to at the moment `sequence`; None as with search."""
        with self._gate.looking():
            return self._owners if self._sequence == sequence else None

    def search(
        self, vector: Vector, k: int, allowed: Ids | None, sequence: int
    ) -> tuple[Ids, Scores] | None:
        """The nearest pictures, as VectorIndex.search, at the moment `sequence`; None if another
        thread already took the vectors past it."""
        with self._gate.looking():
            if self._sequence != sequence:
                return None
            return self._index.search(vector, k, allowed)

    def save_if_worthwhile(self) -> None:
        """Save after so many changes that the next opening would feel them.

        A disk that is full or read-only costs the next opening its speed and nothing else.
        """
        if self._unsaved >= CACHE_AFTER:
            with suppress(OSError):
                self.save()

    def save(self) -> None:
        """Write the cache: the index under a name of its own, then the note that points to it.

        Raises OSError.
        """
        with self._gate.looking():
            sequence, name = self._sequence, f"vectors-{self._sequence}-{os.urandom(4).hex()}.faiss"
            path = self._folder / name
            self._index.save(path)
        note = Cache(self._identity, self._index.dimension, sequence, name, *_size_and_crc32(path))
        write_atomically(self._folder / CACHE_NAME, json.dumps(asdict(note)).encode())
        self._unsaved = 0
        for old in self._folder.glob("vectors-*.faiss"):
            if old.name != name:
                old.unlink(missing_ok=True)

    def _load(self, newest: int) -> None:
        """Take the cache if it is whole, of this shop and not from its future (a shop put back
        from a backup is older than its cache); otherwise start from nothing."""
        try:
            note = Cache(**json.loads((self._folder / CACHE_NAME).read_bytes()))
            path = self._folder / Path(note.file).name
            if (note.identity, note.dimension) != (self._identity, self._index.dimension):
                return
            if note.sequence > newest:
                return
            if _size_and_crc32(path) != (note.size_bytes, note.crc32):
                return
            self._index = FlatIndex.load(path, note.dimension)
            self._sequence = note.sequence
        except (OSError, ValueError, TypeError):
            return


def _size_and_crc32(path: Path) -> tuple[int, int]:
    size, crc = 0, 0
    with path.open("rb") as file:
        while block := file.read(1 << 20):
            size, crc = size + len(block), zlib.crc32(block, crc)
    return size, crc
