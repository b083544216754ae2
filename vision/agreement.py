"""Where a query and products agree, block by block, and what follows from it.

One cosine cannot tell a near miss in kind from a near miss in colour; a space made of blocks can.
Of "this, but in red" (myntra, which fitted nothing) the score alone promised .45 where .62 were
right; the kind's and the colour's cosines promise .59.
"""

from collections.abc import Mapping, Sequence

import numpy as np
import numpy.typing as npt

from vision.embedding import Vector
from vision.spec import Block, Exactness

Floats = npt.NDArray[np.float64]
CONTRADICTS = {"kind": 0.25, "colour": 0.1}
"""The cosine, by block, under which words speak of another kind or colour than the picture shows.
Of held-out garments .98 lie above it with their own kind's name and .21 with another's; .77 with
their own colour's name and .20 with another's."""
EXACT_LIFT = 0.4
"""Of the score, times the probability's square, for the very product: luma's other views were
found .07 more often, phone-like pictures of its products .15, and snaps kept their kinds. Without
the square snaps lost .010 of their kinds for .01 more of the views."""
AGREEMENT_LIFT = 0.05
"""Of the score for each unit of log odds, where words are asked: "this, but in red" found kind and
colour .03 more often, words alone .03; an order by it alone gained the one .01, lost the other."""
SPOKEN = 0.5  # of the picture's energy in a block: with less, words say little of it


def agreement(
    weights: Mapping[str, float], blocks: Sequence[Block], asked: Vector, products: Vector
) -> Floats:
    """For `products` (N, D) the cosines of their blocks with those of `asked` (D), each times its
    weight, summed: (N,). A block that either leaves empty, or that the space lacks, adds nothing.
    """
    total = np.zeros(len(products))
    for block in blocks:
        weight = weights.get(block.name, 0.0)
        if weight:
            total += weight * cosines(asked[block.start : block.stop],
                                      products[:, block.start : block.stop])  # fmt: skip
    return total


def cosines(asked: Vector, products: Vector) -> Floats:
    """Of `products` (N, D) with `asked` (D); 0 where one of the two is zero."""
    lengths = np.linalg.norm(products, axis=1) * np.linalg.norm(asked)
    return np.asarray(products @ asked / np.maximum(lengths, 1e-12), np.float64)


def leads(likenesses: Floats) -> Floats:
    """How far each lies ahead of the best of the others, negative for all but one; 0 for one alone,
    which has nothing to be told from."""
    if len(likenesses) < 2:
        return np.zeros(len(likenesses))
    order = np.argsort(likenesses)
    best, second = likenesses[order[-1]], likenesses[order[-2]]
    ahead = likenesses - best
    ahead[order[-1]] = best - second
    return np.asarray(ahead, np.float64)


def exact_chances(exactness: Exactness, likenesses: Floats, ahead: Floats) -> Floats:
    """How likely each product is the very one, in 0 … 1, by its likeness and its lead."""
    logit = exactness.slope * likenesses + exactness.lead_slope * ahead + exactness.offset
    return np.asarray(1.0 / (1.0 + np.exp(-np.clip(logit, -50.0, 50.0))), np.float64)


def contradicts(picture: Vector, words: Vector, blocks: Sequence[Block]) -> bool:
    """Whether `words` ask for another thing than `picture` shows: where they speak of a block as
    loudly as the picture does, they point elsewhere. Always, in a space without blocks."""
    if not blocks:
        return True
    for block in blocks:
        seen, said = picture[block.start : block.stop], words[block.start : block.stop]
        if float(said @ said) >= SPOKEN * float(seen @ seen) > 0.0 and (
            float(cosines(seen, said[None])[0]) < CONTRADICTS.get(block.name, -1.0)
        ):
            return True
    return False
