"""The parts of the trained head that are plain arithmetic."""

import pytest

torch = pytest.importorskip("torch", reason="the workshop is not installed here")

from models.heads import KindPull, Seen  # noqa: E402  # after the skip

pytestmark = pytest.mark.workshop


class Fixed(torch.nn.Module):
    """A head that answers what it was given."""

    def forward(self, seen: Seen) -> tuple["torch.Tensor", "torch.Tensor", "torch.Tensor"]:
        kind = torch.nn.functional.normalize(seen.features, dim=-1)
        return kind, seen.histogram, seen.histogram * 2


def test_a_picture_is_drawn_towards_the_named_kind_that_it_resembles() -> None:
    kinds = torch.eye(8)[:3]
    seen = Seen(torch.tensor([[0.9, 0.2, 0.1, 0.5, 0.5, 0.0, 0.0, 0.0]]), torch.rand(1, 4))
    before, instance, colour = Fixed()(seen)
    after, same_instance, same_colour = KindPull(Fixed(), kinds)(seen)
    assert float(after[0] @ kinds[0]) > float(before[0] @ kinds[0])
    assert float(after[0] @ kinds[1]) < float(after[0] @ kinds[0])
    assert float(after.norm()) == pytest.approx(1.0, abs=1e-5)
    assert torch.equal(instance, same_instance)
    assert torch.equal(colour, same_colour)


def test_a_picture_amid_all_kinds_is_drawn_to_none_of_them_in_particular() -> None:
    kinds = torch.eye(6)[:3]
    seen = Seen(torch.tensor([[1.0, 1.0, 1.0, 0.3, 0.0, 0.0]]), torch.rand(1, 4))
    after, _, _ = KindPull(Fixed(), kinds)(seen)
    assert torch.allclose(after[0, :3], after[0, :1].expand(3), atol=1e-6)
