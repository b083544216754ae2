"""What a shop keeps of its vectors between openings: one file, and a note that points to it.

Both are a cache: damaged, missing, of another shop or from its future, they are passed over, and
everything is made again from the catalogue. The file is written whole under a name of its own, then
the note; so whoever is killed between leaves the old note with its old file.
"""

import fcntl
import json
import os
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np

from index.base import Base
from index.manifest import sync_folder, write_atomically
from index.mapped import Arrays, ArraysWriter, open_arrays
from index.tiers import Tiered

NOTE_NAME = "vectors.json"
FILES = "vectors-*.arrays"
LOCK_NAME = "vectors.lock"
WORK_FOLDER = ".upkeep"  # half-made files; whoever holds the upkeep lock may empty it


@dataclass(frozen=True, slots=True)
class Note:
    """Which shop's vectors, up to which change, in which file."""

    identity: str
    dimension: int
    sequence: int
    file: str
    size_bytes: int
    crc32: int


def find_note(folder: Path) -> Note | None:
    """The note, or None if there is none that can be read."""
    try:
        return Note(**json.loads((folder / NOTE_NAME).read_bytes()))
    except (OSError, ValueError, TypeError):
        return None


def open_kept(folder: Path, note: Note) -> Tiered | None:
    """The vectors that `note` speaks of; None if its file is missing or damaged."""
    try:
        file = open_arrays(folder / Path(note.file).name)
        said = (file.facts["identity"], file.facts["dimension"], file.facts["sequence"])
        if said != (note.identity, note.dimension, note.sequence):
            return None
        if file.size_bytes != note.size_bytes:
            return None
        if file.facts["kind"] == "lists":
            return Tiered(note.dimension, Base.of(file))
        return _flat(file, note.dimension)
    except (OSError, ValueError, KeyError, TypeError):
        return None


def _flat(file: Arrays, dimension: int) -> Tiered:
    found = Tiered(dimension)
    arrays = file.arrays
    found.add(np.array(arrays["pictures"]), np.array(arrays["products"]), arrays["vectors"])
    return found


def keep_flat(folder: Path, identity: str, sequence: int, tiered: Tiered) -> Note:
    """Keep vectors that have no base; raises OSError."""
    pictures, products, vectors = tiered.contents()
    path = fresh_path(folder, "flat")
    try:
        writer = ArraysWriter(path)
        try:
            writer.add_whole("pictures", pictures)
            writer.add_whole("products", products)
            writer.add_whole("vectors", vectors)
            facts = {"kind": "flat", "identity": identity, "dimension": tiered.dimension,
                     "sequence": sequence}  # fmt: skip
            crc32 = writer.finish(facts)
        finally:
            writer.close()
        return publish(folder, path, identity, tiered.dimension, sequence, crc32)
    finally:
        path.unlink(missing_ok=True)


def fresh_path(folder: Path, what: str) -> Path:
    """A path for a file to be made; raises OSError."""
    work = folder / WORK_FOLDER
    work.mkdir(exist_ok=True)
    return work / f"{what}-{os.getpid()}-{os.urandom(4).hex()}"


def publish(
    folder: Path, made: Path, identity: str, dimension: int, sequence: int, crc32: int
) -> Note:
    """Let the file `made` be the one that the note speaks of; older ones go. Raises OSError.

    One publishes at a time, of all threads and processes: else one would take the file away that
    the other's note speaks of.
    """
    with (folder / LOCK_NAME).open("ab") as lock:
        with suppress(OSError):  # a file system without locks
            fcntl.flock(lock, fcntl.LOCK_EX)
        return _publish(folder, made, identity, dimension, sequence, crc32)


def _publish(
    folder: Path, made: Path, identity: str, dimension: int, sequence: int, crc32: int
) -> Note:
    path = folder / f"vectors-{sequence}-{os.urandom(4).hex()}.arrays"
    size_bytes = made.stat().st_size
    made.replace(path)
    sync_folder(folder)
    note = Note(identity, dimension, sequence, path.name, size_bytes, crc32)
    write_atomically(folder / NOTE_NAME, json.dumps(asdict(note)).encode())
    for old in _files(folder):
        if old != path:
            old.unlink(missing_ok=True)
    return note


def drop(folder: Path) -> None:
    """Keep nothing; raises OSError."""
    (folder / NOTE_NAME).unlink(missing_ok=True)
    for path in _files(folder):
        path.unlink(missing_ok=True)


def _files(folder: Path) -> Iterator[Path]:
    yield from folder.glob(FILES)
    yield from folder.glob("vectors-*.faiss")  # of Vistazo 0.1
