"""Self-attention written so that its ONNX form keeps every size free (torch; workshop only).

`nn.MultiheadAttention` reshapes by the sizes that it was traced with: a graph of its own then takes
sentences of one length only.
"""

import copy

import torch
from torch import nn
from torch.nn import functional


class PlainAttention(nn.Module):
    """Stands in for an `nn.MultiheadAttention` that attends to itself, batch first."""

    def __init__(self, attention: nn.MultiheadAttention) -> None:
        super().__init__()
        width = attention.embed_dim
        self.heads, self.width = attention.num_heads, width
        self.scale = (width // attention.num_heads) ** -0.5
        self.join = nn.Linear(width, 3 * width)
        self.join.weight, self.join.bias = attention.in_proj_weight, attention.in_proj_bias
        self.out = attention.out_proj

    def forward(
        self,
        query: torch.Tensor,
        key: torch.Tensor,
        value: torch.Tensor,
        need_weights: bool = False,
        attn_mask: torch.Tensor | None = None,
    ) -> tuple[torch.Tensor, None]:
        """As the original: (N, L, W) → (N, L, W), and no weights."""
        batch, length = query.shape[0], query.shape[1]
        parts = self.join(query).reshape(batch, length, 3, self.heads, -1).permute(2, 0, 3, 1, 4)
        scores = (parts[0] * self.scale) @ parts[1].transpose(-1, -2)
        if attn_mask is not None:
            scores = scores + attn_mask
        mixed = functional.softmax(scores, dim=-1) @ parts[2]
        return self.out(mixed.transpose(1, 2).reshape(batch, length, self.width)), None


def with_plain_attention(tower: nn.Module) -> nn.Module:
    """A copy of `tower` (weights shared) with every plain attention written out."""
    if isinstance(tower, nn.MultiheadAttention):
        return PlainAttention(tower) if _is_plain(tower) else tower
    twin = copy.copy(tower)
    twin._modules = {
        name: None if child is None else with_plain_attention(child)
        for name, child in tower._modules.items()
    }
    return twin


def _is_plain(attention: nn.MultiheadAttention) -> bool:
    return bool(attention.batch_first and attention.in_proj_bias is not None
                and attention.in_proj_weight is not None and attention.bias_k is None)  # fmt: skip
