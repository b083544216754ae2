"""Hostile pictures, made by number: what strangers send who mean harm, and what breaks by itself.

`corpus(n)` is the same in every run. Its bases are drawn pictures in every format that we read,
and real photos where they are; most are then broken in one of a dozen ways.
"""

import io
import struct
import zlib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import cache

import numpy as np
from PIL import Image

Chance = np.random.Generator
BOMBS = 6
BOMB_EVERY = 100  # one in so many is a bomb: each costs as much as fifty others


@dataclass(frozen=True, slots=True)
class Upload:
    """One hostile body: its number, what was done to it, its bytes."""

    number: int
    kind: str
    data: bytes


def corpus(count: int, real: Sequence[bytes] = (), first: int = 0) -> Iterator[Upload]:
    """The uploads `first` to `first + count - 1`."""
    bases = drawn_bases() + list(real)
    ways = list(WAYS.items())
    for number in range(first, first + count):
        chance = np.random.default_rng([number, 0xBAD])
        if number % BOMB_EVERY == BOMB_EVERY // 2:
            kind, data = _bomb(number // BOMB_EVERY % BOMBS)
        else:
            kind, way = ways[number % len(ways)]
            data = way(bases[int(chance.integers(len(bases)))], chance, bases)
        yield Upload(number, kind, data)


def drawn_bases() -> list[bytes]:
    """Sound pictures of every format and odd mode."""
    chance = np.random.default_rng(1)
    small = chance.integers(0, 256, (12, 16, 3), dtype=np.uint8)
    image = Image.fromarray(small).resize((320, 240), Image.Resampling.BICUBIC)
    alpha = image.copy()
    alpha.putalpha(128)
    exif = Image.Exif()
    exif[0x0112] = 6
    files = [
        _file(image, "JPEG", exif=exif), _file(image, "JPEG", progressive=True),
        _file(image.convert("CMYK"), "JPEG"), _file(image.convert("L"), "JPEG"),
        _file(image, "PNG"), _file(alpha, "PNG"), _file(image.convert("P"), "PNG"),
        _file(Image.fromarray(np.asarray(image.convert("L")).astype(np.uint16) * 257), "PNG"),
        _file(image, "WEBP"), _file(alpha, "WEBP", lossless=True), _file(image, "GIF"),
        _file(image, "GIF", save_all=True, append_images=[alpha.convert("RGB")] * 3),
        _file(image, "BMP"), _file(image, "TIFF", compression="tiff_lzw"),
        _file(image, "TIFF", compression="jpeg"), _file(alpha, "TIFF"),
        _file(image.convert("1"), "TIFF", compression="group4"), _file(image, "AVIF"),
    ]  # fmt: skip
    return files + [_file(image.resize((1, 1)), kind) for kind in ("JPEG", "PNG", "WEBP", "BMP")]


def _file(image: Image.Image, kind: str, **how: object) -> bytes:
    out = io.BytesIO()
    image.save(out, kind, **how)
    return out.getvalue()


def _flipped(data: bytes, chance: Chance, bases: Sequence[bytes]) -> bytes:
    body = bytearray(data)
    for at in chance.integers(0, len(body), int(chance.integers(1, 60))):
        body[at] ^= 1 << int(chance.integers(8))
    return bytes(body)


def _header_flipped(data: bytes, chance: Chance, bases: Sequence[bytes]) -> bytes:
    body = bytearray(data)
    for at in chance.integers(0, min(64, len(body)), int(chance.integers(1, 6))):
        body[at] = int(chance.integers(256))
    return bytes(body)


def _cut(data: bytes, chance: Chance, bases: Sequence[bytes]) -> bytes:
    return data[: int(chance.integers(0, len(data)))]


def _spliced(data: bytes, chance: Chance, bases: Sequence[bytes]) -> bytes:
    other = bases[int(chance.integers(len(bases)))]
    at = int(chance.integers(1, len(data)))
    return data[:at] + other[min(at, len(other)) :]


def _repeated(data: bytes, chance: Chance, bases: Sequence[bytes]) -> bytes:
    start, stop = sorted(int(n) for n in chance.integers(0, len(data), 2))
    return data[:stop] + data[start:stop] * int(chance.integers(1, 40)) + data[stop:]


def _blanked(data: bytes, chance: Chance, bases: Sequence[bytes]) -> bytes:
    start = int(chance.integers(len(data)))
    length = int(chance.integers(1, 4000))
    return data[:start] + bytes([int(chance.integers(256))]) * length + data[start + length :]


def _lying(data: bytes, chance: Chance, bases: Sequence[bytes]) -> bytes:
    """A header that promises other sides than the pixels have."""
    width, height = (int(n) for n in chance.choice([0, 1, 255, 9000, 30_000, 65_535], 2))
    if data[:4] == b"\x89PNG":
        head = b"IHDR" + struct.pack(">II", width, height) + data[24:29]
        return data[:12] + head + struct.pack(">I", zlib.crc32(head)) + data[33:]
    if data[:2] == b"\xff\xd8":
        at = max(data.find(b"\xff\xc0"), data.find(b"\xff\xc2"))
        return data[: at + 5] + struct.pack(">HH", height, width) + data[at + 9 :]
    if data[:4] == b"GIF8":
        return data[:6] + struct.pack("<HH", width, height) + data[10:]
    if data[:2] == b"BM":
        return data[:18] + struct.pack("<ii", width, -height) + data[26:]
    return _header_flipped(data, chance, bases)


def _polyglot(data: bytes, chance: Chance, bases: Sequence[bytes]) -> bytes:
    """A picture that is something else, too."""
    script = b"<html><script>alert(1)</script><?php system($_GET['c']); ?>"
    others = (script, b"%PDF-1.7\n", b"PK\x03\x04" + bytes(60), b"#!/bin/sh\nid\n", b"\x7fELF")
    other = others[int(chance.integers(len(others)))]
    return other + data if chance.random() < 0.5 else data + other


def _no_picture(data: bytes, chance: Chance, bases: Sequence[bytes]) -> bytes:
    """What is sent by mistake or malice in place of a picture."""
    junk = chance.bytes(int(chance.integers(1, 5000)))
    heads = (
        b"", b"<svg xmlns='http://www.w3.org/2000/svg' onload='x'/>", b"\xff\xd8\xff\xe0",
        b"GIF89a", b"\0\0\0\x18ftypheic\0\0\0\0mif1heic", b"\0\0\0\x1cftypavif", b"II*\0",
        b"RIFF\xff\xff\xff\xffWEBPVP8 ", b"MM\0*\0\0\0\x08\xff\xff", b"BM",
        b"\x89PNG\r\n\x1a\n",
    )  # fmt: skip
    head = heads[int(chance.integers(len(heads)))]
    return head if chance.random() < 0.2 else head + junk


def _odd_sides(data: bytes, chance: Chance, bases: Sequence[bytes]) -> bytes:
    """Sound, but one pixel thin or of no use."""
    sides = ((1, 1), (30_000, 1), (1, 30_000), (1, 2), (16_000, 3), (2, 2))
    kinds = ("PNG", "JPEG", "WEBP", "GIF", "BMP", "TIFF", "AVIF")
    size = sides[int(chance.integers(len(sides)))]
    kind = kinds[int(chance.integers(len(kinds)))]
    if kind in ("WEBP", "AVIF") and max(size) > 16_000:
        kind = "PNG"
    return _file(Image.new("RGB", size, (9, 99, 200)), kind)


def _stuffed(data: bytes, chance: Chance, bases: Sequence[bytes]) -> bytes:
    """Metadata that unpacks to far more than it is, or leads in circles."""
    if chance.random() < 0.5:
        bomb = _zeros_packed()
        chunk = (
            (b"zTXt", b"note\0\0" + bomb) if chance.random() < 0.5 else (b"iCCP", b"p\0\0" + bomb)
        )
        body = b"".join(chunk)
        png = _file(Image.new("RGB", (8, 8)), "PNG")
        told = struct.pack(">I", len(chunk[1])) + body + struct.pack(">I", zlib.crc32(body))
        return png[:33] + told + png[33:]
    entry = struct.pack("<HHII", 0x8769, 4, 1, 8)  # an IFD whose sub-IFD is itself
    exif = (
        b"Exif\0\0II*\0"
        + struct.pack("<I", 8)
        + struct.pack("<H", 1)
        + entry
        + struct.pack("<I", 8)
    )
    marker = b"\xff\xe1" + struct.pack(">H", len(exif) + 2) + exif
    jpeg = _file(Image.new("RGB", (8, 8)), "JPEG")
    return jpeg[:2] + marker + jpeg[2:]


@cache
def _zeros_packed() -> bytes:
    return zlib.compress(bytes(30_000_000), 9)


WAYS: dict[str, Callable[[bytes, Chance, Sequence[bytes]], bytes]] = {
    "flipped": _flipped,
    "header flipped": _header_flipped,
    "cut": _cut,
    "spliced": _spliced,
    "repeated": _repeated,
    "blanked": _blanked,
    "lying header": _lying,
    "polyglot": _polyglot,
    "no picture": _no_picture,
    "odd sides": _odd_sides,
    "stuffed": _stuffed,
}


@cache
def _bomb(number: int) -> tuple[str, bytes]:
    """Few bytes, as many pixels as are let in, or a few more."""
    makers: tuple[tuple[str, Callable[[], bytes]], ...] = (
        ("png of 79 megapixels", lambda: _png_of(8888, 8888)),
        ("png of 200 megapixels", lambda: _png_of(14_142, 14_142)),
        ("jpeg of 79 megapixels", lambda: _file(Image.new("L", (8888, 8888)), "JPEG")),
        ("gif of 40 megapixels", lambda: _file(Image.new("P", (6324, 6324)), "GIF")),
        ("webp of 64 megapixels", lambda: _file(Image.new("RGB", (8000, 8000)), "WEBP", method=0)),
        ("tiff of 60 megapixels", lambda: _tiff_of(7746)),
    )
    kind, make = makers[number]
    return kind, make()


def _png_of(width: int, height: int) -> bytes:
    """Black, one bit a pixel would be cheap to decode: this has four bytes."""

    def chunk(name: bytes, body: bytes) -> bytes:
        return (
            struct.pack(">I", len(body)) + name + body + struct.pack(">I", zlib.crc32(name + body))
        )

    packer = zlib.compressobj(9)
    row = bytes(1 + 4 * width)
    packed = b"".join(packer.compress(row) for _ in range(height)) + packer.flush()
    head = struct.pack(">IIBBBBB", width, height, 8, 6, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + b"".join(
        chunk(name, body) for name, body in ((b"IHDR", head), (b"IDAT", packed), (b"IEND", b""))
    )


def _tiff_of(side: int) -> bytes:
    return _file(Image.new("L", (side, side)), "TIFF", compression="tiff_deflate")
