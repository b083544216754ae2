"""What is learned of a shop: a linear map of what the model saw, under which pictures of one
product lie together. Closed form, numpy only, seconds of CPU.

Within-class covariance normalisation (Hatch et al. 2006): directions in which pictures of the same
product differ (pose, crop, light) shrink, whatever is left grows.
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float32]
DIMENSIONS = 128
"""100, 200 and 300 were tried: within a point of one another, 300 two worse."""
SHRINK = 0.2  # of the mean eigenvalue; .03 to 1 moved luma's views by two points at the most
COLOUR_WEIGHT = 1.4  # beside the features' 1; 1 and 1.8 found a view one point less often
FARTHEST = 6.0  # deviations: what is further out is a defect of a picture
RIDGE = 0.03  # of the words' map, of the mean diagonal


def unit(x: Floats) -> Floats:
    """Rows at length 1; a row of zeros stays one."""
    length = np.linalg.norm(x, axis=-1, keepdims=True)
    return np.asarray(x / np.maximum(length, 1e-9), np.float32)


@dataclass(frozen=True, slots=True)
class Sensed:
    """What the model saw in N pictures: its `vectors` (N, D), the `features` (N, F) before its last
    maps, and the `colours` (N, K) as root histograms."""

    vectors: Floats
    features: Floats
    colours: Floats

    def at(self, rows: npt.NDArray[np.intp]) -> "Sensed":
        """These rows."""
        return Sensed(self.vectors[rows], self.features[rows], self.colours[rows])


@dataclass(frozen=True, slots=True)
class Lens:
    """x = (features and colours, each standardised and of unit length) → unit(x · turn + shift)."""

    mean: Floats
    slope: Floats
    colour_mean: Floats
    turn: Floats
    shift: Floats

    def gather(self, seen: Sensed) -> Floats:
        """(N, F + K): what is turned."""
        features = ((seen.features - self.mean) * self.slope).clip(-FARTHEST, FARTHEST)
        colours = unit(seen.colours - self.colour_mean) * np.float32(COLOUR_WEIGHT)
        return np.concatenate([unit(np.asarray(features, np.float32)), colours], 1)

    def see(self, seen: Sensed) -> Floats:
        """(N, DIMENSIONS or fewer), unit."""
        return unit(np.asarray(self.gather(seen) @ self.turn + self.shift, np.float32))


def fit_lens(clean: Sensed, pairs: list[tuple[Sensed, Sensed]]) -> Lens:
    """Learn from the first pictures of products, `clean`, and from `pairs` of pictures of one
    product each; each member of `pairs` counts alike, however many rows it has."""
    blank = np.zeros((clean.features.shape[1] + clean.colours.shape[1], 1), np.float32)
    slope = (1.0 / (clean.features.std(0) + 1e-3)).astype(np.float32)
    plain = Lens(clean.features.mean(0), slope, clean.colours.mean(0), blank, blank[0])
    x = plain.gather(clean)
    middle = x.mean(0)
    axes = _main_axes(x - middle, min(DIMENSIONS, max(2, len(x) // 2)))
    apart = []
    for first, second in pairs:
        d = (plain.gather(first) - plain.gather(second)) @ axes
        apart.append(d.T @ d / max(1, len(d)))
    within = np.mean(apart, 0).astype(np.float64)
    loaded = within + SHRINK * np.trace(within) / len(within) * np.eye(len(within))
    values, vectors = np.linalg.eigh(loaded)
    turn = (axes @ (vectors / np.sqrt(values.clip(1e-12)))).astype(np.float32)
    return Lens(plain.mean, plain.slope, plain.colour_mean, turn, -middle @ turn)


def _main_axes(x: Floats, count: int) -> Floats:
    if len(x) <= x.shape[1]:
        return np.asarray(np.linalg.svd(x, full_matrices=False)[2][:count].T, np.float32)
    _, vectors = np.linalg.eigh(x.T @ x)
    return np.asarray(vectors[:, ::-1][:, :count], np.float32)


@dataclass(frozen=True, slots=True)
class Speech:
    """The model's words → the lens's space: unit(w · turn + shift).

    Always of full length, however little is said: words shorter than the picture left its old
    colour where "but in red" was asked (luma: .38 of the composed right, .52 so; myntra .30, .41).
    """

    turn: Floats
    shift: Floats

    def say(self, words: Floats) -> Floats:
        """(N, S), unit."""
        return unit(np.asarray(words @ self.turn + self.shift, np.float32))


def fit_speech(words: Floats, meant: Floats) -> Speech:
    """Ridge regression of what texts mean, (T, S) in the lens's space, on the model's words (T, D):
    pictures and words stay in one space."""
    centre, goal = words.mean(0), meant.mean(0)
    x = (words - centre).astype(np.float64)
    bend = x.T @ x
    bend += RIDGE * len(x) * np.eye(len(bend)) * max(np.trace(bend) / len(x) / len(bend), 1e-9)
    bend += 1e-9 * np.eye(len(bend))
    turn = np.linalg.solve(bend, x.T @ (meant - goal)).astype(np.float32)
    shift = np.asarray(goal - centre @ turn, np.float32)
    return Speech(turn, shift)


@dataclass(frozen=True, slots=True)
class Blend:
    """How much of an adapted vector's squared length is the lens's (`share`, 0 … 1), and how much
    titles weigh beside the model's own weight of them."""

    share: float
    title_factor: float

    def pictures(self, vectors: Floats, seen: Floats) -> Floats:
        """The model's vectors and the lens's side by side, unit."""
        left, right = np.sqrt(1 - self.share), np.sqrt(self.share)
        return unit(np.concatenate([vectors * left, seen * right], 1).astype(np.float32))
