"""The probe learns where a garment is, and the histogram's weights follow it."""

import numpy as np
import pytest

torch = pytest.importorskip("torch")

from models.saliency import Foreground, interpolation  # noqa: E402  # after the skip
from models.train_saliency import train_saliency, unlikeness  # noqa: E402

pytestmark = pytest.mark.workshop


@pytest.mark.parametrize(("coarse", "fine"), [(17, 52), (4, 9), (5, 5)])
def test_interpolation_keeps_a_constant_and_a_slope(coarse: int, fine: int) -> None:
    rows = interpolation(coarse, fine)
    assert rows.shape == (fine, coarse)
    assert torch.allclose(rows.sum(1), torch.ones(fine))
    sloped = rows @ torch.arange(coarse).float()
    assert bool((sloped[1:] >= sloped[:-1] - 1e-6).all())


def test_a_pixel_unlike_the_border_weighs_more() -> None:
    thumb = torch.full((1, 12, 12, 3), 0.9)
    thumb[:, 4:8, 4:8] = torch.tensor([0.1, 0.2, 0.7])
    colours, weights = Foreground(4, 12)(thumb, torch.zeros(1, 4, 4))
    table = weights.detach().reshape(12, 12)
    assert colours.shape == (1, 3, 144)
    assert float(weights.detach().sum()) == pytest.approx(1.0, abs=1e-5)
    assert float(table[5, 5]) > 2 * float(table[0, 0])


def test_the_probe_learns_what_masks_show() -> None:
    rng = np.random.default_rng(0)
    targets = (rng.random((640, 6, 6)) > 0.6).astype(np.float32)
    place = rng.normal(0, 0.3, (640, 5, 6, 6)).astype(np.float16)
    place[:, 2] += targets.astype(np.float16) * 2
    probe = train_saliency(place, targets, seed=0)
    assert unlikeness(probe, place, targets) < 0.5  # knowing nothing costs 0.67
    again = train_saliency(place, targets, seed=0)
    assert all(
        torch.equal(a, b) for a, b in zip(probe.parameters(), again.parameters(), strict=True)
    )
