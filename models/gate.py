"""What a graph must keep of its reference before anybody is served by it; a gate per precision.

NaN passes no gate: every comparison asks for "at least".
"""

from collections.abc import Mapping
from dataclasses import dataclass
from math import nan
from typing import Any, Final, Literal

from models.closeness import Parity
from models.errors import ParityLost

Precision = Literal["fp32", "bf16", "int8"]
LEAST_SPREAD: Final = 0.001
"""A reference whose answers differ by less says the same to every picture: nothing is proven."""


@dataclass(frozen=True, slots=True)
class Gate:
    """The least `lowest` and `centred` cosine and `agreement` (see Parity) that may pass."""

    lowest: float
    centred: float
    agreement: float


GATES: Final[dict[Precision, Gate]] = {
    "fp32": Gate(lowest=0.9999, centred=0.9999, agreement=0.99),  # only rounding in another order
    "bf16": Gate(lowest=0.995, centred=0.998, agreement=0.97),
    "int8": Gate(lowest=0.98, centred=0.99, agreement=0.97),
}


def require(what: str, precision: Precision, parity: Parity) -> None:
    """Raise ParityLost unless `parity` passes the gate of `precision`; `what` names the graph."""
    for name, found, least in _asked(precision, parity):
        if not found >= least:
            raise ParityLost(f"{what}, {precision}, {name}", found, least)


def complaint(precision: Precision, parity: Parity) -> str | None:
    """Why `parity` does not pass, or None when it does."""
    told = [f"{n} {x:.4f}, wanted {y}" for n, x, y in _asked(precision, parity) if not x >= y]
    return "; ".join(told) or None


def _asked(precision: Precision, parity: Parity) -> list[tuple[str, float, float]]:
    gate = GATES[precision]
    return [
        ("spread of the reference's answers", parity.spread, LEAST_SPREAD),
        ("lowest cosine", parity.lowest, gate.lowest),
        ("centred cosine", parity.centred, gate.centred),
        ("top-10 agreement", parity.agreement, gate.agreement),
    ]


def require_no_loss(before: Mapping[str, Any], now: Mapping[str, Any]) -> None:
    """Raise ParityLost unless every figure of `before` that has an interval still lies in it or
    above it: what a new version of a model must keep of the one that is out."""
    for name, held in before.items():
        if not isinstance(held, dict) or "interval" not in held:
            continue
        found, least = float(now.get(name, {}).get("value", nan)), float(held["interval"][0])
        if not found >= least:
            raise ParityLost(f"{name}, as the version before it measured", found, least)
