"""Finds the things in a picture, garment by garment: where each is, what kind, how sure.

The net (regions.onnx beside regions.json, made by models/make_regions.py) is a file of its own that
an operator may leave out: then `open_regions` gives None, and everything else works.
"""

import hashlib
import json
import math
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, Protocol

import numpy as np

from vision.errors import BadModel
from vision.photo import Box, Square
from vision.session import open_session
from vision.turnstile import Turnstile
from vision.votes import count_votes

KINDS: Final = (
    "top", "outer", "bottom", "skirt", "dress", "shoes", "bag", "hat", "eyewear", "scarf",
)  # fmt: skip
SIDE_PX: Final = 352
"""The picture is squashed into a square of this side; `Decoder.square` gives it."""
CELL_PX: Final = 16
GRAPH, CARD = "regions.onnx", "regions.json"
LEAST = 0.3
"""Things that are less likely right are not told of unless somebody asks."""
MOST = 20


@dataclass(frozen=True, slots=True)
class Region:
    """A thing in a picture: `box` in pixels of the upright original, `kind` one of KINDS,
    `confidence` the probability that both are right (box: half of the union is common)."""

    box: Box
    kind: str
    confidence: float

    def __post_init__(self) -> None:
        if self.kind not in KINDS or not 0 <= self.confidence <= 1:
            raise ValueError(f"no region: {self.kind!r} at {self.confidence}")


@dataclass(frozen=True, slots=True)
class Belief:
    """What turns the net's score of a kind into a probability (Platt 1999), fitted on photos that
    the net did not learn from."""

    slope: float
    offset: float

    def of(self, score: float) -> float:
        """The probability of a score in 0..1, on its log odds."""
        odds = math.log(max(score, 1e-6) / max(1 - score, 1e-6))
        return 1 / (1 + math.exp(-(self.slope * odds + self.offset)))


class RegionFinder(Protocol):
    """The seam: what a picture shows."""

    def find(self, square: Square, least: float = LEAST) -> list[Region]:
        """The things of `square` (SIDE_PX, squashed), likeliest first, none under `least`, MOST of
        them; raises EncoderBroken, EncoderBusy."""
        ...


class OnnxRegions:
    """A RegionFinder that runs the net; thread-safe, `lanes` pictures at once."""

    def __init__(
        self, graph: Path, beliefs: dict[str, Belief], *, threads: int, lanes: int,
        max_waiting: int, clock: Callable[[], float],
    ) -> None:  # fmt: skip
        """Raises BadModel where the graph cannot be loaded or does not say what it should."""
        self._run = open_session(graph, output="votes", threads=threads)
        self._turnstile = Turnstile(lanes, max_waiting, clock)
        self._beliefs = beliefs
        found = self._run({"pixels": np.full((1, SIDE_PX, SIDE_PX, 3), 255, np.uint8)})
        if found.shape != (1, (SIDE_PX // CELL_PX) ** 2, len(KINDS) + 4):
            raise BadModel(graph.name, f"its votes have the shape {found.shape}")

    def find(self, square: Square, least: float = LEAST) -> list[Region]:
        """As RegionFinder promises."""
        with self._turnstile.run():
            votes = self._run({"pixels": square.pixels[None]})[0]
        counted = count_votes(np.nan_to_num(votes), len(KINDS))
        regions = []
        for box, number, score in zip(counted.box, counted.kind, counted.score, strict=True):
            kind = KINDS[number]
            sure = self._beliefs[kind].of(float(score))
            regions.append(Region(_in_pixels(box, square), kind, sure))
        regions.sort(key=lambda region: -region.confidence)
        return [region for region in regions if region.confidence >= least][:MOST]


def open_regions(
    folder: Path, *, threads: int, lanes: int, max_waiting: int, clock: Callable[[], float]
) -> OnnxRegions | None:
    """The finder whose files lie in `folder`; None where they were left out. Raises BadModel, also
    where the graph is not the one that its card vouches for."""
    graph, card = folder / GRAPH, folder / CARD
    if not graph.is_file():
        return None
    beliefs, vouched = _told(card)
    if _digest(graph) != vouched:
        raise BadModel(graph.name, "it is not the file that its card vouches for")
    return OnnxRegions(
        graph, beliefs, threads=threads, lanes=lanes, max_waiting=max_waiting, clock=clock
    )


def _told(card: Path) -> tuple[dict[str, Belief], str]:
    """How far each kind is believed, and the SHA-256 of the graph that was measured so."""
    try:
        said: dict[str, Any] = json.loads(card.read_text("utf-8"))
        told = said["beliefs"]
        beliefs = {kind: Belief(float(told[kind][0]), float(told[kind][1])) for kind in KINDS}
        return beliefs, str(said["sha256"])
    except (OSError, ValueError, KeyError, TypeError, IndexError) as error:
        told_not = "it does not tell how far each kind is believed, and of which graph"
        raise BadModel(card.name, told_not) from error


def _digest(graph: Path) -> str:
    try:
        with graph.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except OSError as error:
        raise BadModel(graph.name, "it cannot be read") from error


def _in_pixels(box: Any, square: Square) -> Box:
    """A box in 0..1 in whole pixels of the original, at least one of them."""
    sides = square.width_px, square.height_px
    left, top = (min(round(float(v) * n), n - 1) for v, n in zip(box[:2], sides, strict=True))
    right, bottom = (round(float(v) * n) for v, n in zip(box[2:], sides, strict=True))
    return Box(left, top, max(1, right - left), max(1, bottom - top))
