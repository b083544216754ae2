"""A Photo becomes the square of bytes that the image graph takes; normalisation is in the graph."""

import cv2
import numpy as np

from vision.photo import Photo, Pixels
from vision.spec import Resize

WHITE = 255


def preprocess(photo: Photo, size_px: int, resize: Resize) -> Pixels:
    """Resize to uint8 (size_px, size_px, 3).

    `squash` ignores the aspect, `pad` keeps it on a white square, `crop` keeps the middle square.
    Shrinking averages areas (no aliasing), enlarging is bilinear.
    """
    pixels = photo.pixels
    height, width = pixels.shape[:2]
    if resize == "squash":
        return _resized(pixels, size_px, size_px)
    if resize == "crop":
        side = min(height, width)
        top, left = (height - side) // 2, (width - side) // 2
        return _resized(pixels[top : top + side, left : left + side], size_px, size_px)
    scale = size_px / max(height, width)
    inner_w, inner_h = max(1, round(width * scale)), max(1, round(height * scale))
    square = np.full((size_px, size_px, 3), WHITE, np.uint8)
    top, left = (size_px - inner_h) // 2, (size_px - inner_w) // 2
    square[top : top + inner_h, left : left + inner_w] = _resized(pixels, inner_w, inner_h)
    return square


def _resized(pixels: Pixels, width_px: int, height_px: int) -> Pixels:
    if pixels.shape[:2] == (height_px, width_px):
        return np.ascontiguousarray(pixels)
    shrinking = pixels.shape[0] >= height_px and pixels.shape[1] >= width_px
    how = cv2.INTER_AREA if shrinking else cv2.INTER_LINEAR
    out = cv2.resize(np.ascontiguousarray(pixels), (width_px, height_px), interpolation=how)
    return np.asarray(out, np.uint8)
