"""The margin is chosen where everything asked is there; small shops are drawn alike each time."""

import numpy as np
import pytest

from models.strange import REFUSED_WRONGLY, Strangeness


def test_no_fitting_shop_refuses_more_than_it_may() -> None:
    draw = np.random.default_rng(0)
    shops = {
        "one": [draw.normal(1, 1, 500), draw.normal(1, 1, 300)],
        "two": [draw.normal(3, 1, 90)],
    }
    found = Strangeness(present=shops)
    margin = found.margin()
    wrongly = [float((np.concatenate(parts) < margin).mean()) for parts in shops.values()]
    assert max(wrongly) == pytest.approx(REFUSED_WRONGLY, abs=0.005)
    assert min(wrongly) < REFUSED_WRONGLY


def test_the_figures_tell_what_is_refused_at_the_margin() -> None:
    found = Strangeness(measured={"far": [np.array([-1.0, 0.5]), np.array([-2.0, -0.1])]})
    assert found.figures(0.0) == {"far": {"queries": 4.0, "refused": 0.75}}
