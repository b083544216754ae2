"""How far a graph's answers are from those of its reference, in figures that cannot be flattered.

A plain cosine can: where all pictures lie close together (a fresh network's do) any graph scores
.999. So three more are kept: the cosine after the mean answer is taken away, how many of each
picture's ten nearest neighbours stay the same, and how much the reference's answers differ at all.
"""

from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

Vectors = npt.NDArray[np.float32]
NEIGHBOURS: Final = 10
FEWEST: Final = 2 * NEIGHBOURS
"""With fewer inputs the ten nearest are most of them, whatever the graph says."""


@dataclass(frozen=True, slots=True)
class Parity:
    """`inputs` were compared. Cosines of the pairs: `lowest`, `mean`; `centred`: their mean after
    the reference's mean vector was taken from both. `agreement`: share of the ten nearest kept.
    `spread`: the median of 1 - cosine between the reference's own answers."""

    inputs: int
    lowest: float
    mean: float
    centred: float
    agreement: float
    spread: float


def compare(reference: Vectors, found: Vectors) -> Parity:
    """Compare unit vectors (N, D) pair by pair; raises ValueError under 20 or for another shape."""
    if reference.shape != found.shape or len(reference) < FEWEST:
        raise ValueError(f"compare at least {FEWEST} equal rows, not {len(reference)}")
    pairs = np.sum(reference * found, axis=1)
    middle = reference.mean(axis=0)
    between = reference @ reference.T
    return Parity(
        inputs=len(reference),
        lowest=float(pairs.min()),
        mean=float(pairs.mean()),
        centred=float(np.mean(_cosines(reference - middle, found - middle))),
        agreement=_agreement(between, found @ found.T),
        spread=float(np.median(1.0 - between[np.triu_indices(len(reference), 1)])),
    )


def _cosines(first: Vectors, second: Vectors) -> Vectors:
    lengths = np.linalg.norm(first, axis=1) * np.linalg.norm(second, axis=1)
    dots = np.sum(first * second, axis=1)
    return np.asarray(dots / np.maximum(lengths, 1e-12), np.float32)


def _agreement(wanted: Vectors, found: Vectors) -> float:
    def nearest(scores: Vectors) -> npt.NDArray[np.intp]:
        others = scores - 4.0 * np.eye(len(scores), dtype=np.float32)  # not itself
        return np.argsort(-others, axis=1)[:, :NEIGHBOURS]

    pairs = zip(nearest(wanted), nearest(found), strict=True)
    return float(np.mean([len(np.intersect1d(a, b)) / NEIGHBOURS for a, b in pairs]))
