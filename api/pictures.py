"""A product's pictures as pages want them: small, upright, and free of what a camera wrote in them.

Promise: what leaves is always drawn anew from the pixels, so no EXIF and no GPS of a merchant's
photo goes out. Thumbnails are named by the picture's content: one can be missing, never stale.
"""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from api.errors import NoSuchPicture
from index.manifest import write_atomically
from index.product import Picture
from vision.decoder import Decoder

WIDTHS_PX = (160, 320, 400, 640, 800, 1600)
"""Few enough that a stranger cannot fill the disk with sizes."""
FULL_WIDTH_PX = WIDTHS_PX[-1]


@dataclass(frozen=True, slots=True)
class Thumbnail:
    """A JPEG ready to send, and the tag that names its content; `data` is None when the caller
    holds it already."""

    data: bytes | None
    etag: str


def width_for(wanted_px: int | None) -> int:
    """The smallest width on offer that is at least `wanted_px`; the largest when none is."""
    if wanted_px is None:
        return FULL_WIDTH_PX
    return next((width for width in WIDTHS_PX if width >= wanted_px), FULL_WIDTH_PX)


class Thumbnails:
    """Thumbnails in one folder, drawn when first asked for."""

    def __init__(self, folder: Path, decoder: Decoder, shown: Callable[[str], bool]) -> None:
        """`shown` tells whether a product still shows the picture of a hash."""
        self._folder, self._decoder, self._shown = folder, decoder, shown

    def get(self, picture: Picture, width_px: int, held: str = "") -> Thumbnail:
        """The JPEG of `picture` at `width_px` (or at its own width if that is less).

        `held` is what the caller's If-None-Match says. Raises NoSuchPicture when the picture's file
        is gone, VisionError when it is no longer a picture.
        """
        etag = f'"{picture.sha256[:32]}-{width_px}"'
        if etag in held:
            return Thumbnail(None, etag)
        name = f"{picture.sha256}-{width_px}.jpg"
        path = self._folder / picture.sha256[:2] / name
        try:
            return Thumbnail(path.read_bytes(), etag)
        except FileNotFoundError:
            data = self._draw(picture, width_px)
        write_atomically(path, data)
        if not self._shown(picture.sha256):  # deleted meanwhile, and its thumbnails before this one
            path.unlink(missing_ok=True)
        return Thumbnail(data, etag)

    def _draw(self, picture: Picture, width_px: int) -> bytes:
        try:
            data = Path(picture.path).read_bytes()
        except OSError as error:
            raise NoSuchPicture(picture.sku, picture.ordinal) from error
        return self._decoder.thumbnail(data, width_px)
