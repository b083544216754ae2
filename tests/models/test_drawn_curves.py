"""Outlines written as text."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from models.drawn_curves import outlines_of

points = st.lists(
    st.tuples(st.integers(0, 299), st.integers(0, 800)), min_size=3, max_size=8, unique=True
)


@given(points, st.booleans())
def test_a_curve_passes_through_its_points_and_stays_near_them(
    knots: list[tuple[int, int]], sharp: bool
) -> None:
    text = " ".join(f"{x},{y}{'!' if sharp else ''}" for x, y in knots)
    (curve,) = outlines_of(text, "shape")
    for knot in knots:
        assert np.linalg.norm(curve - knot, axis=1).min() < 1e-3
    reach = np.ptp(np.array(knots), axis=0).max()
    assert curve.min() >= np.min(knots) - reach / 2


@given(points)
def test_a_half_outline_is_its_own_mirror_image(knots: list[tuple[int, int]]) -> None:
    text = " ".join(f"{x},{y}" for x, y in [(300, 10), *knots, (300, 790)])
    (curve,) = outlines_of(text, "half")
    mirrored = curve * (-1, 1) + (600, 0)
    for point in curve[::7]:
        assert np.linalg.norm(mirrored - point, axis=1).min() < 12


def test_dots_are_ellipses_and_pairs_are_mirrored() -> None:
    (dot,) = outlines_of("100,200,10,5", "dots")
    assert np.allclose(np.ptp(dot, axis=0), (20, 10), atol=0.2)
    left, right = outlines_of("100,200,10", "pairdots")
    assert np.allclose(left.mean(0), (100, 200), atol=1e-3)
    assert np.allclose(right.mean(0), (500, 200), atol=1e-3)
