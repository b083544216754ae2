"""The sign on a shop's folder: which model's vectors lie in it.

Promise: the manifest is written last and read first. A folder with a manifest holds a whole shop; a
folder without one holds none, whatever else was left there by a process that was killed.
"""

import json
import os
from dataclasses import asdict, dataclass
from pathlib import Path

from index.errors import NoShop, ShopBroken
from vision.errors import WrongSpace
from vision.spec import EncoderSpec

MANIFEST_NAME = "manifest.json"
FORMAT = 1


@dataclass(frozen=True, slots=True)
class Manifest:
    """A shop's identity (drawn once, kept for ever) and the model that its vectors belong to."""

    format: int
    identity: str
    model: str
    version: str
    space: str
    dimension: int

    def require(self, spec: EncoderSpec) -> None:
        """Raise WrongSpace unless vectors of `spec` can be compared with the shop's."""
        if (self.space, self.dimension) != (spec.space, spec.dimension):
            raise WrongSpace(
                f"{spec.space} ({spec.dimension} dimensions)",
                f"{self.space} ({self.dimension} dimensions)",
            )


def read_manifest(folder: Path) -> Manifest:
    """The manifest of the shop in `folder`; raises NoShop without one, ShopBroken for a bad one."""
    try:
        text = (folder / MANIFEST_NAME).read_bytes()
    except (FileNotFoundError, NotADirectoryError) as absent:
        raise NoShop(str(folder)) from absent
    except OSError as unreadable:
        raise ShopBroken(str(folder), f"its manifest cannot be read ({unreadable})") from unreadable
    try:
        manifest = Manifest(**json.loads(text))
    except (ValueError, TypeError) as malformed:
        raise ShopBroken(str(folder), f"its manifest is malformed ({malformed})") from malformed
    if manifest.format != FORMAT:
        raise ShopBroken(
            str(folder), f"its format is {manifest.format}, this version of Vistazo reads {FORMAT}"
        )
    return manifest


def write_manifest(folder: Path, manifest: Manifest) -> None:
    """Write it whole or not at all, durably."""
    write_atomically(folder / MANIFEST_NAME, json.dumps(asdict(manifest), indent=2).encode())


def write_atomically(path: Path, content: bytes) -> None:
    """`content` at `path`, whole and on the disk when this returns; a reader sees old or new.

    Two writers of one path do not disturb each other: each writes a file of its own first.
    """
    make_folder(path.parent)
    part = path.with_name(f".{path.name}.{os.getpid()}.{os.urandom(4).hex()}.part")
    try:
        with part.open("wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        part.replace(path)
    finally:
        part.unlink(missing_ok=True)
    sync_folder(path.parent)


def make_folder(folder: Path) -> None:
    """Make `folder` and those above it that are missing, durably: a folder that only its own sync
    made durable can be lost with all that is in it."""
    missing = [one for one in (folder, *folder.parents) if not one.is_dir()]
    for one in reversed(missing):
        one.mkdir(exist_ok=True)
        sync_folder(one.parent)


def sync_folder(folder: Path) -> None:
    """Make the names in `folder` durable: a rename survives power loss only after this."""
    handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
