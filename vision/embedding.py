"""A point in a model's space, and how a photo's point moves by words."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from vision.errors import WrongSpace

Vector = npt.NDArray[np.float32]
UNIT_TOLERANCE = 1e-3  # int8 graphs end in fp32 normalisation; 1e-3 leaves room for fp16 storage
DAMAGED = 0.05  # off 1 by so much of its squared length, a stored vector is not what was written


@dataclass(frozen=True, slots=True, eq=False)
class Embedding:
    """A unit vector (float32, shape (D,)) in `space`, the model's name for its coordinates."""

    vector: Vector
    space: str

    def __post_init__(self) -> None:
        v = self.vector
        if v.dtype != np.float32 or v.ndim != 1:
            raise ValueError(f"an Embedding holds float32 (D,), not {v.dtype} {v.shape}")
        if not abs(float(np.linalg.norm(v)) - 1.0) <= UNIT_TOLERANCE:
            raise ValueError("an Embedding has length 1")


def require_space(embedding: Embedding, space: str) -> None:
    """Raise WrongSpace unless `embedding` lives in `space`."""
    if embedding.space != space:
        raise WrongSpace(embedding.space, space)


def unit(vector: Vector) -> Vector:
    """`vector` at length 1; raises ValueError for a zero or non-finite one."""
    norm = float(np.linalg.norm(vector))
    if not np.isfinite(norm) or norm == 0.0:
        raise ValueError("a zero or non-finite vector has no direction")
    return (vector / np.float32(norm)).astype(np.float32)


def sound(vectors: Vector) -> Vector:
    """`vectors` (N, D) as they were stored, all zeros where a row is no unit vector any more.

    A damaged row is like nothing and disturbs no other's cosine. Left as it is, one that is not a
    number makes every comparison with it untrue, and one that is too long stands first everywhere.
    """
    with np.errstate(over="ignore", invalid="ignore"):
        whole = np.abs(np.einsum("nd,nd->n", vectors, vectors) - 1.0) <= DAMAGED
    if whole.all():
        return vectors
    return np.where(whole[:, None], vectors, np.float32(0.0))
