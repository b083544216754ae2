"""A picture's file becomes what the encoder takes, and what proves which picture it is."""

import hashlib
import os
import stat
from dataclasses import dataclass
from pathlib import Path

from index.manifest import write_atomically
from index.traits import Traits, traits_of
from vision.decode import Limits, decode
from vision.errors import NotAPicture, VisionError
from vision.photo import Pixels
from vision.preprocess import preprocess
from vision.spec import EncoderSpec

PICTURES_FOLDER = "pictures"
FRESH_NS = 2_000_000_000  # a file can change again within the clock tick of its last change
SUFFIXES = (
    (b"\xff\xd8\xff", 0, ".jpg"),
    (b"\x89PNG", 0, ".png"),
    (b"GIF8", 0, ".gif"),
    (b"BM", 0, ".bmp"),
    (b"II*\0", 0, ".tif"),
    (b"MM\0*", 0, ".tif"),
    (b"WEBP", 8, ".webp"),
    (b"ftypavif", 4, ".avif"),
    (b"ftyp", 4, ".heic"),
)


@dataclass(frozen=True, slots=True)
class PictureFile:
    """The bytes of a picture, their SHA-256 (hex), and the file's stamp ("" if too fresh)."""

    data: bytes
    sha256: str
    stamp: str


def read_picture(path: Path, limits: Limits, now_ns: int) -> PictureFile:
    """Read a picture's file; raises NotAPicture (also if there is none), PictureTooLarge.

    Whatever is no plain file (a device, a pipe) is refused before it is opened.
    """
    try:
        facts = path.stat()
        if not stat.S_ISREG(facts.st_mode):
            raise NotAPicture(f"{path} is no plain file")
        limits.check_bytes(facts.st_size)
        with path.open("rb") as file:
            data = file.read(limits.max_bytes + 1)
    except VisionError:
        raise
    except FileNotFoundError as absent:
        raise NotAPicture(f"there is no file {path}") from absent
    except (OSError, ValueError) as unreadable:  # ValueError: a NUL in the path
        raise NotAPicture(f"{path} cannot be read ({unreadable})") from unreadable
    limits.check_bytes(len(data))
    return PictureFile(data, sha256_of(data), _stamp(facts, now_ns))


def find_stamp(path: str) -> str | None:
    """The stamp of the file as it lies there now, None if there is none."""
    try:
        return _stamp(os.stat(path), now_ns=None)  # noqa: PTH116 # pathlib doubles the time
    except (OSError, ValueError):
        return None


def see(data: bytes, spec: EncoderSpec, limits: Limits) -> Pixels:
    """What the encoder of `spec` takes of the picture; raises NotAPicture, PictureTooLarge."""
    return see_traits(data, spec, limits)[0]


def see_traits(data: bytes, spec: EncoderSpec, limits: Limits) -> tuple[Pixels, Traits]:
    """The same, and the picture's traits, which cost 0.1 ms once it is decoded."""
    photo = decode(data, box=None, side_px=spec.size_px, limits=limits)
    traits = traits_of(photo.pixels, photo.width_px, photo.height_px)
    return preprocess(photo, spec.size_px, spec.resize), traits


def digest_of(pixels: Pixels) -> str:
    """Equal digests prove equal pixels (BLAKE2b, 128 bits)."""
    return hashlib.blake2b(pixels.tobytes(), digest_size=16).hexdigest()


def sha256_of(data: bytes) -> str:
    """SHA-256 in hex."""
    return hashlib.sha256(data).hexdigest()


def keep_picture(shop: Path, data: bytes, sha256: str) -> str:
    """Keep uploaded bytes in the shop, durably, under their own hash; the path within the shop."""
    suffix = next((s for mark, at, s in SUFFIXES if data[at : at + len(mark)] == mark), ".bin")
    name = f"{PICTURES_FOLDER}/{sha256}{suffix}"
    if not (shop / name).is_file():
        write_atomically(shop / name, data)
    return name


def _stamp(facts: os.stat_result, now_ns: int | None) -> str:
    """Size and both times: the change time moves even when a tool puts the other one back."""
    if now_ns is not None and now_ns - max(facts.st_mtime_ns, facts.st_ctime_ns) < FRESH_NS:
        return ""
    return f"{facts.st_size}-{facts.st_mtime_ns}-{facts.st_ctime_ns}"
