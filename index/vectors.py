"""Finding the nearest vectors: the seam, and the arithmetic that all of this wing's engines share.

A VectorIndex is derived from the catalogue and can always be made again from it. It knows picture
ids and vectors, nothing of products. One thread changes it or many search it: the replica that owns
it sees to that.
"""

from typing import Protocol

import faiss
import numpy as np
import numpy.typing as npt

from index.errors import StrangeVector
from vision.embedding import Vector

Ids = npt.NDArray[np.int64]
Vectors = npt.NDArray[np.float32]
Scores = npt.NDArray[np.float32]
Coded = npt.NDArray[np.int16]

FULL = 32_767  # a component of 1 in int16: a cosine of two vectors is then right to 1e-5
AT_ONCE = 512  # rows widened together: they stay in the core's own cache


class VectorIndex(Protocol):
    """Vectors under ids, and the nearest of them by cosine."""

    @property
    def dimension(self) -> int: ...

    def __len__(self) -> int: ...

    def add(self, ids: Ids, products: Ids, vectors: Vectors) -> None:
        """Add unit `vectors` (N, dimension) under new `ids` (N,), ascending and higher than all
        before, each of the product beside it; raises StrangeVector."""

    def remove(self, ids: Ids) -> None:
        """Forget `ids`; those not present are no error."""

    def search(self, vector: Vector, k: int, allowed: Ids | None) -> tuple[Ids, Scores]:
        """The `k` nearest among `allowed` (all, if None), best first; fewer if there are fewer.

        The allowed set acts inside the search: min(k, present and allowed) always come back.
        """


def require_shape(vectors: Vectors, count: int, dimension: int) -> None:
    """Raise StrangeVector unless there are `count` vectors of `dimension`."""
    if vectors.ndim != 2 or vectors.shape != (count, dimension):
        raise StrangeVector(f"it has shape {vectors.shape[1:]}, not ({dimension},)")


def products_with(vector: Vector, block: Vectors) -> Scores:
    """The inner product of `vector` with every row of `block`, on the calling thread alone.

    FAISS's kernel, because a BLAS starts threads of its own for so much.
    """
    scores = np.empty(len(block), np.float32)
    if len(block):
        faiss.fvec_inner_products_ny(  # type: ignore[attr-defined] # of FAISS's C++, untyped
            faiss.swig_ptr(scores), faiss.swig_ptr(vector), faiss.swig_ptr(block),
            block.shape[1], len(block),
        )  # fmt: skip
    return scores


def coded(vectors: Vectors) -> Coded:
    """Unit vectors in half the room, right to 1.5e-5 a component; for that they must not exceed 1,
    which rounding may make them do by a hair."""
    rows: Coded = np.rint(np.clip(vectors, -1.0, 1.0) * np.float32(FULL)).astype(np.int16)
    return rows


def decoded(rows: Coded) -> Vectors:
    """What `coded` made, as vectors again."""
    return rows.astype(np.float32) * np.float32(1.0 / FULL)


def products_with_rows(vector: Vector, raw: Coded, rows: Ids) -> Scores:
    """The inner product of `vector` with those `rows` of `raw`: 0.1 µs each where they are near.

    They are read in the order in which they lie, which takes half the time of any other.
    """
    scores = np.empty(len(rows), np.float32)
    order = np.argsort(rows)
    for start in range(0, len(rows), AT_ONCE):
        some = order[start : start + AT_ONCE]
        scores[some] = products_with(vector, raw[rows[some]].astype(np.float32))
    scores *= np.float32(1.0 / FULL)
    return scores


def best(scores: Scores, k: int) -> Ids:
    """Where the `k` highest stand, best first; all of them if there are fewer."""
    if len(scores) > k:
        top = np.argpartition(scores, len(scores) - k)[len(scores) - k :]
    else:
        top = np.arange(len(scores))
    found: Ids = top[np.argsort(-scores[top], kind="stable")]
    return found
