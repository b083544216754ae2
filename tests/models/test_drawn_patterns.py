"""Patterns and weaves repeat without a seam."""

import numpy as np
import pytest

from models.drawn_patterns import pattern
from models.drawn_product import stock
from models.drawn_weaves import TILE_PX, weave

PATTERNS = [name for name in stock()["words"] if name not in ("plain", "print")]
WEAVES = sorted({m["weave"] for m in stock()["materials"].values()})


@pytest.mark.parametrize("name", PATTERNS)
def test_a_pattern_repeats_and_uses_more_than_one_colour(name: str) -> None:
    tile = pattern(name, (200, 30, 40), (250, 250, 250), (20, 30, 80), 1)
    assert tile is not None
    assert tile.shape == (TILE_PX, TILE_PX, 3)
    assert tile.std() > 5
    _meets_itself(tile.mean(2))


@pytest.mark.parametrize("name", WEAVES)
def test_a_weave_repeats_and_stays_shallow(name: str) -> None:
    tile = weave(name)
    assert np.abs(tile).mean() < 1.5
    _meets_itself(tile)


def test_plain_cloth_has_no_pattern() -> None:
    assert pattern("plain", (0, 0, 0), (9, 9, 9), (99, 99, 99), 1) is None


def _meets_itself(tile: np.ndarray) -> None:
    """The step from the last row to the first is no larger than steps inside usually are."""
    for axis in (0, 1):
        steps = np.abs(np.diff(tile, axis=axis)).mean(1 - axis)
        seam = np.abs(np.take(tile, 0, axis) - np.take(tile, -1, axis)).mean()
        assert seam <= steps.max() * 1.3 + 1e-3
