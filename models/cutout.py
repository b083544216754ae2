"""Puts a garment on a studio's white, so that a snap also looks like a catalogue's picture.

The mask is GrabCut's (Rother et al., SIGGRAPH 2004), started from a frame around the middle.
"""

import cv2
import numpy as np
import numpy.typing as npt

from vision.photo import Pixels

WORK_PX = 112
FRAME = 0.05  # the outermost 5 % are taken for background
PLAUSIBLE = (0.10, 0.85)  # a mask outside these shares of the picture has failed


def studio_like(pixels: Pixels, rng: np.random.Generator) -> Pixels | None:
    """`pixels` with the background nearly white, or None where no garment could be cut out."""
    mask = garment_mask(pixels)
    if mask is None:
        return None
    white = rng.uniform(228, 255) + rng.normal(0, 2, 3)
    soft = cv2.GaussianBlur(mask.astype(np.float32), (0, 0), 1.5)[..., None]
    out = pixels * soft + np.clip(white, 0, 255).astype(np.float32) * (1 - soft)
    out = np.clip(out * np.exp(rng.normal(0, 0.06)), 0, 255).astype(np.uint8)
    rows, columns = np.where(mask)
    top, bottom, left, right = rows.min(), rows.max() + 1, columns.min(), columns.max() + 1
    spare_y, spare_x = (int(rng.uniform(0.02, 0.2) * n) for n in (bottom - top, right - left))
    height, width = mask.shape
    cut = out[
        max(0, top - spare_y) : min(height, bottom + spare_y),
        max(0, left - spare_x) : min(width, right + spare_x),
    ]
    return np.ascontiguousarray(cut[:, ::-1] if rng.random() < 0.5 else cut)


def garment_mask(pixels: Pixels) -> npt.NDArray[np.bool_] | None:
    """True where the thing in the middle is, or None where the cut is not to be believed."""
    height, width = pixels.shape[:2]
    scale = WORK_PX / max(height, width)
    small = cv2.resize(
        pixels, (max(16, round(width * scale)), max(16, round(height * scale))),
        interpolation=cv2.INTER_AREA,
    )  # fmt: skip
    h, w = small.shape[:2]
    marks = np.zeros((h, w), np.uint8)
    frame = (int(w * FRAME) + 1, int(h * FRAME) + 1)
    rect = (*frame, w - 2 * frame[0], h - 2 * frame[1])
    cv2.setRNGSeed(0)
    models = np.zeros((1, 65)), np.zeros((1, 65))
    cv2.grabCut(small, marks, rect, *models, 3, cv2.GC_INIT_WITH_RECT)
    found = np.isin(marks, (cv2.GC_FGD, cv2.GC_PR_FGD)).astype(np.uint8)
    opened = cv2.morphologyEx(found, cv2.MORPH_OPEN, np.ones((3, 3), np.uint8))
    if not PLAUSIBLE[0] < float(opened.mean()) < PLAUSIBLE[1]:
        return None
    return np.asarray(cv2.resize(opened, (width, height), interpolation=cv2.INTER_LINEAR) > 0)
