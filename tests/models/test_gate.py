"""A new version of a model keeps what the one before it measured."""

import pytest

from models.errors import ParityLost
from models.gate import require_no_loss

BEFORE = {
    "how": "in words",
    "snaps": {"value": 0.67, "queries": 9, "interval": [0.63, 0.70]},
    "parity": {"photos": 120},
}


@pytest.mark.parametrize("value", [0.63, 0.67, 0.9])
def test_within_the_interval_or_above_it_passes(value: float) -> None:
    require_no_loss(BEFORE, {"snaps": {"value": value}})


@pytest.mark.parametrize(
    "now", [{"snaps": {"value": 0.62}}, {"snaps": {"value": float("nan")}}, {}]
)
def test_a_loss_or_a_missing_figure_is_refused(now: dict[str, dict[str, float]]) -> None:
    with pytest.raises(ParityLost, match="snaps"):
        require_no_loss(BEFORE, now)
