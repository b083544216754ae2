"""The tower's end as matrices says what its convolutions say, and goes back into its graph."""

from pathlib import Path
from types import SimpleNamespace

import numpy as np
import onnx
import pytest

torch = pytest.importorskip("torch")

from torch import nn  # noqa: E402  # after the skip

from models.tail_graph import cut_tail, run_tail, write_tail  # noqa: E402
from models.tail_net import TailNet, windows  # noqa: E402

pytestmark = pytest.mark.workshop
TAKES, WIDE, GIVES, HEAD = 6, 24, 10, 16


class Block(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self._expand_conv = nn.Conv2d(TAKES, WIDE, 1, bias=False)
        self._bn0 = nn.BatchNorm2d(WIDE)
        self._depthwise_conv = nn.Conv2d(WIDE, WIDE, 3, padding=1, groups=WIDE, bias=False)
        self._bn1 = nn.BatchNorm2d(WIDE)
        self._project_conv = nn.Conv2d(WIDE, GIVES, 1, bias=False)
        self._bn2 = nn.BatchNorm2d(GIVES)

    def forward(self, x: "torch.Tensor") -> "torch.Tensor":
        x = self._bn0(self._expand_conv(x)).clamp(0, 6)
        x = self._bn1(self._depthwise_conv(x)).clamp(0, 6)
        return self._bn2(self._project_conv(x))


class End(nn.Module):
    """A tower that has only an end, its nodes named as Lite2's."""

    def __init__(self) -> None:
        super().__init__()
        self._blocks = nn.ModuleList([*(nn.Identity() for _ in range(20)), Block()])
        self._conv_head = nn.Conv2d(GIVES, HEAD, 1, bias=False)
        self._bn1 = nn.BatchNorm2d(HEAD)

    def forward(self, pixels: "torch.Tensor") -> "tuple[torch.Tensor, torch.Tensor]":
        deep = pixels * 1.0
        for block in self._blocks:
            pixels = block(pixels if not isinstance(block, Block) else deep)
        return deep, self._bn1(self._conv_head(pixels)).clamp(0, 6)


@pytest.fixture
def end() -> End:
    torch.manual_seed(0)
    net = End()
    for module in net.modules():
        if isinstance(module, nn.BatchNorm2d):  # as if trained: none is the identity
            module.running_mean.normal_(0, 0.3)
            module.running_var.uniform_(0.5, 2.0)
            nn.init.normal_(module.weight, 1.0, 0.3)
            nn.init.normal_(module.bias, 0.5, 0.3)
    return net.eval()


def exported(net: End, path: Path) -> Path:
    torch.onnx.export(
        net, (torch.zeros(2, TAKES, 8, 8),), str(path), input_names=["pixels"],
        output_names=["deep", "thing"], opset_version=17, dynamo=False,
        dynamic_axes={n: {0: "n"} for n in ("pixels", "deep", "thing")},
    )  # fmt: skip
    return path


def maps(count: int) -> "torch.Tensor":
    return torch.randn(count, TAKES, 8, 8, generator=torch.Generator().manual_seed(1)) * 2


def test_the_matrices_say_what_the_convolutions_say(end: End) -> None:
    with torch.no_grad():
        wanted = end(maps(3))[1].mean((2, 3))
        found = TailNet(end, torch.float32)(maps(3))
        rough = TailNet(end)(maps(3))
    torch.testing.assert_close(found, wanted, atol=1e-4, rtol=1e-4)
    assert float((rough - wanted).abs().max()) < 0.1  # bfloat16


def test_every_weight_is_tuned(end: End) -> None:
    tail = TailNet(end)
    tail(maps(4)).square().mean().backward()
    assert all(p.grad is not None and bool(p.grad.abs().sum() > 0) for p in tail.parameters())


def test_a_window_reads_nothing_beyond_the_map() -> None:
    reads = windows(8, 3).reshape(9, 64, 64)
    assert reads.sum(0).sum(0).reshape(8, 8)[0, 0] == 4
    assert reads.sum(0).sum(0).reshape(8, 8)[3, 3] == 9
    assert bool((reads[4] == torch.eye(64)).all())  # the middle one reads its own cell


def test_tuned_weights_go_back_into_the_graph(end: End, tmp_path: Path) -> None:
    plain = exported(end, tmp_path / "plain.onnx")
    tail = TailNet(end, torch.float32)
    with torch.no_grad():
        for weight in tail.parameters():
            weight += 0.1 * torch.randn(weight.shape, generator=torch.Generator().manual_seed(2))
    write_tail(plain, tail.convolutions(), tmp_path / "tuned.onnx")
    onnx.checker.check_model(onnx.load(str(tmp_path / "tuned.onnx")), full_check=True)
    for name in ("plain", "tuned"):
        cut_tail(tmp_path / f"{name}.onnx", tmp_path / f"{name}-tail.onnx")
    with torch.no_grad():
        wanted = tail(maps(11).half().float())
    found = run_tail(tmp_path / "tuned-tail.onnx", maps(11).half().numpy())
    np.testing.assert_allclose(found, wanted.numpy(), atol=1e-3)
    before = run_tail(tmp_path / "plain-tail.onnx", maps(11).half().numpy())
    assert float(np.abs(before - found).max()) > 0.05


def test_weights_of_another_shape_or_place_are_refused(end: End, tmp_path: Path) -> None:
    plain = exported(end, tmp_path / "plain.onnx")
    weights = TailNet(end).convolutions()
    weight, bias = weights["/_conv_head/Conv"]
    with pytest.raises(ValueError, match="holds"):
        write_tail(plain, {"/_conv_head/Conv": (weight[:-1], bias)}, tmp_path / "out.onnx")
    with pytest.raises(ValueError, match="no convolution"):
        write_tail(plain, {"/elsewhere/Conv": (weight, bias)}, tmp_path / "out.onnx")


def test_a_norm_that_counts_nothing_cannot_be_folded(end: End) -> None:
    blind = SimpleNamespace(
        _blocks=end._blocks, _conv_head=end._conv_head,
        _bn1=nn.BatchNorm2d(HEAD, track_running_stats=False),
    )  # fmt: skip
    with pytest.raises(ValueError, match="counts no batches"):
        TailNet(blind)
