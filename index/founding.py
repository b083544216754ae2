"""Making a base of everything that a shop's catalogue holds.

Runs in a process of its own (`python -m index.founding FOLDER`), at the lowest priority and on one
thread, so that a serving process feels it neither in memory nor in its searches. It reads one
moment of the catalogue; what changes meanwhile is caught up by whoever opens the result. Killed
at any time it leaves the old base and files in `.upkeep/` that the next run removes.
"""

import argparse
import os
import resource
import sqlite3
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from index.base import Base, Reach
from index.catalogue import identity_of, sequence_of, vectors_since
from index.database import Database
from index.inverted import Inverted, lists_for, sample_for
from index.kept import WORK_FOLDER, Note, find_note, fresh_path, open_kept, publish
from index.lock import alone
from index.mapped import ArraysWriter
from index.reach import ASKED, CANDIDATES, Measured, measure, some_questions
from index.vectors import Coded, Ids, Vectors, coded, decoded

LOCK_NAME = "upkeep.lock"
LOWEST_PRIORITY = 19
BUSY_ELSEWHERE = 75  # EX_TEMPFAIL: another process is at it
NO_ROOM = 73  # EX_CANTCREAT
RETRAIN_GROWTH = 2.0  # times as many vectors as it was trained for: its lists have grown too long
BLOCK = 16_384
SEED = 20_261_122


class _Gathered:
    """All vectors of one moment, by ascending picture id, in a file that is gone when closed."""

    def __init__(self, path: Path, connection: sqlite3.Connection) -> None:
        self.identity, _, self.dimension = identity_of(connection)
        self.sequence = sequence_of(connection)
        (count,) = connection.execute("SELECT count(*) FROM pictures").fetchone()
        self.pictures: Ids = np.empty(count, np.int64)
        self.products: Ids = np.empty(count, np.int64)
        self.raw: Coded = np.memmap(path, np.int16, "w+", shape=(max(1, count), self.dimension))
        path.unlink()  # the space is given back with the last map of it, however we end
        at = 0
        for pictures, products, vectors in vectors_since(connection, 0, self.dimension):
            end = at + len(pictures)
            self.pictures[at:end], self.products[at:end] = pictures, products
            self.raw[at:end] = coded(vectors)
            at = end
        if at != count:
            raise sqlite3.DatabaseError(f"it holds {count:,} pictures but {at:,} vectors")

    def blocks(self) -> Iterator[Vectors]:
        """Everything, in order, some thousands at a time."""
        for start in range(0, len(self.pictures), BLOCK):
            yield decoded(self.raw[start : start + BLOCK])

    def sample(self, size: int) -> Vectors:
        """`size` of them by chance, always the same."""
        chance = np.random.default_rng(SEED)
        chosen = np.sort(chance.choice(len(self.pictures), size, replace=False))
        return decoded(self.raw[chosen])


def found_base(folder: Path, connection: sqlite3.Connection) -> Note:
    """Make the base of all that `connection`'s transaction sees, and let the note speak of it.

    Raises OSError (no space), sqlite3.Error, ValueError for a shop without vectors.
    """
    started = time.monotonic()
    gathered = _Gathered(fresh_path(folder, "gathered"), connection)
    count = len(gathered.pictures)
    if not count:
        raise ValueError("a shop without pictures needs no base")
    inverted, trained_on = _trained(folder, gathered)
    order = inverted.fill(gathered.blocks())
    pictures, products = gathered.pictures[order], gathered.products[order]
    base = Base(
        inverted, gathered.raw[:0], pictures, products,
        np.argsort(pictures, kind="stable").astype(np.int32),
        np.argsort(products, kind="stable").astype(np.int32), Reach(1, 1), {},
    )  # fmt: skip
    path, raw_path = fresh_path(folder, "base"), fresh_path(folder, "rows")
    try:
        base.raw = _ordered(raw_path, gathered, order)
        chance = np.random.default_rng(SEED)
        some = chance.choice(gathered.pictures, min(count, CANDIDATES), replace=False)
        asked = some_questions(connection, some, ASKED, gathered.dimension)
        measured = measure(base, asked)
        facts = _facts(gathered, base, trained_on, measured, time.monotonic() - started)
        crc32 = _write(path, base, facts)
        return publish(
            folder, path, gathered.identity, gathered.dimension, gathered.sequence, crc32
        )
    finally:
        path.unlink(missing_ok=True)
        raw_path.unlink(missing_ok=True)


