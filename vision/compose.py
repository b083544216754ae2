"""A picture and words become one query: "this, but in green"."""

from collections.abc import Sequence

import numpy as np

from vision.embedding import Embedding, Vector, require_space, unit
from vision.spec import Block

WORDS_WEIGHT = 1.0  # models without blocks: picture and words count alike


def compose(picture: Embedding, words: Embedding, blocks: Sequence[Block]) -> Embedding:
    """The picture moved by the words, of unit length, in their common space.

    With blocks, each block keeps the length that the picture gives it and turns from the
    picture's direction to the words' by as much as the words speak of it (their energy there):
    "in green" turns the colour and leaves the kind. Without blocks (CLIP-like models), the
    normalised sum (Baldrati et al., CVPR 2022, use it as the zero-shot baseline).

    Raises WrongSpace when the two do not share one, ValueError for a block outside the vector.
    """
    require_space(words, picture.space)
    if not blocks:
        return Embedding(_sum(picture.vector, words.vector), picture.space)
    out = picture.vector.copy()
    for block in blocks:
        if not 0 <= block.start < block.stop <= out.size:
            raise ValueError(f"the block {block.name!r} lies outside a vector of {out.size}")
        run = slice(block.start, block.stop)
        out[run] = _turned(picture.vector[run], words.vector[run])
    if not float(np.linalg.norm(out)) > 0.0:  # the picture was silent wherever the words spoke
        return Embedding(_sum(picture.vector, words.vector), picture.space)
    return Embedding(unit(out), picture.space)


def _turned(seen: Vector, said: Vector) -> Vector:
    """`seen` turned towards `said`, its length kept; `said` lies within the unit ball.

    Words that put as much of their energy into the block as the picture does rule it alone; with
    less they turn it by the square of their part, so that the faint colour that any kind word
    carries (measured: a third of the picture's) turns it by a tenth.
    """
    length, energy = float(np.linalg.norm(seen)), float(np.dot(said, said))
    if length == 0.0 or energy == 0.0:
        return seen
    say = min(1.0, energy / length**2) ** 2
    mixed = (1.0 - say) * seen / length + say * said / float(np.sqrt(energy))
    norm = float(np.linalg.norm(mixed))
    if norm < 1e-6:  # they point exactly away from one another: the shopper's words win
        return np.asarray(said * np.float32(length / np.sqrt(energy)), np.float32)
    return np.asarray(mixed * (length / norm), np.float32)


def _sum(picture: Vector, words: Vector) -> Vector:
    total = picture + np.float32(WORDS_WEIGHT) * words
    if not float(np.linalg.norm(total)) > 1e-6:
        return words
    return unit(total)
