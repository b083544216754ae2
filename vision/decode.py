"""Bytes become a Photo, and nothing but the picture goes further: no EXIF, no GPS, no file name.

Promises: the header is judged before a pixel is decoded; whatever a hostile file makes the
libraries raise arrives as a VisionError; a JPEG is decoded at the coarsest DCT scale (1, 1/2, 1/4,
1/8) that still gives the wanted box the model's input size.
"""

import io
import re
import struct
import zlib
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from typing import Final

import numpy as np
import pi_heif
from PIL import Image, ImageCms

from vision.budget import Budget
from vision.errors import BoxOutside, DecoderBusy, NotAPicture, PictureTooLarge
from vision.photo import Box, Photo

FORMATS: Final = ("JPEG", "PNG", "WEBP", "AVIF", "GIF", "TIFF", "BMP")
# A rendition this many times the input side is embedded like the full picture: over 20 snaps of
# 12 MP the worst cosine rose from .973 (margin 1) to .993, for 5 ms more of decoding.
MARGIN: Final = 1.5
FULL_PIXELS: Final = "vistazo_full_pixels"  # our note in a picture's info
STRIP_PIXELS: Final = 2_000_000  # of a large picture that is averaged at a time
JPEGS: Final = ("JPEG", "MPO")  # Pillow names a JPEG with several pictures in it MPO
HEIC_BRANDS: Final = (b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx", b"mif1", b"msf1")

# What Pillow and libheif have been seen to raise on damaged files. MemoryError is theirs too: a
# decoder asked for an absurd buffer, not this process that ran out.
HOSTILE: Final = (
    OSError, SyntaxError, ValueError, TypeError, EOFError, struct.error, zlib.error, LookupError,
    ArithmeticError, AttributeError, MemoryError, RuntimeError, AssertionError,
)  # fmt: skip

# EXIF orientation (CIPA DC-008, tag 0x0112) → how to stand the picture up again.
ORIENTATION_TAG: Final = 0x0112
UPRIGHT: Final = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}
LYING: Final = (5, 6, 7, 8)  # orientations that swap width and height


@dataclass(frozen=True, slots=True)
class Limits:
    """How much picture is accepted: bytes of the file, pixels by its header, length of a side;
    and how many pixels may be in decoding at once."""

    max_bytes: int = 20_000_000
    max_pixels: int = 80_000_000  # a 50 MP phone passes; 80 MP of RGB are 240 MB at worst
    max_side_px: int = 30_000
    budget: Budget | None = None
    """Shared by all decodes of a server; None where one thing is done at a time."""

    def room(self, pixels: int) -> AbstractContextManager[None]:
        """Room to decode `pixels`; entering raises DecoderBusy when there is none."""
        return self.budget.hold(pixels) if self.budget else nullcontext()

    def check_bytes(self, found: int) -> None:
        """Raise PictureTooLarge when `found` bytes are more than accepted."""
        if found > self.max_bytes:
            raise PictureTooLarge("bytes", found, self.max_bytes)

    def check_size(self, width_px: int, height_px: int) -> None:
        """Raise PictureTooLarge when a header promises more than is accepted."""
        if max(width_px, height_px) > self.max_side_px:
            raise PictureTooLarge("pixels on a side", max(width_px, height_px), self.max_side_px)
        if width_px * height_px > self.max_pixels:
            raise PictureTooLarge("pixels", width_px * height_px, self.max_pixels)


def decode(data: bytes, *, box: Box | None, side_px: int, limits: Limits) -> Photo:
    """Decode a picture file, upright, in sRGB, on white, cropped to `box` if one is wanted.

    `side_px` is the model's input side: the rendition's shorter side stays at least that long
    where the file has that many pixels. Of an animation the first frame is taken.

    Raises NotAPicture, PictureTooLarge, BoxOutside or DecoderBusy.
    """
    limits.check_bytes(len(data))
    image, orientation = _open(data, limits)
    width_px, height_px = image.size
    if orientation in LYING:
        width_px, height_px = height_px, width_px
    if box is not None and (box.x + box.w > width_px or box.y + box.h > height_px):
        raise BoxOutside((box.x, box.y, box.w, box.h), width_px, height_px)
    wanted = box or Box(0, 0, width_px, height_px)
    spare = min(wanted.w, wanted.h) / (side_px * MARGIN)
    _draft(image, spare)
    try:
        with limits.room(_cost_pixels(image)):
            upright = _render(image, orientation, spare)
        cut = _cut(upright, wanted, upright.width / width_px, upright.height / height_px)
        return Photo(np.asarray(cut), width_px, height_px)
    except DecoderBusy:
        raise
    except HOSTILE as cause:
        raise NotAPicture(f"it is damaged or cut short ({_first_line(cause)})") from cause


def _open(data: bytes, limits: Limits) -> tuple[Image.Image, int]:
    """The picture with its header read and judged, pixels not yet decoded; and its orientation."""
    if data[4:8] == b"ftyp" and data[8:12] in HEIC_BRANDS and b"avif" not in data[8:32]:
        return _open_heic(data, limits), 1  # libheif stands the picture up by itself
    try:
        image = Image.open(io.BytesIO(data), formats=FORMATS)
    except Image.DecompressionBombError as cause:  # Pillow's own bound, 179 MP
        found = re.search(r"\((\d+) pixels\)", str(cause))
        pixels = int(found.group(1)) if found else limits.max_pixels + 1
        raise PictureTooLarge("pixels", pixels, limits.max_pixels) from cause
    except HOSTILE as cause:
        raise NotAPicture(_what_it_is(data)) from cause
    limits.check_size(*image.size)
    image.info[FULL_PIXELS] = image.width * image.height  # a draft changes the size
    return image, _orientation(image)


