"""A ViT small enough for tests, and pictures to show it."""

import numpy as np
import numpy.typing as npt

TINY_TEXT = {"context_length": 16, "vocab_size": 49_408, "width": 32, "heads": 2, "layers": 1}
TINY_VIT = {
    "embed_dim": 32,
    "vision_cfg": {"image_size": 64, "layers": 2, "width": 64, "patch_size": 16, "head_width": 32},
    "text_cfg": TINY_TEXT,
}


def noise_pictures(count: int, side_px: int, seed: int = 5) -> npt.NDArray[np.uint8]:
    """Distinct pictures: coarse coloured noise, each of another brightness."""
    rng = np.random.default_rng(seed)
    coarse = rng.integers(0, 256, (count, 8, 8, 3))
    shades = rng.uniform(0.2, 1.0, (count, 1, 1, 1))
    big = (coarse * shades).repeat(-(-side_px // 8), 1).repeat(-(-side_px // 8), 2)
    return big[:, :side_px, :side_px].astype(np.uint8)
