"""The two towers of an open_clip model in the shape of our graphs (torch; workshop only).

Picture: uint8 (N, S, S, 3) → unit vectors (N, D), normalisation inside. Words: int64 ids (N, L) →
unit vectors (N, D).
"""

from typing import Any

import torch
from torch import nn
from torch.nn import functional

from models.openclip import Loaded
from models.openclip_attention import with_plain_attention

WHITE = 255.0


class PictureTower(nn.Module):
    """Bytes as a camera gives them, to the vector as open_clip would give it."""

    def __init__(self, loaded: Loaded) -> None:
        super().__init__()
        self.visual = with_plain_attention(_reparameterised(loaded.model.visual))
        mean, std = torch.tensor(loaded.mean), torch.tensor(loaded.std)
        self.scale = nn.Buffer((1.0 / (WHITE * std)).view(1, 3, 1, 1))
        self.shift = nn.Buffer((-mean / std).view(1, 3, 1, 1))

    def forward(self, pixels: torch.Tensor) -> torch.Tensor:
        x = pixels.permute(0, 3, 1, 2).float() * self.scale + self.shift
        return functional.normalize(self.visual(x), dim=-1)


class WordsTower(nn.Module):
    """Ids of any length up to the context, where the tower is causal; else of the whole context.

    In a causal tower no word looks at the padding behind it: leaving the padding out changes
    nothing and makes a query of five words some ten times cheaper.
    """

    def __init__(self, loaded: Loaded) -> None:
        super().__init__()
        self.model: Any = with_plain_attention(loaded.model)
        self.text: Any = getattr(self.model, "text", self.model) if cuts_padding(loaded) else None

    def forward(self, ids: torch.Tensor) -> torch.Tensor:
        if self.text is None:
            return functional.normalize(self.model.encode_text(ids), dim=-1)
        text = self.text
        length = ids.shape[1]
        x = text.token_embedding(ids) + text.positional_embedding[:length]
        x = text.transformer(x, attn_mask=text.attn_mask[:length, :length])
        x = text.ln_final(x)[torch.arange(ids.shape[0]), ids.argmax(dim=-1)]
        projection = text.text_projection
        x = projection(x) if isinstance(projection, nn.Linear) else x @ projection
        return functional.normalize(x, dim=-1)


def cuts_padding(loaded: Loaded) -> bool:
    """Whether the words tower takes ids shorter than the context: a plain causal transformer."""
    text = getattr(loaded.model, "text", loaded.model)
    plain = getattr(text, "attn_mask", None) is not None and loaded.causal
    pools_last_word = getattr(text, "text_pool_type", getattr(text, "pool_type", "")) == "argmax"
    return plain and pools_last_word and getattr(text, "cls_emb", None) is None


def _reparameterised(visual: nn.Module) -> nn.Module:
    """MobileCLIP's parallel branches folded into one convolution each; others untouched."""
    from timm.utils.model import reparameterize_model

    return reparameterize_model(visual).eval() if hasattr(visual, "trunk") else visual
