"""How far a search must look in a base, found by asking it what a shop's own shoppers would ask.

Queries are what the encoder saw in pictures before their titles were blended in (a shopper's photo
has no title), and the titles themselves, which a blended vector still tells:
unit(own + w × words), so its length before is c with |c × vector - own| = w. Asking for blended
vectors instead deceives: at a million they promised .996 where bare pictures found .959.
"""

import sqlite3
import time
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from index.base import Base, Reach
from index.catalogue import marks, title_weight
from index.vectors import Ids, Vectors, best, decoded
from vision.embedding import Vector

TOP = 10
GOAL = 0.995  # of recall@10, for pictures and for words: a sample's .995 is .99 at worst
ASKED = 128  # of each kind: 1,280 neighbours, one of them .0008
CANDIDATES = 20 * ASKED  # so many pictures are looked at for some that have titles
DEPTHS = (100, 200, 400)
LEAST_PROBES = 8
STEP = 1.4
BLOCK = 16_384


@dataclass(frozen=True, slots=True, eq=False)
class Questions:
    """Queries (N, dimension) of both kinds, and the picture that each was made of."""

    vectors: Vectors
    pictures: Ids
    are_words: npt.NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class Measured:
    """A reach and what it gives: recall@10 against comparing all, milliseconds of the
    processor in the middle."""

    reach: Reach
    recall_pictures: float
    recall_words: float
    median_ms: float


def some_questions(
    connection: sqlite3.Connection, pictures: Ids, most: int, dimension: int
) -> Questions:
    """Questions made of `most` of `pictures`, those with titles first; a title is asked as well.

    A picture whose vector is bare already would be asked for itself, which is too easy: it is
    asked half way to another one.
    """
    weight = title_weight(connection)
    chosen = [int(p) for p in pictures]
    rows = connection.execute(
        f"SELECT picture_id, vector, own FROM vectors WHERE picture_id IN ({marks(chosen)}) "
        "ORDER BY own IS NULL, picture_id LIMIT ?",
        (*chosen, most),
    ).fetchall()
    vectors, about, words = [], [], []
    before = None if not rows else np.frombuffer(rows[-1][1], np.float32)
    for picture, vector, own in rows:
        blended = np.frombuffer(vector, np.float32)
        vectors.append(_between(blended, before) if own is None else np.frombuffer(own, np.float32))
        before = blended
        about.append(picture)
        words.append(False)
        title = None if own is None else title_in(blended, vectors[-1], weight)
        if title is not None:
            vectors.append(title)
            about.append(picture)
            words.append(True)
    found = np.stack(vectors) if vectors else np.empty((0, dimension), np.float32)
    return Questions(np.ascontiguousarray(found), np.array(about, np.int64), np.array(words, bool))


def _between(one: Vector, other: Vector | None) -> Vector:
    middle = one if other is None else one + other
    length = float(np.linalg.norm(middle))
    between: Vector = one if length < 1e-3 else middle / np.float32(length)
    return between


def title_in(blended: Vector, own: Vector, weight: float) -> Vector | None:
    """The title's unit vector that `blend` mixed with `own`; None where it cannot be told."""
    if weight <= 0:
        return None
    along = float(blended @ own)
    length = along + max(0.0, along**2 - 1 + weight**2) ** 0.5
    words: Vector = (np.float32(length) * blended - own) / np.float32(weight)
    if abs(float(np.linalg.norm(words)) - 1) > 1e-2:
        return None
    return words


def measure(base: Base, questions: Questions) -> Measured:
    """The quickest reach that finds GOAL of the ten nearest; the widest if none does."""
    truth = nearest_of_all(base, questions)
    found: list[Measured] = []
    for depth in DEPTHS:
        probes = float(LEAST_PROBES)
        while True:
            one = _with(base, questions, truth, Reach(int(probes), depth))
            if min(one.recall_pictures, one.recall_words) >= GOAL:
                found.append(one)
                break
            if probes >= base.inverted.count_of_lists:
                widest = one
                break
            probes *= STEP
    return min(found, key=lambda one: one.median_ms) if found else widest


def nearest_of_all(base: Base, questions: Questions) -> list[Ids]:
    """The ten nearest rows of each question, every row compared, itself left out."""
    asked = questions.vectors.T
    scores = np.empty((len(questions.vectors), 0), np.float32)
    rows = np.empty((len(questions.vectors), 0), np.int64)
    for start in range(0, len(base), BLOCK):
        block = (decoded(base.raw[start : start + BLOCK]) @ asked).T
        at = np.arange(start, start + block.shape[1])
        block[questions.pictures[:, None] == base.pictures[at]] = -2
        scores = np.concatenate((scores, block), axis=1)
        rows = np.concatenate((rows, np.broadcast_to(at, block.shape)), axis=1)
        if scores.shape[1] > TOP:
            top = np.argpartition(-scores, TOP, axis=1)[:, :TOP]
            scores = np.take_along_axis(scores, top, 1)
            rows = np.take_along_axis(rows, top, 1)
    return [rows[n][best(scores[n], TOP)] for n in range(len(rows))]


def _with(base: Base, questions: Questions, truth: list[Ids], reach: Reach) -> Measured:
    kept, base.reach = base.reach, reach
    shares, times = [], []
    try:
        for n, vector in enumerate(questions.vectors):
            started = time.thread_time()  # whatever else the machine is busy with
            rows, _ = base.search(vector, TOP + 1, None)
            times.append(1e3 * (time.thread_time() - started))
            others = rows[base.pictures[rows] != questions.pictures[n]][:TOP]
            shares.append(len(np.intersect1d(others, truth[n])) / max(1, len(truth[n])))
    finally:
        base.reach = kept
    share = np.array(shares)
    words = questions.are_words
    return Measured(
        reach,
        float(share[~words].mean()) if (~words).any() else 1.0,
        float(share[words].mean()) if words.any() else 1.0,
        float(np.median(times)) if times else 0.0,
    )
