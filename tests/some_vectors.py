"""Vectors for tests of the index: unit, drawn, and in clusters as embeddings of products are."""

import numpy as np
import numpy.typing as npt

Points = npt.NDArray[np.float32]


def some_vectors(count: int, dimension: int, seed: int = 0) -> Points:
    """Unit vectors in every direction."""
    drawn = np.random.default_rng(seed).standard_normal((count, dimension)).astype(np.float32)
    return drawn / np.linalg.norm(drawn, axis=1, keepdims=True)


def clustered(count: int, dimension: int, seed: int = 0, kinds: int = 30) -> Points:
    """Unit vectors around `kinds` middles, the same ones for every seed."""
    draw = np.random.default_rng(seed)
    middles = some_vectors(kinds, dimension, 999)
    drawn = middles[draw.integers(0, kinds, count)]
    drawn = drawn + 0.12 * draw.standard_normal((count, dimension)).astype(np.float32)
    return drawn / np.linalg.norm(drawn, axis=1, keepdims=True)
