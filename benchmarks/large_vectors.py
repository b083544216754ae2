"""Many vectors made from real ones by resampling with local covariance.

A made product is a real one moved along the directions in which its nearest neighbours lie from it
(picture and title by the same steps, so that they stay a pair), so it lies where real products lie
and spreads as they do. `intrinsic_dimension` shows it, for both, at the same count.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import faiss
import numpy as np
import numpy.typing as npt

from benchmarks.real_points import Points, RealPoints

NEIGHBOURS = 24
SPREAD = 0.75  # of a step, in neighbour distances: with this the dimensions agree
BLOCK = 4_000
SEED = 7


@dataclass(frozen=True, slots=True, eq=False)
class Made:
    """Made products (N, dimension): blended, and the bare picture's; `of` is the real one."""

    vectors: Points
    own: Points
    of: npt.NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Dimensions:
    """Estimates of the intrinsic dimension: TwoNN, and Levina and Bickel's with 20 neighbours."""

    two_nn: float
    mle: float


def blended(own: Points, titles: Points, weight: float) -> Points:
    """unit(own + weight × titles)."""
    return _unit(own + np.float32(weight) * titles)


def made(real: RealPoints, count: int, weight: float) -> Iterator[Made]:
    """`count` made products in blocks; always the same for the same real ones."""
    near = neighbours(blended(real.own, real.titles, weight))
    for start in range(0, count, BLOCK):
        chance = np.random.default_rng((SEED, start))
        size = min(BLOCK, count - start)
        of = chance.integers(0, len(real.own), size)
        steps = chance.standard_normal((size, NEIGHBOURS)).astype(np.float32)
        steps *= SPREAD / NEIGHBOURS**0.5
        own, titles = (_moved(points, of, near, steps) for points in (real.own, real.titles))
        yield Made(blended(own, titles, weight), own, of)


def _moved(points: Points, of: npt.NDArray[np.int64], near: Points, steps: Points) -> Points:
    total = points[of] * (1 - steps.sum(axis=1, keepdims=True))
    for n in range(NEIGHBOURS):
        total += steps[:, n : n + 1] * points[near[of, n]]
    return _unit(total)


def neighbours(points: Points) -> npt.NDArray[np.int64]:
    """The nearest other points of each (N, NEIGHBOURS)."""
    flat = faiss.IndexFlatIP(points.shape[1])
    flat.add(points)
    found: npt.NDArray[np.int64] = flat.search(points, NEIGHBOURS + 1)[1][:, 1:]
    return found


def intrinsic_dimension(points: Points) -> Dimensions:
    """Of the cloud that these are a sample of: compare only estimates of equally many points."""
    flat = faiss.IndexFlatIP(points.shape[1])
    flat.add(points)
    cosines = flat.search(points, 21)[0][:, 1:]
    distances = np.sqrt(np.maximum(2 - 2 * cosines, 1e-12))
    distances = distances[distances[:, 0] > 1e-3]
    two_nn = len(distances) / float(np.log(distances[:, 1] / distances[:, 0]).sum())
    mle = 1 / float(np.log(distances[:, -1:] / distances[:, :-1]).mean())
    return Dimensions(round(two_nn, 1), round(mle, 1))


def _unit(points: Points) -> Points:
    unit: Points = points / np.linalg.norm(points, axis=1, keepdims=True)
    return unit
