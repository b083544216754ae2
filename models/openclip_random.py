"""Wakes a random network, so that its answers differ from picture to picture (torch).

A fresh MobileCLIP answers one vector for every picture: its residual branches start at 1e-5 and
its batch normalisations expect another distribution. An export proven on such a network proves
nothing, for any graph agrees with it.
"""

import numpy as np
import numpy.typing as npt
import torch
from torch import nn

from models.openclip import Loaded

ASLEEP = 0.01
"""A layer scale whose largest entry is below this lets its branch say next to nothing."""


def enliven(loaded: Loaded, photos: npt.NDArray[np.uint8]) -> None:
    """Open the branches of a random network and fit its normalisations to `photos`, in place.

    `photos`: uint8 (N, S, S, 3), N ≥ 2; some 32 distinct ones do.
    """
    visual = loaded.model.visual
    for name, parameter in visual.named_parameters():
        if name.rsplit(".", 1)[-1] in ("gamma", "layer_scale") and parameter.abs().max() < ASLEEP:
            parameter.fill_(1.0)
    norms = [m for m in visual.modules() if isinstance(m, nn.BatchNorm2d)]
    if not norms:
        return
    for norm in norms:
        norm.reset_running_stats()
        norm.momentum = None  # the plain mean over what passes
        norm.train()
    mean, std = (torch.tensor(v).view(1, 3, 1, 1) for v in (loaded.mean, loaded.std))
    with torch.inference_mode():
        x = torch.from_numpy(photos).permute(0, 3, 1, 2).float() / 255.0
        visual((x - mean) / std)
    visual.eval()
