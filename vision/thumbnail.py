"""A picture as pages want it: small, upright, and free of what a camera wrote into the file."""

import io
from typing import Final

from PIL import Image

from vision.photo import Photo

QUALITY: Final = 82


def thumbnail_of(photo: Photo, width_px: int) -> bytes:
    """`photo` as a JPEG at most `width_px` wide, drawn anew: nothing but its pixels goes out."""
    image = Image.fromarray(photo.pixels)
    if image.width > width_px:
        height_px = max(1, round(image.height * width_px / image.width))
        image = image.resize((width_px, height_px), Image.Resampling.LANCZOS)
    out = io.BytesIO()
    image.save(out, "JPEG", quality=QUALITY, optimize=True, progressive=True)
    return out.getvalue()