def _trained(folder: Path, gathered: _Gathered) -> tuple[Inverted, int]:
    """Empty lists: those of the base that is there while they suit, else newly trained ones; and
    how many vectors there were when they were trained."""
    count = len(gathered.pictures)
    note = find_note(folder)
    if note is not None and (note.identity, note.dimension) == (
        gathered.identity,
        gathered.dimension,
    ):
        kept = open_kept(folder, note)
        if kept is not None and kept.base is not None:
            then = int(kept.base.facts["trained_on"])
            if then / RETRAIN_GROWTH < count < then * RETRAIN_GROWTH:
                return kept.base.inverted.emptied(), then
    return Inverted.train(gathered.sample(sample_for(count)), min(count, lists_for(count))), count


def _ordered(path: Path, gathered: _Gathered, order: Ids) -> Coded:
    """The vectors in the order of rows, in a file of their own: neighbours lie side by side."""
    rows: Coded = np.memmap(path, np.int16, "w+", shape=(len(order), gathered.dimension))
    for start in range(0, len(order), BLOCK):
        rows[start : start + BLOCK] = gathered.raw[order[start : start + BLOCK]]
    return np.asarray(rows)


def _facts(
    gathered: _Gathered, base: Base, trained_on: int, measured: Measured, took_s: float
) -> dict[str, object]:
    return {
        "kind": "lists",
        "identity": gathered.identity,
        "dimension": gathered.dimension,
        "sequence": gathered.sequence,
        "trained_on": trained_on,
        "lists": base.inverted.count_of_lists,
        "probes": measured.reach.probes,
        "depth": measured.reach.depth,
        "recall_pictures": round(measured.recall_pictures, 4),
        "recall_words": round(measured.recall_words, 4),
        "median_ms": round(measured.median_ms, 3),
        "made_in_s": round(took_s, 1),
        "processor_s": round(time.process_time(), 1),
        "peak_bytes": 1024 * resource.getrusage(resource.RUSAGE_SELF).ru_maxrss,
    }


def _write(path: Path, base: Base, facts: dict[str, object]) -> int:
    writer = ArraysWriter(path)
    try:
        blocks = (base.raw[n : n + BLOCK] for n in range(0, len(base), BLOCK))
        writer.add("raw", blocks, "<i2", base.raw.shape)
        for name in ("pictures", "products", "by_picture", "by_product"):
            writer.add_whole(name, getattr(base, name))
        for name, part in base.inverted.saved().items():
            writer.add_whole(name, part)
        return writer.finish(facts)
    finally:
        writer.close()


def clear_work(folder: Path) -> None:
    """Remove what a killed run left half-made; only while no other can be at it."""
    for path in (folder / WORK_FOLDER).glob("*"):
        path.unlink(missing_ok=True)


def main() -> int:
    """Make the base of the shop in the folder that is the first argument; 0 when it was made."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n", maxsplit=1)[0])
    parser.add_argument("folder", type=Path)
    parser.add_argument("--at-once", action="store_true", help="at this process's own priority")
    args = parser.parse_args()
    folder: Path = args.folder
    if not args.at_once:
        os.nice(LOWEST_PRIORITY)
    with alone(folder / LOCK_NAME) as is_alone:
        if not is_alone:
            return BUSY_ELSEWHERE
        clear_work(folder)
        database = Database(folder)
        try:
            with database.reading() as connection:
                found_base(folder, connection)
        except OSError as refused:
            sys.stderr.write(f"{refused}\n")
            return NO_ROOM
        finally:
            database.close()
    return 0


if __name__ == "__main__":
    sys.exit(main())
