"""What a server must know of a model to serve it: a part of its card."""

from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

Resize = Literal["squash", "pad", "crop"]
Tokeniser = Literal["wordpiece", "clip-bpe", "tokenizers-json"]
Engine = Literal["onnxruntime", "openvino", "openvino-bf16"]
"""What runs a graph. OpenVINO is optional; `-bf16` lets it round fp32 to bfloat16 where it can."""


@dataclass(frozen=True, slots=True)
class Block:
    """A named run of dimensions [start, stop) that speaks of one thing: `kind` or `colour`.

    A picture fills every block with a fixed share of its length; words fill a block by how much
    they say about it, so that "green" moves the colour of a composed query and keeps its kind.
    """

    name: str
    start: int
    stop: int


@dataclass(frozen=True, slots=True)
class Calibration:
    """Turns a score (cosine) into a probability by logistic regression (Platt 1999).

    `slope` and `offset` were fitted on held-out judged queries of this kind, and so was what the
    cosine of each block in `agreement` adds to slope × score (vision/agreement.py). A best hit
    whose probability is under `refuse_below` means "nothing like this in the shop", and so does a
    query whose kind the shop is less familiar with than `unfamiliar_below` (vision/census.py; None:
    the model names no kinds, or was not measured so).
    """

    slope: float
    offset: float
    refuse_below: float
    unfamiliar_below: float | None = None
    agreement: dict[str, float] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Exactness:
    """Tells the very product from others like it, by where picture and product agree.

    The cosines of their blocks, each times its weight in `weights` (by the block's name), add up to
    a likeness; the likeness and its lead over the next other product's become the probability
    that it is this very product (vision/agreement.py). Fitted by models/exact.py.
    """

    weights: dict[str, float]
    slope: float
    lead_slope: float
    offset: float


@dataclass(frozen=True, slots=True)
class EncoderSpec:
    """One model as the serving path sees it. Paths are absolute; sizes are in pixels and tokens.

    image graph: `pixels` uint8 (N, size_px, size_px, 3), upright sRGB → `vector` float32
    (N, dimension), unit length, normalisation inside.
    words graph: `ids` int64 (N, L), `mask` int64 (N, L), L ≤ context_length → `vector` likewise;
    a graph that has no use for the mask takes none.
    """

    name: str
    version: str
    space: str
    dimension: int
    size_px: int
    resize: Resize
    image_graph: Path
    words_graph: Path
    vocabulary: Path
    tokeniser: Tokeniser
    context_length: int
    lexicon: Path | None
    title_weight: float
    blocks: tuple[Block, ...] = ()
    calibrations: dict[str, Calibration] = field(default_factory=dict)
    """By kind of query: `picture`, `words`, `both`."""
    image_engine: Engine = "onnxruntime"
    words_engine: Engine = "onnxruntime"
    kinds: Path | None = None
    """A table of the kinds that the model can name (vision/kinds.py)."""
    exact: Exactness | None = None
    """None: the model was not measured so, and no hit is ever called the very product."""
