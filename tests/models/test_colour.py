"""Colours in the graph are CIE's, and the histogram forgives a lamp but not another colour."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

torch = pytest.importorskip("torch")

from models.colour import SoftBins, bent, lab, palette  # noqa: E402  # after the skip

pytestmark = pytest.mark.workshop

# sRGB → CIE L*a*b* (D65), from the CIE formulae
KNOWN = {
    (255, 255, 255): (100.0, 0.0, 0.0),
    (0, 0, 0): (0.0, 0.0, 0.0),
    (255, 0, 0): (53.24, 80.09, 67.20),
    (0, 0, 255): (32.30, 79.19, -107.86),
    (128, 128, 128): (53.59, 0.0, 0.0),
}


@pytest.mark.parametrize(("rgb", "wanted"), KNOWN.items())
def test_lab_is_the_cies(rgb: tuple[int, ...], wanted: tuple[float, ...]) -> None:
    found = lab(torch.tensor(rgb) / 255.0)
    assert found.tolist() == pytest.approx(wanted, abs=0.05)


def histogram(*rgbs: tuple[int, int, int]) -> "torch.Tensor":
    colours = bent(lab(torch.tensor(rgbs) / 255.0)).T[None]
    bins = SoftBins(palette([(200, 30, 40), (90, 90, 90)], ["2350b0", "2f8a3e", "f5d327"], 5))
    return bins(colours, torch.full((1, len(rgbs)), 1 / len(rgbs)))[0]


@given(st.lists(st.tuples(*[st.integers(0, 255)] * 3), min_size=1, max_size=9))
@settings(max_examples=60, deadline=None)
def test_a_histogram_shares_out_every_pixel_once(rgbs: list[tuple[int, int, int]]) -> None:
    found = histogram(*rgbs)
    assert bool(torch.isfinite(found).all())
    assert float((found**2).sum()) == pytest.approx(1.0, abs=1e-3)


def test_a_little_shadow_moves_the_histogram_less_than_another_colour() -> None:
    red, shaded, blue = histogram((200, 30, 40)), histogram((175, 26, 35)), histogram((35, 80, 176))
    assert float(red @ shaded) > 0.95
    assert float(red @ blue) < 0.3


def test_the_palette_is_the_same_each_time() -> None:
    given_ = [(200, 30, 40), (20, 30, 40), (90, 90, 90)], ["2350b0", "ffffff"]
    assert torch.equal(palette(*given_, 4), palette(*given_, 4))
