"""Where a model comes from, before anything is known of its graphs."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Provenance:
    """What the card tells of a model: its name, where the weights come from, their licence."""

    name: str
    source: str
    licence: str
    data: tuple[str, ...] = ()
