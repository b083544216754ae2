"""What callers write and read of rules: the JSON of a rule and of a preview, with examples."""

from datetime import datetime
from typing import Literal

from pydantic import BaseModel, Field

from api.replies import HitReply


class RuleFields(BaseModel):
    """A rule as callers write it; index/rule.py judges what the fields mean."""

    act: Literal["pin", "boost", "bury"] = Field(examples=["boost"])
    products: str = Field(
        "", description="A filter: which products a boost or bury moves", examples=["stock>0"]
    )
    skus: list[str] = Field(
        default_factory=list, max_length=20, description="Which products a pin puts first, in order"
    )
    strength: float | None = Field(
        None,
        gt=0,
        le=2,
        description="How much a boost or bury adds to the cosine that products are ranked by",
        examples=[0.05],
    )
    kinds: list[Literal["picture", "words", "both", "like"]] = Field(
        default_factory=list, description="Kinds of query that it acts on; none: all"
    )
    words: list[str] = Field(
        default_factory=list,
        max_length=50,
        description="It acts on queries that hold all words of one of these; none: on all",
        examples=[["red dress"]],
    )
    when: str = Field(
        "", description="It acts on queries whose filter demands this", examples=["category=Bags"]
    )
    from_at: datetime | None = None
    until_at: datetime | None = None
    enabled: bool = True
    place: int = Field(0, description="Its place in lists, and among pins")


class OneRuleReply(RuleFields):
    """A rule of the shop."""

    name: str = Field(examples=["in stock"])


class RulesReply(BaseModel):
    """Every rule, in order."""

    rules: list[OneRuleReply]


class MovedReply(BaseModel):
    """A rule that moved a hit."""

    rule: str = Field(examples=["in stock"])
    act: Literal["pin", "boost", "bury"]
    shift: float = Field(examples=[0.05])


class PreviewedHitReply(HitReply):
    """A hit with rules, where it stood without them (None: not among the hits), and why it moved.

    `score` and `probability` are what they are without rules.
    """

    place_before: int | None = Field(examples=[7])
    rules: list[MovedReply]


class PreviewReply(BaseModel):
    """A search without rules and with them."""

    before: list[HitReply]
    after: list[PreviewedHitReply]
    nothing_like_this: bool
    acted: list[str] = Field(description="Rules that acted on this query")
    notes: dict[str, str] = Field(
        description="By rule: why it did not act, or which of its products are not in the shop",
        examples=[{"winter": "it begins at 2026-12-01T00:00:00+00:00"}],
    )
