"""The end of the picture tower as matrices, so that two cores can tune it (torch).

Behind stage 6 the map is 8 × 8 cells. A convolution of one channel over so few is a product with a
matrix of 64 × 64 a channel, and the whole end is products in bfloat16: 2 ms a picture, forward and
back, on a core with AMX, where torch's own convolutions took 9.
"""

from typing import Any

import numpy as np
import numpy.typing as npt
import torch
from torch import nn
from torch.nn import functional

CELLS = 8  # the map's side, for pictures of 225 to 256 px
EXACT = torch.bfloat16
Weights = dict[str, tuple[npt.NDArray[np.float32], npt.NDArray[np.float32]]]


class TailNet(nn.Module):
    """`deep` (N, 208, 8, 8), the map behind stage 6 → `thing` (N, 1280), means over the last map.

    Begins as the tower `net` (EfficientNet-Lite2) has it, its normalisation folded in.
    """

    window: torch.Tensor

    def __init__(self, net: Any, products: torch.dtype = EXACT) -> None:
        super().__init__()
        block = list(net._blocks)[-1]
        made = {
            "expand": folded(block._expand_conv, block._bn0),
            "own": folded(block._depthwise_conv, block._bn1),
            "project": folded(block._project_conv, block._bn2),
            "head": folded(net._conv_head, net._bn1),
        }
        self.weight = nn.ParameterDict(
            {n: nn.Parameter(w.flatten(1)) for n, (w, _) in made.items()}
        )
        self.bias = nn.ParameterDict({n: nn.Parameter(b) for n, (_, b) in made.items()})
        self.side = made["own"][0].shape[-1]
        self.products = products
        self.register_buffer("window", windows(CELLS, self.side), persistent=False)

    def forward(self, deep: torch.Tensor) -> torch.Tensor:
        count = len(deep)
        x = deep.to(self.products).permute(1, 0, 2, 3).flatten(1)  # (channels, N × cells)
        x = _cut(self._mixed("expand", x))
        own = self.weight["own"].to(self.products) @ self.window.to(self.products)
        cells = CELLS * CELLS
        x = torch.baddbmm(
            self.bias["own"].to(self.products)[:, None, None],
            x.view(-1, count, cells), own.view(-1, cells, cells),
        )  # fmt: skip
        x = self._mixed("project", _cut(x).flatten(1))
        x = _cut(self._mixed("head", x))
        means: torch.Tensor = x.view(len(x), count, cells).float().mean(-1).T
        return means

    def _mixed(self, name: str, x: torch.Tensor) -> torch.Tensor:
        bias, weight = self.bias[name].to(self.products), self.weight[name].to(self.products)
        return torch.addmm(bias[:, None], weight, x)

    def convolutions(self) -> Weights:
        """Weights and biases by the names of the tower's nodes, as ONNX has them."""
        places = {
            "expand": "/_blocks.20/_expand_conv/Conv",
            "own": "/_blocks.20/_depthwise_conv/Conv",
            "project": "/_blocks.20/_project_conv/Conv",
            "head": "/_conv_head/Conv",
        }
        found = {}
        for name, place in places.items():
            weight = self.weight[name].detach()
            inputs = 1 if name == "own" else weight.shape[1]
            side = self.side if name == "own" else 1
            shaped = weight.reshape(len(weight), inputs, side, side).contiguous()
            found[place] = shaped.numpy(), self.bias[name].detach().numpy()
        return found


def folded(convolution: nn.Conv2d, norm: nn.BatchNorm2d) -> tuple[torch.Tensor, torch.Tensor]:
    """Weights and bias of a convolution with the normalisation behind it, as it is at rest."""
    if norm.running_mean is None or norm.running_var is None:
        raise ValueError("a normalisation that counts no batches cannot be folded")
    scale = norm.weight / torch.sqrt(norm.running_var + norm.eps)
    weight = convolution.weight * scale[:, None, None, None]
    bias = norm.bias - norm.running_mean * scale
    return weight.detach().clone(), bias.detach().clone()


def windows(cells: int, side: int) -> torch.Tensor:
    """(side², cells⁴): which cell each weight of a window reads for each cell that it makes, with
    zeros around the map."""
    found = torch.zeros(side * side, cells, cells, cells, cells)
    half = side // 2
    for down in range(side):
        for right in range(side):
            for y in range(cells):
                for x in range(cells):
                    i, j = y + down - half, x + right - half
                    if 0 <= i < cells and 0 <= j < cells:
                        found[down * side + right, i, j, y, x] = 1.0
    return found.reshape(side * side, -1)


def _cut(x: torch.Tensor) -> torch.Tensor:
    return functional.hardtanh(x, 0.0, 6.0, inplace=True)