def _open_heic(data: bytes, limits: Limits) -> Image.Image:
    try:
        heif = pi_heif.open_heif(io.BytesIO(data), convert_hdr_to_8bit=True)
        limits.check_size(*heif.size)
        with limits.room(heif.size[0] * heif.size[1]):  # decoded here, at full size
            image: Image.Image = heif.to_pillow()
    except (PictureTooLarge, DecoderBusy):
        raise
    except HOSTILE as cause:
        raise NotAPicture(f"its HEIC data is damaged ({_first_line(cause)})") from cause
    return image


def _orientation(image: Image.Image) -> int:
    try:
        value = image.getexif().get(ORIENTATION_TAG, 1)
    except HOSTILE:  # damaged EXIF says nothing about the pixels: take the picture as it lies
        return 1
    return value if isinstance(value, int) and value in UPRIGHT else 1


def _draft(image: Image.Image, spare: float) -> None:
    """Let a JPEG be decoded no finer than needed: the wanted box has `spare` times that side."""
    if spare >= 2 and image.format in JPEGS:
        image.draft(image.mode, (int(image.width / spare) + 1, int(image.height / spare) + 1))


def _cost_pixels(image: Image.Image) -> int:
    """What decoding will hold; a progressive JPEG keeps every coefficient whatever its scale."""
    drafted = image.width * image.height
    return int(image.info[FULL_PIXELS]) if image.info.get("progressive") else drafted


def _render(image: Image.Image, orientation: int, spare: float) -> Image.Image:
    """The picture upright, in sRGB, on white, not much finer than needed."""
    profile = image.info.get("icc_profile")
    image.load()
    shrink = spare >= 2 and image.format not in JPEGS
    rgb = _on_white(_reduced(image, int(spare)) if shrink else image, profile)
    turn = UPRIGHT.get(orientation)
    return rgb if turn is None else rgb.transpose(turn)


def _reduced(image: Image.Image, factor: int) -> Image.Image:
    """Box average by `factor`, strip by strip: Pillow's own reduce copies the whole picture when it
    has transparency, and palettes and 1-bit pictures cannot be averaged as they are."""
    if image.mode not in ("RGB", "RGBA", "L", "LA", "CMYK"):
        if image.mode.startswith("I") or image.mode == "F":
            return image  # its scale is found from all its values: reduced after, by preprocess
        mode = "RGBA" if "transparency" in image.info or "A" in image.mode else "RGB"
    else:
        mode = "RGBA" if "transparency" in image.info else image.mode
    width, height = -(-image.width // factor), -(-image.height // factor)
    target = Image.new(mode, (width, height))
    rows = factor * max(1, STRIP_PIXELS // (factor * image.width))
    for top in range(0, image.height, rows):
        strip = image.crop((0, top, image.width, min(top + rows, image.height)))
        if strip.mode != mode:
            strip = strip.convert(mode)
        target.paste(strip.reduce(factor), (0, top // factor))
    return target


def _on_white(image: Image.Image, profile: bytes | None) -> Image.Image:
    """Any mode to 8-bit sRGB: profile honoured, transparency laid on white, 16 bits scaled."""
    if image.mode.startswith("I;16") or image.mode in ("I", "F"):
        return _scaled_to_8_bits(image).convert("RGB")
    if image.mode in ("RGBA", "LA", "PA", "RGBa", "La") or "transparency" in image.info:
        layer = image.convert("RGBA")
        white = Image.new("RGBA", layer.size, (255, 255, 255, 255))
        return _to_srgb(Image.alpha_composite(white, layer).convert("RGB"), profile)
    return _to_srgb(image if image.mode in ("RGB", "CMYK", "L") else image.convert("RGB"), profile)


def _scaled_to_8_bits(image: Image.Image) -> Image.Image:
    values = np.nan_to_num(np.asarray(image).astype(np.float32), nan=0.0, posinf=0.0, neginf=0.0)
    top = float(values.max(initial=0.0))
    full = 1.0 if top <= 1.0 else 255.0 if top <= 255.0 else 65535.0
    return Image.fromarray(np.clip(values * (255.0 / full), 0, 255).astype(np.uint8))


def _to_srgb(image: Image.Image, profile: bytes | None) -> Image.Image:
    """Through the embedded ICC profile where it is sound and says something else than sRGB."""
    if profile and b"sRGB" not in profile[:4096]:
        try:
            source = ImageCms.ImageCmsProfile(io.BytesIO(profile))
            target = ImageCms.createProfile("sRGB")
            turned = ImageCms.profileToProfile(image, source, target, outputMode="RGB")
            if turned is not None:
                return turned
        except (*HOSTILE, ImageCms.PyCMSError):  # a broken profile: the pixels are still good
            return image.convert("RGB")
    return image.convert("RGB")


def _cut(upright: Image.Image, box: Box, scale_x: float, scale_y: float) -> Image.Image:
    left = min(int(box.x * scale_x), upright.width - 1)
    top = min(int(box.y * scale_y), upright.height - 1)
    right = min(max(round((box.x + box.w) * scale_x), left + 1), upright.width)
    bottom = min(max(round((box.y + box.h) * scale_y), top + 1), upright.height)
    if (left, top, right, bottom) == (0, 0, upright.width, upright.height):
        return upright
    return upright.crop((left, top, right, bottom))


def _what_it_is(data: bytes) -> str:
    if not data:
        return "it is empty"
    if data.lstrip()[:1] == b"<":
        return "it looks like HTML, XML or SVG"
    if data[:4] == b"%PDF":
        return "it is a PDF"
    return "its format is not known, or its header is damaged"


def _first_line(cause: BaseException) -> str:
    return (str(cause).splitlines() or [type(cause).__name__])[0][:120] or type(cause).__name__
