"""The kinds of thing that a model can name, as directions in the kind block of its space.

They tell what a vector is probably a picture of, without any words being asked, and so whether a
shop has that kind at all (vision/census.py).
"""

from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np
import numpy.typing as npt

from vision.embedding import Vector
from vision.errors import BadModel
from vision.spec import EncoderSpec

TEMPERATURE: Final = 0.15
"""Of the softmax over cosines. At .1, other people's snaps of what a shop had were taken for
something else half as often again where the shop was small (.10 of 60 products for .07)."""

Shares = npt.NDArray[np.float32]


@dataclass(frozen=True, slots=True, eq=False)
class Kinds:
    """`directions` (K, D): unit vectors in the space's block [start, stop), D = stop - start."""

    directions: npt.NDArray[np.float32]
    start: int
    stop: int

    @classmethod
    def find(cls, spec: EncoderSpec) -> "Kinds | None":
        """Those of the model, None for one that names none; raises BadModel if they are broken."""
        block = next((b for b in spec.blocks if b.name == "kind"), None)
        if spec.kinds is None or block is None:
            return None
        directions = _read(spec.kinds)
        if directions.ndim != 2 or directions.shape[1] != block.stop - block.start:
            raise BadModel(spec.kinds.name, "its kinds do not fit the block of kinds")
        return cls(directions, block.start, block.stop)

    def shares(self, vectors: Vector) -> Shares:
        """For vectors (N, dimension) how much each kind explains them: (N, K), rows sum to 1.

        A vector that says nothing of its kind is explained by all alike.
        """
        block = vectors[:, self.start : self.stop]
        lengths = np.linalg.norm(block, axis=1, keepdims=True)
        cosines = block @ self.directions.T / np.maximum(lengths, 1e-6)
        raised = np.exp((cosines - cosines.max(axis=1, keepdims=True)) / TEMPERATURE)
        return np.asarray(raised / raised.sum(axis=1, keepdims=True), np.float32)


def _read(path: Path) -> npt.NDArray[np.float32]:
    try:
        found = np.load(path, allow_pickle=False)
    except (OSError, ValueError, EOFError) as cause:
        raise BadModel(path.name, f"its kinds cannot be read ({cause})") from cause
    if not isinstance(found, np.ndarray) or found.dtype != np.float32 or not len(found):
        raise BadModel(path.name, "its kinds are no table of float32")
    if not np.isfinite(found).all():
        raise BadModel(path.name, "its kinds are not all finite")
    return found
