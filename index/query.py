"""What is looked for."""

from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from index.filters import Filter
from index.rule import Rule, RuleKind
from vision.embedding import Embedding

QueryKind = Literal["picture", "words", "both"]
MAX_TOP = 1_000


@dataclass(frozen=True, slots=True, eq=False)
class Query:
    """The `top` most similar products to `embedding` among those that pass `filter`.

    `kind` says what the embedding was made of and chooses the calibration. `unfold` gives a hit for
    every product: no folding of groups or of identical pictures. `exclude_sku`, the product that
    others like it are asked for, never answers. `text` are the words that were typed, for rules
    bound to words; `rules` act instead of the shop's own, unless None; `at` is the moment that
    dated rules are judged by (None: now). `seen` is the picture in which the very product may be
    recognised: the query's own, before words moved it (None: there is none, or the words ask for
    something else).
    """

    embedding: Embedding
    kind: QueryKind = "picture"
    filter: Filter | None = None
    top: int = 20
    unfold: bool = False
    exclude_sku: str | None = None
    text: str = ""
    rules: tuple[Rule, ...] | None = None
    at: datetime | None = None
    seen: Embedding | None = None

    @property
    def rule_kind(self) -> RuleKind:
        """The kind that rules know it by."""
        return "like" if self.exclude_sku is not None else self.kind

    def __post_init__(self) -> None:
        if not 1 <= self.top <= MAX_TOP:
            raise ValueError(f"top is 1 to {MAX_TOP}, not {self.top}")
