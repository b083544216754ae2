"""Whether the files of a shop's folder are those that its rows speak of, no more and no fewer."""

import hashlib
import json
import sqlite3
import zlib
from collections.abc import Callable, Iterator
from pathlib import Path

from index.disposal import ABANDONED_AFTER_S, OWN_NAME, THUMBNAILS_FOLDER
from index.examine import PICTURES_FOLDER
from index.fault import Fault

CACHE_NOTE = "vectors.json"
JPEG_BEGINS, JPEG_ENDS = b"\xff\xd8", b"\xff\xd9"


def check_pictures(
    connection: sqlite3.Connection,
    folder: Path,
    *,
    read: bool,
    on_picture: Callable[[int], None] = lambda done: None,
) -> Iterator[Fault]:
    """Every picture that a product shows is there; with `read`, uploads are still what they were.

    A merchant's own files may change between two runs of `vistazo index`: only their absence is a
    fault.
    """
    rows = connection.execute(
        "SELECT pictures.id, sku, path, sha256 FROM pictures JOIN products "
        "ON products.id = product_id"
    )
    for done, (picture_id, sku, path, sha256) in enumerate(rows):
        if done % 1_000 == 0:
            on_picture(done)
        uploaded = not Path(path).is_absolute()
        file = folder / path
        if not file.is_file():
            code = "upload-missing" if uploaded else "picture-missing"
            yield Fault(code, f"{sku}: {path}", int(picture_id))
        elif uploaded and read and _sha256(file) != sha256:
            yield Fault("upload-damaged", f"{sku}: {path}", int(picture_id))


def check_leftovers(connection: sqlite3.Connection, folder: Path, now_s: float) -> Iterator[Fault]:
    """Files that nobody needs, older than any that waits for its row; `now_s` since 1970."""
    needed = {row[0] for row in connection.execute("SELECT sha256 FROM pictures")}
    for path in _files(folder):
        if _age_s(path, now_s) < ABANDONED_AFTER_S:
            continue
        named = OWN_NAME.match(path.name)
        within = str(path.relative_to(folder))
        if path.name.endswith(".part"):
            yield Fault("half-written", within, str(path))
        elif named is not None and named[1] not in needed:
            yield Fault("needless-file", within, str(path))
        elif within.startswith(THUMBNAILS_FOLDER) and not _is_whole_jpeg(path):
            yield Fault("thumbnail-damaged", within, str(path))
    for (sha256,) in connection.execute("SELECT sha256 FROM doomed"):
        files = list((folder / PICTURES_FOLDER).glob(f"{sha256}.*"))
        if files and sha256 not in needed:
            yield Fault("not-yet-gone", sha256, sha256)


def check_cache(folder: Path) -> Iterator[Fault]:
    """The cache of vectors is the file that its note speaks of; a shop without one is well."""
    note = folder / CACHE_NOTE
    try:
        said = json.loads(note.read_bytes())
        size_bytes, crc32, name = said["size_bytes"], said["crc32"], Path(said["file"]).name
    except FileNotFoundError:
        return
    except (OSError, ValueError, KeyError, TypeError) as malformed:
        yield Fault("cache-damaged", f"{CACHE_NOTE}: {malformed}", str(note))
        return
    try:
        found = _size_and_crc32(folder / name)
    except OSError as absent:
        if note.read_bytes() == json.dumps(said).encode():  # else another process saved meanwhile
            yield Fault("cache-damaged", f"{name}: {absent.strerror}", str(note))
        return
    if found != (size_bytes, crc32):
        yield Fault("cache-damaged", f"{name} is not the file that was saved", str(note))


def _files(folder: Path) -> Iterator[Path]:
    yield from folder.glob(".*.part")
    yield from (folder / PICTURES_FOLDER).glob("*")
    yield from (folder / THUMBNAILS_FOLDER).glob("*/*")


def _sha256(path: Path) -> str:
    try:
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except OSError:
        return ""


def _is_whole_jpeg(path: Path) -> bool:
    try:
        with path.open("rb") as file:
            begins = file.read(2)
            file.seek(-2, 2)
            return begins == JPEG_BEGINS and file.read(2) == JPEG_ENDS
    except OSError:
        return False


def _age_s(path: Path, now_s: float) -> float:
    try:
        return now_s - path.stat().st_mtime
    except OSError:
        return 0.0


def _size_and_crc32(path: Path) -> tuple[int, int]:
    size, crc = 0, 0
    with path.open("rb") as file:
        while block := file.read(1 << 20):
            size, crc = size + len(block), zlib.crc32(block, crc)
    return size, crc
