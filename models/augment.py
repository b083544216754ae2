"""Makes a clean picture look like a stranger's phone photo of the same thing (Pixels in and out).

Colour casts stay small: the colour block must learn to forgive a lamp, not to forget colour.
"""

import cv2
import numpy as np

from vision.photo import Pixels


def phone_like(pixels: Pixels, rng: np.random.Generator) -> Pixels:
    """Crop, turn, tilt, light, white balance, blur, noise and JPEG, each at random strength."""
    out = _cropped(pixels, rng)
    if rng.random() < 0.5:
        out = np.ascontiguousarray(out[:, ::-1])
    if rng.random() < 0.6:
        out = _tilted(out, rng)
    out = _lit(out, rng)
    if rng.random() < 0.3:
        out = np.asarray(cv2.GaussianBlur(out, (0, 0), float(rng.uniform(0.5, 2.0))), np.uint8)
    return _jpeg(out, int(rng.integers(35, 95))) if rng.random() < 0.5 else out


def _cropped(pixels: Pixels, rng: np.random.Generator) -> Pixels:
    height, width = pixels.shape[:2]
    share = float(rng.uniform(0.6, 1.0)) ** 0.5
    stretch = float(np.exp(rng.uniform(-0.15, 0.15)))
    h = min(height, max(8, round(height * share * stretch)))
    w = min(width, max(8, round(width * share / stretch)))
    top, left = int(rng.integers(0, height - h + 1)), int(rng.integers(0, width - w + 1))
    return pixels[top : top + h, left : left + w]


def _tilted(pixels: Pixels, rng: np.random.Generator) -> Pixels:
    """A turn of up to 25° and a change of perspective; the border is continued."""
    height, width = pixels.shape[:2]
    turn = cv2.getRotationMatrix2D(
        (width / 2, height / 2), float(rng.normal(0, 9)), float(rng.uniform(0.8, 1.05))
    )
    corners = np.array([[0, 0], [width, 0], [width, height], [0, height]], np.float32)
    turned = corners @ turn[:, :2].T.astype(np.float32) + turn[:, 2].astype(np.float32)
    moved = turned + rng.normal(0, 0.03, (4, 2)) * (width, height)
    warp = cv2.getPerspectiveTransform(corners, moved.astype(np.float32))
    border = cv2.BORDER_REPLICATE if rng.random() < 0.7 else cv2.BORDER_REFLECT
    return np.asarray(
        cv2.warpPerspective(
            np.ascontiguousarray(pixels), warp, (width, height), flags=1, borderMode=border
        ),
        np.uint8,
    )


def _lit(pixels: Pixels, rng: np.random.Generator) -> Pixels:
    """Exposure, gamma, white balance, a gradient of light, sensor noise."""
    x = pixels.astype(np.float32) / 255.0
    x **= float(np.exp(rng.normal(0, 0.18)))
    x *= np.exp(rng.normal(0, 0.05, 3) + rng.normal(0, 0.12)).astype(np.float32)
    height, width = pixels.shape[:2]
    if rng.random() < 0.4:
        angle, depth = rng.uniform(0, 2 * np.pi), rng.uniform(0.0, 0.35)
        ramp = np.linspace(-1, 1, width)[None] * np.cos(angle)
        ramp = ramp + np.linspace(-1, 1, height)[:, None] * np.sin(angle)
        x *= (1 + depth * ramp / 1.42).astype(np.float32)[..., None]
    if rng.random() < 0.3:
        x += rng.normal(0, rng.uniform(0.01, 0.04), x.shape).astype(np.float32)
    return np.asarray(np.clip(x * 255.0 + 0.5, 0, 255), np.uint8)


def _jpeg(pixels: Pixels, quality: int) -> Pixels:
    ok, data = cv2.imencode(".jpg", pixels, [cv2.IMWRITE_JPEG_QUALITY, quality])
    return np.asarray(cv2.imdecode(data, cv2.IMREAD_COLOR), np.uint8) if ok else pixels
