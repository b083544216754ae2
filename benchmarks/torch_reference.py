"""The built-in encoder's own network in torch, to measure the ONNX graph against."""

from collections.abc import Callable

import numpy as np
import torch

from models.towers import load_lite2
from vision.photo import Pixels

Tower = Callable[[Pixels], object]


def torch_towers(threads: int) -> dict[str, Tower]:
    """The frozen tower on `threads` threads by name: eager, and compiled (needs a C++ compiler).

    The reference runs the backbone only; ours also runs the heads on top of it.
    """
    network = load_lite2()
    torch.set_num_threads(threads)

    def runner(net: Callable[[torch.Tensor], object]) -> Tower:
        def tower(batch: Pixels) -> object:
            with torch.inference_mode():
                return net(torch.from_numpy(np.ascontiguousarray(batch)))

        return tower

    return {"eager": runner(network), "compiled": runner(torch.compile(network))}
